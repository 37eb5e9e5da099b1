"""Convert: a model comes in and is judged, a recording comes in and is heard before and after."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.http.room import Room, eventually
from tests.instruments.tones import recording
from voicecore.testing.shifter import shifter_file


def upload(here, name: str) -> None:
    panel = here.page.get_by_role("region", name="Models")
    details = panel.locator("details")
    if details.get_attribute("open") is None:
        details.locator("summary").click()
    model = {"name": f"{name}.pth", "mimeType": "application/octet-stream", "buffer": shifter_file()}
    panel.locator(".drop input").first.set_input_files([model])
    expect(panel.get_by_label("Name", exact=True)).to_have_value(name)
    here.button("Upload and check").click()
    expect(panel.get_by_text(f"{name} was taken in")).to_be_visible()


def test_a_model_is_taken_in_and_its_verdict_shown_and_a_recording_gets_its_voice(visit, room: Room):
    here = visit()
    here.go("convert")
    here.settled()
    upload(here, "narrator")
    verdict = here.page.get_by_role("region", name="Models").locator(".card", has_text="narrator")
    expect(verdict).to_contain_text("Hz")
    here.page.locator(".drop input").first.set_input_files(
        [{"name": "said.wav", "mimeType": "audio/wav", "buffer": recording()}]
    )
    here.page.get_by_label("Pitch", exact=True).fill("5")
    here.button(
        "Convert",
    ).last.click()
    result = here.page.get_by_role("region", name="Before and after")
    expect(result).to_be_visible()
    job = room.client.get("/jobs").json()["jobs"][0]
    assert (job["mode"], job["status"], job["rvc"]["pitch"]) == ("convert", "completed", 5)
    expect(result.locator(".melody svg")).to_have_attribute("aria-label", re.compile(r"before: \d+ Hz, after: \d+ Hz"))
    result.get_by_role("button", name=re.compile("^Play: After")).click()
    here.said("Pause: After")
    here.sounding()
    result.get_by_text("Before", exact=True).first.click()
    expect(result.get_by_role("button", name=re.compile("^(Pause|Play): Before"))).to_be_visible()


def test_what_is_no_model_is_refused_with_the_reason(visit):
    here = visit(strict=False)
    here.go("convert")
    here.settled()
    panel = here.page.get_by_role("region", name="Models")
    details = panel.locator("details")
    if details.get_attribute("open") is None:
        details.locator("summary").click()
    panel.locator(".drop input").first.set_input_files(
        [{"name": "fake.pth", "mimeType": "application/octet-stream", "buffer": b"no model"}]
    )
    here.button("Upload and check").click()
    expect(panel.locator("form .failed")).to_be_visible()


def test_a_model_is_deleted_with_a_way_back(visit, room: Room):
    files = {"pth_file": ("gone.pth", shifter_file(), "application/octet-stream")}
    model = room.client.post("/rvc-models", data={"name": "Gone soon"}, files=files).json()["id"]
    here = visit(unhurried=True)
    here.go("convert")
    here.settled()
    here.button("Delete Gone soon").click()
    here.button("Undo").click()
    expect(here.page.get_by_role("heading", name="Gone soon")).to_be_visible()
    here.button("Delete Gone soon").click()
    here.button("Close").click()
    eventually(lambda: room.client.get(f"/rvc-models/{model}").status_code == 404, "its end")


def test_speech_is_converted_too(visit, room: Room):
    files = {"pth_file": ("n.pth", shifter_file(), "application/octet-stream")}
    room.client.post("/rvc-models", data={"name": "For speech"}, files=files)
    here = visit()
    here.go("speak")
    here.settled()
    here.page.get_by_label("Text", exact=True).fill("Convert me.")
    here.page.get_by_text("Voice conversion (RVC)").click()
    here.page.get_by_text("Convert what is spoken").click()
    here.page.get_by_label("Pitch", exact=True).fill("-3")
    # It is there when a model is chosen.
    expect(here.page.get_by_label("Fail where it cannot be converted", exact=True)).to_be_visible()
    here.button(re.compile("^Speak")).click()
    expect(here.page.locator(".status")).to_contain_text("The voice was converted.")
    assert room.client.get("/jobs").json()["jobs"][0]["rvc"]["pitch"] == -3
