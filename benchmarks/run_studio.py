"""How soon the studio is there and answers: Chromium on this machine, as it is and with its processor slowed to a quarter.

First paint and largest paint are the browser's own figures. `usable` is when the text can be typed into; `key` is the longest of
twenty key presses from the event to the next frame, `sound` is from the click on Speak to the first sample given to the
loudspeaker, with the tone engine, whose own part is a few milliseconds. Medians of several visits, each with an empty cache.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.http.room import furnished
from tests.studio.browser import launched

_WATCH = """
localStorage.setItem('voicecore.tour', 'seen');
window.__seen = {};
new PerformanceObserver(list => { for (const each of list.getEntries()) window.__seen.largest = each.startTime; })
    .observe({type: 'largest-contentful-paint', buffered: true});
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (...rest) {
    window.__seen.sound ??= performance.now();
    return start.apply(this, rest);
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


def visited(browser: Browser, url: str, slowed: int) -> dict[str, float]:
    """One visit's figures, in milliseconds and kilobytes."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="pt-BR")
    context.add_init_script(_WATCH)
    page = context.new_page()
    sizes: list[int] = []
    page.on("response", lambda answer: sizes.append(int(answer.headers.get("content-length", 0))))
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slowed})
    page.goto(url)
    page.locator("#text").wait_for()
    found: dict[str, float] = {"usable": page.evaluate("() => performance.now()"), "first paint": page.evaluate(_PAINT)}
    page.locator(".card.voice").first.wait_for()
    found["largest paint"] = page.evaluate("() => window.__seen.largest ?? 0")
    found["key"] = page.evaluate(_KEYS)
    page.locator(".transport .primary:enabled").wait_for()
    found["sound"] = page.evaluate(_SPEAK)
    found["kB"] = sum(sizes) / 1000
    context.close()
    return found


def table(browser: Browser, url: str, visits: int) -> list[dict[str, Any]]:
    """A row for each speed of the processor."""
    rows = []
    for slowed in (1, 4):
        seen = [visited(browser, url, slowed) for _ in range(visits)]
        rows.append({"slowed": slowed, **{name: statistics.median(each[name] for each in seen) for name in seen[0]}})
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=9)
    parser.add_argument("--smoke", action="store_true", help="one visit; the figures mean nothing")
    wishes = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder, furnished(Path(folder)) as room, sync_playwright() as playwright,
        launched(playwright) as browser,
    ):  # fmt: skip
        rows = table(browser, room.url, 1 if wishes.smoke else wishes.visits)
    names = list(rows[0])
    print("| " + " | ".join(names) + " |\n|" + "---|" * len(names))
    for row in rows:
        print("| " + " | ".join(f"{row[name]:.0f}" for name in names) + " |")


if __name__ == "__main__":
    main()
