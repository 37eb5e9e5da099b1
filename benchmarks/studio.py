"""How soon the studio is there and answers: Chromium on this machine, as it is and with its processor slowed to a quarter.

First paint and largest paint are the browser's own figures. "Usable" is when the text can be typed into; a key is the longest of
twenty presses, from the event to the next frame; the first sound is from the click on Speak to when the loudspeaker gets the first
sample, with the tone engine, whose own part is a few milliseconds. Medians of several visits, each with an empty cache.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from server import PATIENCE_S, running_service
from studio_list import PAGE, listed, rows
from tables import Row, median, spread

sys.path.append(str(Path(__file__).parents[1]))
from tests.instruments.many_jobs import ONE_FAILED_IN, fill
from tests.studio.browser import launched

SCREENS = ("speak", "voices", "convert", "jobs", "profiles", "system")
_SLOWED = 4
_WATCH = """
localStorage.setItem('voicecore.tour', 'seen');
window.__seen = {};
new PerformanceObserver(list => { for (const each of list.getEntries()) window.__seen.largest = each.startTime; })
    .observe({type: 'largest-contentful-paint', buffered: true});
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (when = 0, ...rest) {
    const ahead = Math.max(0, when - this.context.currentTime) + (this.context.outputLatency || 0);
    window.__seen.sound ??= performance.now() + 1000 * ahead;
    return start.call(this, when, ...rest);
};
"""
_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
_KEYS = """async () => { const place = document.getElementById('text'); let most = 0;
for (let at = 0; at < 20; at += 1) {
    const began = performance.now();
    place.value += 'palavra '; place.dispatchEvent(new Event('input', {bubbles: true}));
    await new Promise(requestAnimationFrame); await new Promise(done => setTimeout(done));
    most = Math.max(most, performance.now() - began);
} return most; }"""
_SPEAK = """async () => { const began = performance.now(); document.querySelector('.transport .primary').click();
while (window.__seen.sound === undefined) await new Promise(done => setTimeout(done, 1));
return window.__seen.sound - began; }"""
_FELT = (
    "first paint",
    "largest paint",
    "usable",
    "a key, the longest of twenty",
    "from Speak to the first sound",
)


def _visitor(browser: Browser) -> Page:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="pt-BR")
    context.set_default_timeout(1000 * PATIENCE_S)
    context.add_init_script(_WATCH)
    return context.new_page()


def visited(browser: Browser, url: str, slowed: int) -> dict[str, float]:
    """One visit's figures, in milliseconds."""
    page = _visitor(browser)
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slowed})
    page.goto(url)
    page.locator("#text").wait_for()
    found: dict[str, float] = {"first paint": page.evaluate(_PAINT), "usable": page.evaluate("() => performance.now()")}
    page.locator(".card.voice").first.wait_for()
    found["largest paint"] = page.evaluate("() => window.__seen.largest ?? 0")
    found["a key, the longest of twenty"] = page.evaluate(_KEYS)
    page.locator(".transport .primary:enabled").wait_for()
    found["from Speak to the first sound"] = page.evaluate(_SPEAK)
    page.context.close()
    return found


def weights(browser: Browser, url: str) -> tuple[float, float]:
    """Kilobytes of the page as they are sent, compressed: of its first screen, and of all screens."""
    page = _visitor(browser)
    sizes: dict[str, int] = {}
    page.on("response", lambda answer: sizes.update({answer.url: int(answer.headers.get("content-length", 0))}))

    def sent() -> float:
        return sum(size for at, size in sizes.items() if "/studio/" in at or at.rstrip("/") == url) / 1000

    page.goto(url)
    page.locator("#text").wait_for()
    first = sent()
    for screen in SCREENS:
        page.goto(f"{url}/#/{screen}")
        page.locator("main h1").wait_for()
        page.locator(".loading").first.wait_for(state="detached")
    page.context.close()
    return first, sent()


def _felt(browser: Browser, url: str, visits: int) -> list[Row]:
    first, all_screens = weights(browser, url)
    made = [
        Row("page, its first screen, compressed", first, "kB"),
        Row("page, all screens, compressed", all_screens, "kB", limit="<= 250 kB"),
    ]
    plain, slow = ([visited(browser, url, slowed) for _ in range(visits)] for slowed in (1, _SLOWED))
    for what in _FELT:
        taken, beside = ([visit[what] for visit in side] for side in (plain, slow))
        made.append(Row(what, median(taken), "ms", spread=spread(taken)))
        made.append(Row(f"{what}, processor slowed to a quarter", median(beside), "ms", spread=spread(beside)))
    return made


def run(*, smoke: bool) -> list[Row]:
    few, many, deep, visits = (2 * PAGE, 1_000, 5, 1) if smoke else (2 * PAGE, 100_000, 50, 9)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright, launched(playwright) as browser:

        def look(count: int) -> tuple[Mapping[str, list[float]], int]:
            folder = Path(name, str(count))
            # As many rows are shown on either side.
            fill(folder, count, one_failed_in=2 if count == few else min(ONE_FAILED_IN, count // (2 * PAGE)))
            with running_service(folder, VOICECORE_LIMIT_REQUESTS_PER_MINUTE="0") as url:
                at = deep if count == many else 2
                return listed(browser, url, at, visits), at

        with running_service(Path(name, "none"), VOICECORE_LIMIT_REQUESTS_PER_MINUTE="0") as url:
            made = _felt(browser, url, visits)
        return [*made, *rows(look, few, many)]
