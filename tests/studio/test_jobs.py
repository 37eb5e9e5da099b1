"""Jobs: they come and change by themselves, are found, played, done again, called off and deleted."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.http.room import Room, eventually, furnished
from tests.http.server_process import serving

from .browser import visiting


@pytest.fixture
def own(tmp_path):
    with furnished(tmp_path) as made:
        yield made


def test_a_job_of_another_client_appears_runs_and_ends_before_ones_eyes(browser: Browser, own: Room):
    with visiting(browser, own.url) as here:
        here.go("jobs")
        expect(here.page.get_by_text("There are no jobs")).to_be_visible()
        expect(here.page.get_by_text("Live", exact=True)).to_be_visible()
        own.gate.opened.clear()
        own.submit(text="Um trabalho de outra pessoa.")
        row = here.page.locator(".job", has_text="Um trabalho de outra pessoa.")
        expect(row).to_contain_text(re.compile("waiting|running"))
        own.gate.opened.set()
        expect(row).to_contain_text("done")
        row.get_by_role("button", name=re.compile("^Play")).first.click()
        row.locator(".sound-row").get_by_role("button", name=re.compile("^Play")).click()
        expect(row.locator(".time")).to_have_text(re.compile(r"/ 0:0[1-9]$"))


def test_a_job_is_called_off_done_again_and_deleted(browser: Browser, own: Room):
    with visiting(browser, own.url, unhurried=True) as here:
        own.gate.opened.clear()
        job = own.submit(text="Chame de volta.")["id"]
        here.go("jobs")
        row = here.page.locator(".job", has_text="Chame de volta.")
        row.get_by_role("button", name=re.compile("^Cancel")).click()
        expect(row).to_contain_text("cancelled")
        own.gate.opened.set()
        row.get_by_role("button", name=re.compile("^Do it again")).click()
        expect(here.page.locator(".job", has_text="Chame de volta.")).to_have_count(2)
        expect(here.page.locator(".job", has_text="done")).to_have_count(1)
        here.page.locator(".job", has_text="cancelled").get_by_role("button", name=re.compile("^Delete")).click()
        here.page.locator(".toast", has_text="deleted").get_by_role("button", name="Close").click()
        expect(here.page.locator(".job")).to_have_count(1)
        eventually(lambda: own.client.get(f"/jobs/{job}").status_code in (404, 410), "its end")


def test_details_show_the_segments_and_their_times_and_the_address_leads_back_to_them(browser: Browser, own: Room):
    job = own.spoken(text="Primeira frase. Segunda frase.")
    with visiting(browser, own.url) as here:
        here.go("jobs")
        here.page.locator(".job-name").click()
        table = here.page.get_by_role("region", name="Segments")
        expect(table.locator("tbody tr")).to_have_count(2)
        expect(table).to_contain_text("Segunda frase.")
        assert here.page.url.endswith(job["id"])
        here.page.reload()
        expect(here.page.get_by_role("region", name="Segments")).to_be_visible()
        here.button("Open in Speak").click()
        expect(here.page.get_by_label("Text", exact=True)).to_have_value("Primeira frase. Segunda frase.")


def test_pages_filters_and_search_find_one_among_many(browser: Browser, own: Room):
    own.gate.opened.clear()
    for index in range(120):
        own.submit(text=f"Trabalho número {index}.")
    with visiting(browser, own.url) as here:
        here.go("jobs")
        expect(here.page.locator(".job")).to_have_count(50)
        expect(here.page.locator(".filters-state")).to_contain_text("120 jobs")
        here.button("Older").click()
        expect(here.page.locator(".job").first).to_contain_text("Trabalho número 69.")
        here.button("Older").click()
        expect(here.page.locator(".job")).to_have_count(20)
        here.button("Newer").click()
        here.page.get_by_label("Find").fill("numero 119")  # on another page than this one
        expect(here.page.locator(".job")).to_have_count(1)
        expect(here.page.locator(".job")).to_contain_text("Trabalho número 119.")
        own.submit(text="Um novo sem o que se busca.")
        own.submit(text="O outro número 119, novo.")
        expect(here.page.locator(".job")).to_have_count(2)
        here.page.get_by_label("Find").fill("ninguém disse isto")
        expect(here.page.get_by_text("No job fits.")).to_be_visible()
        here.page.get_by_label("Find").fill("")
        expect(here.page.locator(".job")).to_have_count(50)
        here.page.get_by_label("State").select_option("completed")
        expect(here.page.get_by_text("There are no jobs")).to_be_visible()


def test_a_search_goes_through_many_jobs_and_shows_how_far_it_is(browser: Browser, own: Room, monkeypatch):
    from voicecore.usecases import find_jobs

    monkeypatch.setattr(find_jobs, "LOOKED_AT", 20)
    own.gate.opened.clear()
    for index in range(70):
        own.submit(text=f"Trabalho número {index:03}.")
    with visiting(browser, own.url) as here:
        asked = []
        here.page.on("request", lambda request: asked.append(request.url) if "search=" in request.url else None)
        here.go("jobs")
        expect(here.page.locator(".job")).to_have_count(50)
        here.page.get_by_label("Find").fill("número 003.")
        expect(here.page.locator(".job")).to_have_count(1)
        expect(here.page.locator(".job")).to_contain_text("número 003.")
        expect(here.page.locator(".filters-state")).not_to_contain_text("looked at")
        assert len(set(asked)) == 4
        here.page.get_by_label("Find").fill("trabalho")
        expect(here.page.locator(".job")).to_have_count(50)
        here.button("Older").click()
        expect(here.page.locator(".job")).to_have_count(20)
        expect(here.page.locator(".job").last).to_contain_text("número 000.")


def test_news_go_on_after_the_service_was_started_anew(browser: Browser, tmp_path):
    import httpx

    from tests.instruments.free_port import free_port

    port = free_port()
    body = {"mode": "dubbing", "text": "Antes.", "source_language": "pt-BR"}
    with serving(tmp_path, port=port) as first:
        url = f"http://127.0.0.1:{port}"
        with visiting(browser, url, strict=False) as here:
            here.go("jobs")
            httpx.post(f"{url}/jobs", json=body).raise_for_status()
            expect(here.page.locator(".job", has_text="Antes.")).to_contain_text("done")
            first.popen.kill()
            first.popen.wait()
            expect(here.page.get_by_text("Not live")).to_be_visible()
            with serving(tmp_path, port=port):
                expect(here.page.get_by_text("Live", exact=True)).to_be_visible()
                expect(here.page.get_by_text("cannot be reached")).to_have_count(0)
                httpx.post(f"{url}/jobs", json={**body, "text": "Depois."}).raise_for_status()
                expect(here.page.locator(".job", has_text="Depois.")).to_contain_text("done")
                expect(here.page.locator(".job", has_text="Antes.")).to_have_count(1)
