"""What few people change: it arrives with the job, is kept with the draft, and is told on the page where it is wrong."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.http.room import Room, furnished
from tests.http.test_webhooks import SECRET
from tests.instruments.tones import recording
from voicecore.testing.shifter import shifter_file

from .browser import Visit, visiting

WEBHOOK = "https://voicecore.invalid/told"


def unfold(here: Visit, title: str = "Advanced") -> None:
    """Open what is folded away, if it is not open already."""
    fold = here.page.locator("details", has=here.page.locator("summary", has_text=re.compile(f"^{title}$")))
    if fold.get_attribute("open") is None:
        fold.locator("summary").click()


def written(here: Visit, text: str) -> None:
    here.go("speak")
    here.settled()
    here.page.get_by_label("Text", exact=True).fill(text)
    unfold(here)


def model(room: Room, name: str) -> None:
    files = {"pth_file": ("n.pth", shifter_file(), "application/octet-stream")}
    assert room.client.post("/rvc-models", data={"name": name}, files=files).status_code == 201


@pytest.fixture
def told(tmp_path):
    """A service that sends webhooks."""
    with furnished(tmp_path, webhook_secret=SECRET) as made:
        yield made


def test_format_turn_and_webhook_arrive_in_the_job_and_stay_in_the_draft(browser, told: Room):
    with visiting(browser, told.url) as here:
        written(here, "Advanced fields.")
        here.page.get_by_label("Keep it as", exact=True).select_option("mp3")
        here.page.get_by_label("Turn in the queue", exact=True).select_option("low")
        here.page.get_by_label("Tell this address", exact=True).fill(WEBHOOK)
        here.button(re.compile("^Speak")).click()
        expect(here.page.locator(".status")).to_contain_text("all of it after")
        job = told.client.get("/jobs").json()["jobs"][0]
        assert (job["output_format"], job["priority"], job["webhook_url"]) == ("mp3", "low", WEBHOOK)
        here.page.reload()
        here.settled()
        expect(here.page.get_by_label("Tell this address", exact=True)).to_have_value(WEBHOOK)
        expect(here.page.get_by_label("Turn in the queue", exact=True)).to_have_value("low")


def test_what_was_not_changed_is_not_sent(visit):
    here = visit()
    written(here, "Nothing special.")
    with here.page.expect_request("**/jobs/stream*") as asked:
        here.button(re.compile("^Speak")).click()
    assert asked.value.post_data_json.keys() == {"mode", "text", "source_language", "voice_preset"}
    expect(here.page.locator(".status")).to_contain_text("all of it after")


def test_an_address_that_is_none_is_told_before_anything_is_sent(visit, room: Room):
    here = visit(locale="pt-BR")
    before = room.client.get("/jobs").json()["total"]
    here.go("speak")
    here.settled()
    here.page.get_by_label("Texto", exact=True).fill("Bom dia.")
    unfold(here, "Avançado")
    speak = here.button(re.compile("^Falar"))
    expect(speak).to_be_enabled()
    here.page.get_by_label("Avisar este endereço", exact=True).fill("minha casa")
    expect(here.page.get_by_role("alert").filter(has_text="Não é um endereço que possa ser avisado")).to_be_visible()
    expect(speak).to_be_disabled()
    here.page.get_by_label("Texto", exact=True).press("Control+Enter")
    here.page.get_by_label("Avisar este endereço", exact=True).fill("")
    expect(speak).to_be_enabled()
    assert room.client.get("/jobs").json()["total"] == before


def test_to_fail_rather_than_keep_the_plain_voice_is_asked_only_with_a_model(visit, room: Room):
    model(room, "For the strict")
    here = visit()
    written(here, "Convert me or fail.")
    strict = here.page.get_by_label("Fail where it cannot be converted", exact=True)
    expect(strict).to_have_count(0)
    unfold(here, r"Voice conversion \(RVC\)")
    here.page.get_by_text("Convert what is spoken").click()
    strict.check()
    here.button(re.compile("^Speak")).click()
    expect(here.page.locator(".status")).to_contain_text("The voice was converted.")
    assert room.client.get("/jobs").json()["jobs"][0]["rvc"]["required"] is True


def test_a_conversion_has_its_format_its_turn_and_its_seed(visit, room: Room):
    model(room, "For recordings")
    here = visit()
    here.go("convert")
    here.settled()
    said = {"name": "said.wav", "mimeType": "audio/wav", "buffer": recording()}
    here.page.locator(".drop input").first.set_input_files([said])
    unfold(here)
    here.page.get_by_label("Keep it as", exact=True).select_option("flac")
    here.page.get_by_label("Turn in the queue", exact=True).select_option("high")
    seed = here.page.get_by_label("Seed", exact=True)
    seed.fill("7")
    seed.press("Tab")
    webhook = here.page.get_by_label("Tell this address", exact=True)
    webhook.fill("nowhere")
    convert = here.button("Convert").last
    expect(convert).to_be_disabled()
    webhook.fill("")
    convert.click()
    expect(here.page.get_by_role("region", name="Before and after")).to_be_visible()
    job = room.client.get("/jobs").json()["jobs"][0]
    assert (job["mode"], job["output_format"], job["priority"], job["seed"]) == ("convert", "flac", "high", 7)
