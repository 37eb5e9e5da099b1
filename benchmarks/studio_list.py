"""The studio's list of jobs with few and with very many stored ones, in a browser: from the click to the rows that are laid out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page
from server import PATIENCE_S
from tables import Row, median, spread

#: As many as the studio shows at a time.
PAGE = 50
#: Give the milliseconds until the list's first row says something else than before.
_CHANGED = """
    const list = () => document.querySelector('.job .job-name')?.textContent;
    const before = list(), began = performance.now();
    const changed = new Promise(done => {
        const watch = new MutationObserver(() => { if (list() !== undefined && list() !== before) { watch.disconnect(); done(); } });
        watch.observe(document.getElementById('content') ?? document.body, {subtree: true, childList: true, characterData: true});
    });
    const late = new Promise((_, refuse) => setTimeout(() => refuse(new Error('the list stayed as it was')), 300_000));
    act(); await Promise.race([changed, late]);
    document.querySelector('.job').getBoundingClientRect();
    return performance.now() - began; """
_TURN = (
    "async older => { const act = () => [...document.querySelectorAll('.pages button')].at(older ? -1 : 0).click();"
    + _CHANGED
    + "}"
)
_FILTER = (
    """async status => { const act = () => {
    const choice = document.querySelector('.filters select'); choice.value = status;
    choice.dispatchEvent(new Event('input', {bubbles: true})); choice.dispatchEvent(new Event('change', {bubbles: true})); };"""
    + _CHANGED
    + "}"
)
#: Milliseconds from the page's beginning.
_FIRST = """
addEventListener('DOMContentLoaded', () => {
    const look = () => {
        if (window.__listed || !document.querySelector('.job')) return;
        document.querySelector('.job').getBoundingClientRect();
        window.__listed = performance.now();
    };
    new MutationObserver(look).observe(document.documentElement, {subtree: true, childList: true});
    look();
});
"""


@dataclass(slots=True)
class Times:
    """Milliseconds of each kind of change, by its name."""

    of: dict[str, list[float]] = field(default_factory=dict)

    def add(self, what: str, milliseconds: float) -> None:
        self.of.setdefault(what, []).append(milliseconds)


def _opened(browser: Browser, url: str, times: Times) -> Page:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    context.add_init_script("localStorage.setItem('voicecore.tour', 'seen');" + _FIRST)
    context.set_default_timeout(1000 * PATIENCE_S)
    page = context.new_page()
    page.goto(f"{url}/#/jobs")
    page.wait_for_function("() => window.__listed")
    times.add("opened, first page", page.evaluate("() => window.__listed"))
    # News begin with the list read once more, which is not what is measured.
    page.locator(".filters-state .good").wait_for()
    return page


def listed(browser: Browser, url: str, deep: int, runs: int) -> Mapping[str, list[float]]:
    """Times of one service's list: opened, turned to page `deep` and back, filtered by a state."""
    times = Times()
    for _ in range(runs):
        _opened(browser, url, times).context.close()
    page = _opened(browser, url, times)
    for _ in range(2, deep):
        page.evaluate(_TURN, True)
    for _ in range(runs):
        times.add("a deep page", page.evaluate(_TURN, True))
        page.evaluate(_TURN, False)
    for _ in range(runs):
        times.add("filtered by state", page.evaluate(_FILTER, "failed"))
        page.evaluate(_FILTER, "")
    page.context.close()
    return times.of


def rows(look: Callable[[int], tuple[Mapping[str, list[float]], int]], few: int, many: int) -> Iterator[Row]:
    """`look` gives the times of a list of so many jobs, and the number of its deep page."""
    few_ms, _ = look(few)
    many_ms, deep = look(many)
    for what, taken in many_ms.items():
        said = f"page {deep}" if what == "a deep page" else what
        yield Row(f"list of {many} jobs: {said}", median(taken), "ms", median(few_ms[what]), f"of {few} jobs", "ratio <= 2",
                  spread(taken))  # fmt: skip
