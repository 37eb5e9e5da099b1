"""Speaking: a sentence is heard while it is made, followed in the text, made again only where it changed, and taken away."""

from __future__ import annotations

import io
import itertools
import json
import re
import wave

import pytest
from playwright.sync_api import Browser, expect

from adapters.hosts import LocalHost
from tests.http.room import Gate, Room, eventually, furnished
from tests.http.test_streams import LONG
from voicecore.testing.tone import PLAN_VARIABLE, ToneEngine, TonePlan

from .browser import visiting

TEXT = "Bom dia a todos. Esta é a segunda frase. E a terceira vem aqui."


def write(here, text: str = TEXT, language: str = "pt-BR") -> None:
    here.go("speak")
    here.settled()
    here.page.get_by_label("Language of the text").select_option(language)
    here.page.get_by_label("Text", exact=True).fill(text)


def spoken(here) -> None:
    here.button(re.compile("^Speak")).click()
    expect(here.button("Stop")).to_have_count(0)
    expect(here.page.locator(".status")).to_contain_text("all of it after")


def samples_of(room: Room, job_id: str) -> list[int]:
    """The finished sound of a job."""
    file = room.client.get(f"/jobs/{job_id}/download", params={"format": "wav"}).content
    with wave.open(io.BytesIO(file)) as reader:
        return list(memoryview(reader.readframes(reader.getnframes())).cast("h"))


def marked(here) -> str:
    """What of the text is marked as heard."""
    return "".join(here.page.locator(".mirror .heard").all_text_contents())


def played_out(here) -> None:
    expect(here.page.locator(".transport").get_by_role("button", name="Play", exact=True)).to_be_visible()


class Halting(Gate):
    """A tone engine that speaks two segments and no more."""

    def open(self, *, threads: int | None = None) -> ToneEngine:
        del threads
        gate = self.opened

        class Halted(ToneEngine):
            def step(self):
                if not gate.wait(0.02):
                    return ()
                made = super().step()
                if self.gauges()["steps_total"] == 2:
                    gate.clear()
                return made

        return Halted(TonePlan(batch_size=1))


def test_a_newcomer_hears_their_own_sentence_in_three_steps(visit):
    here = visit(tour=True)
    here.page.goto(here.url)
    dialog = here.page.get_by_role("dialog")
    dialog.get_by_label("What shall be said?").fill("I wrote this myself.")
    here.button("Next").click()
    dialog.get_by_role("button", name="Play: Sample of male deep").click()
    here.said("Pause: Sample of male deep")
    dialog.locator("label", has_text="male deep").click()
    dialog.get_by_role("button", name="Listen").click()
    expect(dialog.locator(".time")).to_have_text(re.compile(r"/ 0:0[1-9]$"))
    assert sum(len(each["samples"]) for each in here.heard()) > 8_000
    dialog.get_by_role("button", name="Go on").click()
    expect(here.page.get_by_label("Text", exact=True)).to_have_value("I wrote this myself.")
    here.page.reload()
    expect(here.page.get_by_label("Text", exact=True)).to_have_value("I wrote this myself.")
    expect(dialog).to_have_count(0)


def test_what_is_heard_is_what_the_service_made_without_a_gap(visit, room: Room):
    here = visit()
    write(here)
    expect(here.page.locator("#text-notes")).to_contain_text("3 segments")
    spoken(here)
    job = room.client.get("/jobs").json()["jobs"][0]
    whole = samples_of(room, job["id"])
    made = whole
    played_out(here)
    pieces = here.heard()
    heard = [round(sample * 32_768) for each in pieces for sample in each["samples"]]
    assert heard == made[: len(heard)]
    assert len(heard) == len(made)
    assert {each["rate"] for each in pieces} == {job["sample_rate_hz"]}
    for one, other in itertools.pairwise(pieces):
        end = one["when"] + len(one["samples"]) / one["rate"]
        assert other["when"] == pytest.approx(end, abs=1e-6) or other["when"] > end, "nothing overlaps"


def test_the_sound_begins_before_the_text_is_done_and_the_segment_that_is_heard_is_marked(browser: Browser, tmp_path):
    halting = Halting()
    with (
        furnished(tmp_path, override=lambda made: made.host.override(LocalHost({"tone": halting}))) as slow,
        visiting(browser, slow.url) as here,
    ):
        write(here, LONG["text"][:600])
        here.button(re.compile("^Speak")).click()
        expect(here.page.locator(".status")).to_contain_text("first sound after")
        expect(here.button("Stop")).to_be_visible()
        here.sounding()
        expect(here.page.locator(".mirror .heard").first).to_be_attached()
        here.button("Stop").click()
        expect(here.button("Stop")).to_have_count(0)
        job = slow.client.get("/jobs").json()["jobs"][0]
        assert slow.finished(job["id"])["status"] == "cancelled"


def test_a_click_on_a_word_and_keys_on_the_waveform_go_there(visit):
    here = visit()
    write(here)
    spoken(here)
    # At once, if it still sounds: it may end between a look and a click.
    here.page.evaluate(
        "() => [...document.querySelectorAll('.transport button')].find(each => each.textContent.trim() === 'Pause')?.click()"
    )
    area = here.page.get_by_label("Text", exact=True)
    area.evaluate(
        "(place, at) => { place.focus(); place.setSelectionRange(at, at); place.click(); }", TEXT.index("terceira")
    )
    eventually(lambda: marked(here) == "E a terceira vem aqui.", "the third sentence's mark")
    wave = here.page.get_by_role("slider", name="Position in the sound")
    wave.focus()
    wave.press("Home")
    eventually(lambda: marked(here).strip() == "Bom dia a todos.", "the first sentence's mark")
    expect(wave).to_have_attribute("aria-valuetext", re.compile("^0:00 of"))


def test_only_the_sentence_that_changed_is_made_again(visit, room: Room):
    here = visit()
    write(here, "Uma frase que fica. Uma frase que muda. Outra que fica.")
    spoken(here)
    here.page.get_by_label("Text", exact=True).fill("Uma frase que fica. Uma frase mudada. Outra que fica.")
    expect(here.page.locator("#text-notes")).to_contain_text("1 of them is new")
    expect(here.page.locator(".mirror .fresh")).to_have_text("Uma frase mudada. ")
    spoken(here)
    expect(here.page.locator(".status")).to_contain_text("2 of 3 segments reused")
    assert room.client.get("/jobs").json()["jobs"][0]["segments"]["cached"] == 2


def test_the_sound_is_saved_in_six_formats_and_as_subtitles(visit):
    here = visit()
    write(here)
    spoken(here)
    heads = {
        "wav": b"RIFF",
        "mp3": b"",
        "ogg": b"OggS",
        "flac": b"fLaC",
        "m4a": b"",
        "opus": b"OggS",
        "SRT": b"1\r\n",
        "VTT": b"WEBVTT",
    }
    for name, head in heads.items():
        with here.page.expect_download() as saved:
            here.page.locator(".exports").get_by_role("button", name=name, exact=True).click()
        content = saved.value.path().read_bytes()
        assert content.startswith(head)
        assert len(content) > 100, name
        assert saved.value.suggested_filename.endswith(name.lower())


def test_the_request_can_be_copied_as_curl_and_as_python_which_work(visit, room: Room, tmp_path):
    import subprocess
    import sys

    here = visit(permissions=["clipboard-read", "clipboard-write"], unhurried=True)
    write(here, 'It\'s "quoted" — and ’curly’.', "en-US")
    for name, suffix in (("curl", "sh"), ("Python", "py")):
        here.button(name).click()
        told = here.page.locator(".toast.good")
        expect(told).to_have_count(1)
        text = here.page.evaluate("() => navigator.clipboard.readText()")
        told.get_by_role("button", name="Close").click()
        expect(told).to_have_count(0)
        script = tmp_path / f"copied.{suffix}"
        script.write_text(text)
        command = ["sh", str(script)] if suffix == "sh" else [sys.executable, str(script)]
        subprocess.run(command, check=True, cwd=tmp_path, timeout=180)
        assert (tmp_path / "speech.wav").read_bytes().startswith(b"RIFF")
        (tmp_path / "speech.wav").unlink()


def test_two_tabs_have_drafts_of_their_own_and_both_survive(browser: Browser, room: Room):
    with visiting(browser, room.url) as here:
        write(here, "First tab.", "en-US")
        other = here.page.context.new_page()
        expect(here.page.locator("#text-notes")).to_contain_text("1 segment")
        other.goto(f"{room.url}/#/speak")
        other.get_by_label("Text", exact=True).fill("Second tab.")
        for tab, text in ((here.page, "First tab."), (other, "Second tab.")):
            tab.wait_for_function("text => localStorage.getItem('voicecore.drafts').includes(text)", arg=text)
            tab.reload()
            expect(tab.get_by_label("Text", exact=True)).to_have_value(text)
        names = other.get_by_label("Drafts").locator("option").all_text_contents()
        assert {"First tab.", "Second tab."} <= set(names)


def test_ten_thousand_characters_are_spoken_and_one_more_is_refused_before(visit):
    here = visit()
    sentence = "Uma frase bem comum aqui. "
    text = (sentence * 400)[:10_000]
    write(here, text)
    expect(here.page.locator("#text-notes")).to_contain_text("10,000 of 10,000")
    expect(here.page.locator("#text-notes")).to_contain_text("segments")
    expect(here.button(re.compile("^Speak"))).to_be_enabled()
    here.page.get_by_label("Text", exact=True).fill(text + "!")
    expect(here.page.locator("#text-notes")).to_contain_text("split the text")
    expect(here.button(re.compile("^Speak"))).to_be_disabled()


def test_text_from_right_to_left_and_outside_the_basic_plane_is_followed(visit):
    here = visit()
    write(here, "שלום 😀 לכולם. זה המשפט השני!", "en-US")
    spoken(here)
    direction = here.page.get_by_label("Text", exact=True).evaluate("place => getComputedStyle(place).direction")
    assert direction == "rtl"
    mirrored = here.page.locator(".mirror").evaluate(
        "place => [getComputedStyle(place).direction, place.textContent.trim()]"
    )
    assert mirrored == ["rtl", "שלום 😀 לכולם. זה המשפט השני!"]


def test_letters_and_their_colours_lie_upon_each_other(visit):
    here = visit(width=360, height=800)
    write(here, TEXT * 6)
    expect(here.page.locator("#text-notes")).to_contain_text("segments")
    sizes = here.page.evaluate("""() => ['.mirror', '#text'].map(each => {
        const place = document.querySelector(each); const style = getComputedStyle(place);
        return [place.clientWidth, place.scrollHeight, style.fontSize, style.lineHeight, style.padding, style.fontFamily] })""")
    assert sizes[0] == sizes[1]


def test_a_connection_that_is_lost_in_mid_stream_is_taken_up_again(browser: Browser, tmp_path, monkeypatch):
    monkeypatch.setenv(PLAN_VARIABLE, json.dumps({"step_s": 0.3, "batch_size": 1}))
    with furnished(tmp_path) as slow, visiting(browser, slow.url, strict=False) as here:
        write(here, "Uma frase. Duas frases. Três frases. Quatro frases.")
        here.page.add_init_script("")
        here.page.evaluate("""() => {
            const real = window.fetch; let cut = false;
            window.fetch = async (...args) => {
                const answer = await real(...args);
                if (cut || !String(args[0]).includes('/jobs/stream')) return answer;
                cut = true;
                const reader = answer.body.getReader(); let left = 4;
                const body = new ReadableStream({ async pull(to) {
                    const { value, done } = await reader.read();
                    if (done || left-- === 0) { reader.cancel(); to.error(new TypeError('network error')); return; }
                    to.enqueue(value);
                } });
                return new Response(body, { headers: answer.headers });
            };
        }""")
        spoken(here)
        jobs = slow.client.get("/jobs").json()["jobs"]
        assert [each["status"] for each in jobs] == ["completed"]
        whole = samples_of(slow, jobs[0]["id"])
        expect(here.page.locator(".time").first).to_have_text(re.compile(r"/ 0:\d\d$"))
        played_out(here)
        heard = [round(sample * 32_768) for each in here.heard() for sample in each["samples"]]
        assert heard == whole


def test_an_engine_that_fails_says_so_where_one_looks(visit):
    here = visit(strict=False)
    write(here, "Fine.", "en-US")
    here.page.route(
        "**/jobs/stream*",
        lambda route: route.fulfill(
            status=503,
            content_type="application/problem+json",
            body=json.dumps(
                {
                    "status": 503,
                    "code": "disk_full",
                    "detail": "The disk of the service is full; remove something.",
                    "request_id": "abc",
                }
            ),
        ),
    )
    here.button(re.compile("^Speak")).click()
    expect(here.page.get_by_role("alert").filter(has_text="The disk of the service is full")).to_be_visible()
    here.page.unroute_all(behavior="wait")
    here.button("Try again").click()
    expect(here.page.locator(".status")).to_contain_text("all of it after")
