"""A real browser on the studio: Debian's Chromium, driven by Playwright, against a real server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, Page, Playwright, expect

#: Under which names distributions have it.
NAMES = ("chromium", "chromium-browser", "google-chrome")
#: A test waits so long for what takes a fraction of it. On a busy machine it takes long; only a defect takes all of it.
PATIENCE_MS = 60_000

#: Remembers whatever is played, beside playing it, and what buttons of sounds said: it may be over before a test looks.
_CAPTURE = """
(() => {
  const said = window.__said = new Set();
  const note = each => said.add(each.target.getAttribute('aria-label'));
  new MutationObserver(changes => changes.forEach(note)).observe(document, { subtree: true, attributeFilter: ['aria-label'] });
  const starts = [];
  window.__heard = starts;
  const start = AudioBufferSourceNode.prototype.start;
  AudioBufferSourceNode.prototype.start = function (when = 0, ...rest) {
    starts.push({ when, rate: this.buffer.sampleRate, samples: Array.from(this.buffer.getChannelData(0)) });
    return start.call(this, when, ...rest);
  };
})();
"""

#: Messages that go away after some seconds stay until they are closed: the seconds of a busy machine are not a reader's.
#: No other timer of the page has these times, but for pauses after connections that were lost again and again.
_UNHURRIED = """
(() => {
  const real = window.setTimeout;
  window.setTimeout = (act, ms, ...rest) => real(act, [5000, 8000, 10000].includes(ms) ? 3_600_000 : ms, ...rest);
})();
"""


def executable() -> str:
    """Where the browser is."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    assert found, "These tests need Chromium: apt-get install chromium"
    return found


@contextmanager
def launched(playwright: Playwright, *more: str) -> Iterator[Browser]:
    """The browser; `more` are switches."""
    switches = ["--autoplay-policy=no-user-gesture-required", "--mute-audio", *more]
    browser = playwright.chromium.launch(executable_path=executable(), args=switches, timeout=2 * PATIENCE_MS)
    try:
        yield browser
    finally:
        browser.close()


@dataclass(slots=True)
class Visit:
    """A page of the studio, and what went wrong in it."""

    page: Page
    url: str
    name: str = ""
    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def go(self, screen: str) -> None:
        """Open a screen, as a click on its link does."""
        self.page.goto(f"{self.url}/#/{screen}")
        expect(self.page.locator("main h1")).to_be_visible(timeout=PATIENCE_MS)

    def button(self, name: Any) -> Locator:
        """A button by what it says."""
        return self.page.get_by_role("button", name=name)

    def settled(self) -> None:
        """Wait until nothing is loaded any more."""
        expect(self.page.locator(".loading")).to_have_count(0, timeout=PATIENCE_MS)

    def said(self, label: str) -> None:
        """Wait until a control has been called so, though it may be called otherwise by now."""
        self.page.wait_for_function("label => window.__said.has(label)", arg=label)

    def sounding(self) -> None:
        """Wait until something was given to the loudspeaker."""
        self.page.wait_for_function("() => window.__heard.length > 0")

    def heard(self) -> list[dict[str, Any]]:
        """What was given to the loudspeaker: when, at which rate, which samples."""
        return self.page.evaluate("() => window.__heard")


@contextmanager
def visiting(
    browser: Browser, url: str, *, locale: str = "en-US", scheme: str = "light", width: int = 1440, height: int = 900,
    tour: bool = False, strict: bool = True, unhurried: bool = False, **context: Any,
) -> Iterator[Visit]:  # fmt: skip
    """Visit the studio as somebody of that language, with that screen.

    Args:
        tour: whether the visitor is new, so that the tour begins.
        strict: whether an error in the browser's console fails the test.
        unhurried: whether messages stay until they are closed, rather than some seconds.
    """
    # Without motion: what is looked at in the midst of a transition has colours that it has at no other time.
    made = browser.new_context(
        viewport={"width": width, "height": height}, locale=locale, color_scheme=scheme, reduced_motion="reduce", **context
    )  # fmt: skip
    try:
        if not tour:
            made.add_init_script("try { localStorage.setItem('voicecore.tour', 'seen') } catch {}")
        made.add_init_script(_CAPTURE)
        if unhurried:
            made.add_init_script(_UNHURRIED)
        page = made.new_page()
        page.set_default_timeout(PATIENCE_MS)
        visit = Visit(page, url)
        page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        page.on("console", lambda said: visit.complaints.append(said.text) if said.type == "error" else None)
        page.on("request", lambda asked: visit.elsewhere.append(asked.url) if _foreign(asked.url, url) else None)
        yield visit
        assert visit.elsewhere == [], ("the page asks nobody but its own service", visit.elsewhere)
        if strict:
            assert visit.complaints == [], visit.complaints
    finally:
        made.close()


def _foreign(address: str, url: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != urlsplit(url).netloc
