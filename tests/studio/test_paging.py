"""A list of a hundred thousand jobs: what a page costs does not grow with how deep it lies, nor with what happens meanwhile.

Rows, nodes and requests are counted, and nothing is timed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.http.room import Room, furnished
from tests.instruments.many_jobs import ONE_FAILED_IN, fill, text_of

from .browser import Visit, visiting

MANY = 100_000
PAGE = 50
DEEP = 25


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A service that has a hundred thousand jobs. What a test adds is cancelled and stays, so tests count from the newest."""
    folder = tmp_path_factory.mktemp("crowded")
    fill(folder, MANY)
    with furnished(folder) as made:
        yield made


@pytest.fixture
def own(tmp_path) -> Iterator[Room]:
    """A service of the test's own, with some hundred jobs that have ended."""
    fill(tmp_path, 300)
    with furnished(tmp_path) as made:
        yield made


@contextmanager
def lists_asked(page: Page) -> Iterator[list[str]]:
    """The cursors of the lists of jobs that are asked for meanwhile; "" of a first page."""
    asked: list[str] = []

    def note(request) -> None:
        parts = urlsplit(request.url)
        if parts.path == "/jobs" and request.method == "GET":
            asked.append("".join(parse_qs(parts.query).get("cursor", [])))

    page.on("request", note)
    yield asked
    page.remove_listener("request", note)


def at_page(here: Visit, number: int, newest: int) -> None:
    """Wait until page `number` is there, which begins with job `newest`."""
    expect(here.page.get_by_role("navigation", name=f"Page {number}", exact=True)).to_be_visible()
    expect(here.page.locator(".job").first).to_contain_text(text_of(newest))


def kept_nodes(page: Page) -> int:
    """Nodes of the page that are alive, those that are shown nowhere any more too."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    nodes: int = session.send("Memory.getDOMCounters")["nodes"]
    session.detach()
    return nodes


def test_a_deep_page_costs_what_the_first_one_costs(browser: Browser, crowded: Room):
    with visiting(browser, crowded.url) as here:
        here.go("jobs")
        expect(here.page.locator(".filters-state")).to_contain_text(re.compile("100.000 jobs"))
        expect(here.page.get_by_text("Live", exact=True)).to_be_visible()
        at_page(here, 1, MANY - 1)
        shown = here.page.evaluate("() => document.querySelectorAll('*').length")
        alive = 0
        with lists_asked(here.page) as asked:
            for number in range(2, DEEP + 1):
                here.button("Older").click()
                at_page(here, number, MANY - 1 - PAGE * (number - 1))
                if number == 3:
                    alive = kept_nodes(here.page)
            assert len(asked) == len(set(asked)) == DEEP - 1, "one request a page, and none twice"
        expect(here.page.locator(".job")).to_have_count(PAGE)
        assert here.page.evaluate("() => document.querySelectorAll('*').length") < 1.2 * shown
        assert kept_nodes(here.page) < 3 * alive, "what was shown before is given back"
        with lists_asked(here.page) as asked:
            for number in reversed(range(1, DEEP)):
                here.button("Newer").click()
                at_page(here, number, MANY - 1 - PAGE * (number - 1))
            assert len(asked) == DEEP - 1
        assert here.button("Newer").is_disabled()


def test_a_filter_leads_to_its_own_pages_and_back_to_the_first_of_all(browser: Browser, crowded: Room):
    failed = MANY // ONE_FAILED_IN
    with visiting(browser, crowded.url) as here:
        here.go("jobs")
        at_page(here, 1, MANY - 1)
        here.button("Older").click()
        at_page(here, 2, MANY - 1 - PAGE)
        with lists_asked(here.page) as asked:
            here.page.get_by_label("State").select_option("failed")
            at_page(here, 1, ONE_FAILED_IN * (failed - 1))
            expect(here.page.locator(".filters-state")).to_contain_text(f"{failed} jobs")
            for number in range(2, failed // PAGE + 1):
                here.button("Older").click()
                at_page(here, number, ONE_FAILED_IN * (failed - 1 - PAGE * (number - 1)))
            expect(here.page.locator(".job", has_text="failed")).to_have_count(PAGE)
            expect(here.button("Older")).to_be_disabled()
            here.page.get_by_label("State").select_option("")
            at_page(here, 1, MANY - 1)
            assert len(asked) == failed // PAGE + 1


def test_news_neither_lengthen_a_page_nor_fetch_it_anew(browser: Browser, own: Room):
    own.gate.opened.clear()
    with visiting(browser, own.url) as here:
        here.go("jobs")
        at_page(here, 1, 299)
        expect(here.page.get_by_text("Live", exact=True)).to_be_visible()
        with lists_asked(here.page) as asked:
            for number in range(30):
                own.submit(text=f"De agora {number:02}.")
            expect(here.page.locator(".filters-state")).to_contain_text("330 jobs")
            expect(here.page.locator(".job").first).to_contain_text("De agora 29.")
            expect(here.page.locator(".job", has_text="De agora")).to_have_count(30)
            expect(here.page.locator(".job")).to_have_count(PAGE)
            assert asked == []
            # What the news pushed off the first page is on the second, not between them.
            here.button("Older").click()
            at_page(here, 2, 299 - (PAGE - 30))
            assert len(asked) == 2
        with lists_asked(here.page) as asked:
            for number in range(20):
                own.submit(text=f"De depois {number:02}.")
            expect(here.button("20 new jobs above")).to_be_visible()
            expect(here.page.locator(".job")).to_have_count(PAGE)
            at_page(here, 2, 299 - (PAGE - 30))
            assert asked == []
            here.button("20 new jobs above").click()
            expect(here.page.locator(".job").first).to_contain_text("De depois 19.")
            expect(here.page.locator(".job", has_text="De depois")).to_have_count(20)
            assert asked == [""]


def test_a_job_that_was_deleted_elsewhere_brings_no_old_one_to_the_top(browser: Browser, own: Room):
    with visiting(browser, own.url) as here:
        here.go("jobs")
        at_page(here, 1, 299)
        expect(here.page.get_by_text("Live", exact=True)).to_be_visible()
        newest = own.client.get("/jobs", params={"limit": 1}).json()["jobs"][0]
        own.submit(text="Um sinal.")
        expect(here.page.locator(".job").first).to_contain_text("Um sinal.")
        # The service tells of its newest hundred, and so of one more of the old ones now.
        assert own.client.delete(f"/jobs/{newest['id']}").status_code < 300
        expect(here.page.locator(".filters-state")).to_contain_text("300 jobs")
        own.submit(text="Outro sinal.")
        expect(here.page.locator(".job").nth(0)).to_contain_text("Outro sinal.")
        expect(here.page.locator(".job").nth(1)).to_contain_text("Um sinal.")


def test_two_quick_clicks_skip_no_page(browser: Browser, own: Room):
    with visiting(browser, own.url) as here:
        here.go("jobs")
        at_page(here, 1, 299)
        here.page.evaluate(
            "() => { const all = [...document.querySelectorAll('.pages button')]; all.at(-1).click(); all.at(-1).click(); }"
        )
        at_page(here, 2, 299 - PAGE)
        here.button("Older").click()
        at_page(here, 3, 299 - 2 * PAGE)
