"""Voices: learned from files and from the microphone, looked at before they are uploaded, heard, renamed, deleted, mixed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Playwright, expect

from tests.http.room import Room, eventually
from tests.instruments.tones import recording

from .browser import Visit, launched, visiting


def give(here: Visit, *files: dict) -> None:
    here.page.locator(".clone .drop input").first.set_input_files(list(files))


def wav(name: str = "ana.wav", **wishes) -> dict:
    return {"name": name, "mimeType": "audio/wav", "buffer": recording(**wishes)}


def fill(here: Visit, name: str) -> None:
    form = here.page.locator(".clone")
    form.get_by_label("Name", exact=True).fill(name)
    form.get_by_label("Who is the speaker?").fill("Ana Souza")
    form.get_by_text("Yes, the speaker has agreed").click()


def test_a_voice_is_learned_from_dropped_files_and_heard_beside_its_reference(visit, room: Room):
    here = visit()
    here.go("voices")
    here.settled()
    drop = here.page.locator(".clone .drop").first
    data = here.page.evaluate_handle(
        """bytes => { const made = new DataTransfer();
        for (const name of ['one.wav', 'two.wav']) made.items.add(new File([new Uint8Array(bytes)], name, {type: 'audio/wav'}));
        return made; }""",
        list(recording()),
    )
    drop.dispatch_event("dragover", {"dataTransfer": data})
    expect(drop).to_have_class(re.compile("over"))
    drop.dispatch_event("drop", {"dataTransfer": data})
    expect(here.page.locator(".clip")).to_have_count(2)
    expect(here.page.locator(".clips [role=status]")).to_contain_text("s together")
    learn = here.button("Learn this voice")
    expect(learn).to_be_disabled()
    fill(here, "Voz de arquivo")
    learn.click()
    expect(here.page.get_by_text("Voz de arquivo is ready")).to_be_visible()
    voice = next(each for each in room.client.get("/voices").json()["voices"] if each["name"] == "Voz de arquivo")
    assert voice["consents"][0]["by"] == "Ana Souza"
    both = here.page.locator(".clone .compare")
    both.get_by_role("button", name="Play: Reference, Voz de arquivo").click()
    expect(both.locator(".time").first).to_have_text(re.compile(r"/ 0:0[1-9]$"))
    both.get_by_role("button", name="Make a sentence to compare").click()
    expect(both.locator(".time")).to_have_count(2)
    both.get_by_role("button", name="Speak with it").click()
    expect(here.page.locator("main h1")).to_have_text("Speak")
    expect(here.page.get_by_role("radio", name=re.compile("Voz de arquivo"))).to_be_checked()


@pytest.fixture(scope="module")
def microphone(playwright: Playwright, tmp_path_factory) -> Iterator:
    """A browser whose microphone hears a recording."""
    path = tmp_path_factory.mktemp("microphone") / "said.wav"
    path.write_bytes(recording())
    with launched(
        playwright, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", f"--use-file-for-fake-audio-capture={path}"
    ) as made:  # fmt: skip
        yield made


def test_a_voice_is_learned_from_the_microphone(microphone, room: Room):
    with visiting(microphone, room.url, locale="pt-BR", permissions=["microphone"]) as here:
        here.go("voices")
        here.settled()
        first = here.page.locator(".record blockquote").text_content()
        here.button("Gravar").click()
        expect(here.page.locator(".record meter")).to_be_visible()
        expect(here.page.locator(".record [role=status]")).to_have_text(re.compile(r"^Gravando: (?:[3-9]|\d\d+) s$"))
        here.button("Parar a gravação").click()
        expect(here.page.locator(".clip")).to_have_count(1)
        assert here.page.locator(".record blockquote").text_content() != first
        form = here.page.locator(".clone")
        form.get_by_label("Nome", exact=True).fill("Voz do microfone")
        form.get_by_label("De quem é a voz?").fill("Ana Souza")
        form.get_by_text("Sim, a pessoa concordou").click()
        here.button("Aprender esta voz").click()
        expect(here.page.get_by_text("Voz do microfone está pronta")).to_be_visible()
        voice = next(each for each in room.client.get("/voices").json()["voices"] if each["name"] == "Voz do microfone")
        assert voice["reference_duration"] > 2


def test_without_a_microphone_the_page_says_what_to_do(visit):
    here = visit()
    here.go("voices")
    here.settled()
    here.page.locator(".record").get_by_role("button", name="Record").click()
    expect(here.page.get_by_role("alert")).to_contain_text("no microphone")


def test_what_is_no_sound_too_large_or_bad_is_told_before_the_upload(visit):
    here = visit()
    here.go("voices")
    here.settled()
    give(here, {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"This is a text."})
    expect(here.page.locator(".toast.bad")).to_contain_text("This is not a sound file: notes.txt")
    expect(here.page.locator(".clip")).to_have_count(0)
    give(here, {"name": "broken.wav", "mimeType": "audio/wav", "buffer": b"RIFF" + b"\0" * 100})
    expect(here.page.locator(".clip")).to_contain_text("cannot read this file")
    here.button("Remove broken.wav").click()
    # Two gigabytes that nobody has to make: the page looks at the size first.
    here.page.locator(".clone .drop").first.evaluate("""place => {
        const file = new File(['x'], 'long.wav', {type: 'audio/wav'});
        Object.defineProperty(file, 'size', {value: 2 * 1024 ** 3});
        const data = new DataTransfer();
        const event = new DragEvent('drop', {bubbles: true, cancelable: true});
        Object.defineProperty(event, 'dataTransfer', {value: {files: [file]}});
        place.dispatchEvent(event); }""")
    expect(here.page.locator(".toast.bad").last).to_contain_text("Too large: long.wav")
    expect(here.page.locator(".clip")).to_have_count(0)


def test_what_the_service_refuses_is_told_beside_the_field(visit, room: Room):
    room.enrolled("Taken name")
    here = visit(strict=False)
    here.go("voices")
    here.settled()
    give(here, wav())
    fill(here, "Taken name")
    here.button("Learn this voice").click()
    expect(here.page.locator(".clone .field [role=alert]").or_(here.page.locator(".clone .failed"))).to_contain_text(
        "Taken name"
    )
    expect(here.page.locator(".clip")).to_have_count(1)


@pytest.mark.parametrize("by", ["pointer", "key"])
def test_a_message_with_a_way_back_waits_while_somebody_reads_it(visit, room: Room, by: str):
    voice = room.enrolled("Read slowly")["voice_id"]
    here = visit()
    here.page.clock.install(time=0)
    here.go("voices")
    here.settled()
    here.page.clock.pause_at(3_600_000)  # from here on time is the test's own
    here.button("Delete Read slowly").click()
    way_back = here.button("Undo")
    if by == "pointer":
        way_back.hover()
    else:
        way_back.focus()
    here.page.clock.fast_forward(30_000)
    expect(way_back).to_be_visible()
    assert room.client.get(f"/voices/{voice}").status_code == 200
    if by == "pointer":
        here.page.mouse.move(5, 5)
    else:
        way_back.blur()
    here.page.clock.fast_forward(9_000)
    expect(way_back).to_have_count(0)
    eventually(lambda: room.client.get(f"/voices/{voice}").status_code == 404, "its end")


def test_a_voice_is_renamed_and_deleted_with_a_way_back(visit, room: Room):
    voice = room.enrolled("Old name")["voice_id"]
    here = visit(unhurried=True)
    here.go("voices")
    here.settled()
    here.button("Rename Old name").click()
    here.page.get_by_role("dialog").get_by_label("Name", exact=True).fill("New name")
    here.button("Save").click()
    expect(here.page.get_by_role("article", name="New name")).to_be_visible()
    here.button("Delete New name").click()
    expect(here.page.get_by_role("article", name="New name")).to_have_count(0)
    here.button("Undo").click()
    expect(here.page.get_by_role("article", name="New name")).to_be_visible()
    assert room.client.get(f"/voices/{voice}").status_code == 200
    here.button("Delete New name").click()
    here.button("Close").click()
    expect(here.page.locator(".toast")).to_have_count(0)
    eventually(lambda: room.client.get(f"/voices/{voice}").status_code == 404, "its end")


def test_voices_are_mixed_with_sliders(visit, room: Room):
    here = visit()
    here.go("voices")
    here.settled()
    here.page.get_by_text("Mix voices").click()
    form = here.page.locator(".mix")
    form.get_by_label("Name", exact=True).fill("Mixture")
    expect(
        here.button(
            "Mix",
        ).last
    ).to_be_disabled()
    for name in ("female warm", "male deep"):
        form.get_by_label(name, exact=True).fill("3")
    form.get_by_role("button", name="Mix").click()
    expect(here.page.get_by_role("article", name="Mixture")).to_be_visible()
    made = next(each for each in room.client.get("/voices").json()["voices"] if each["name"] == "Mixture")
    assert made["method"] == "mixing"


def test_a_consent_is_withdrawn_after_a_question_and_its_voice_falls_silent(visit, room: Room):
    room.enrolled("Silenced", consent_by="Bia Lima")
    here = visit()
    here.go("voices")
    here.settled()
    here.page.get_by_text("Consents", exact=True).click()
    row = here.page.locator(".voice-list li", has_text="Bia Lima").last
    row.get_by_role("button", name="Withdraw").click()
    here.page.get_by_role("dialog").get_by_role("button", name="Withdraw").last.click()
    expect(row.get_by_text("withdrawn")).to_be_visible()
    expect(
        here.page.get_by_role("article", name="Silenced").get_by_role("button", name="Speak with it")
    ).to_be_disabled()
