"""What Home Assistant is offered and hears: with its own client, over real connections."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from wyoming.audio import AudioStart
from wyoming.info import Describe, Info, SelectProgram
from wyoming.ping import Ping, Pong
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeVoice,
)

from tests.http.room import eventually
from tests.instruments.heads import pcm_of
from voicecore.testing.tone import PLAN_VARIABLE, SAMPLE_RATE_HZ
from voicecore.voice import PRESETS

from .home import answer, at_home, event

FIRST, SECOND = "Primeira frase bem comprida aqui.", "Segunda frase também comprida."
TEXT = f"{FIRST} {SECOND}"


def described(home):
    return Info.from_event(home.heard(Describe().event(), until="info").events[-1])


def downloaded(home, job):
    return pcm_of(home.room.client.get(f"/jobs/{job['id']}/download").content)


def spoken(home, text, **voice):
    """What comes back for a text in such a voice, and its job."""
    heard = home.heard(Synthesize(text, voice=SynthesizeVoice(**voice) if voice else None).event())
    assert heard.kinds == ["audio-start", "audio-chunk", "audio-stop"], heard.events
    return heard, home.job()


# --- what is offered --------------------------------------------------------------------------------------------------
def test_every_preset_is_offered_once_for_each_language_with_its_origin(shared):
    program, *others = described(shared).tts
    assert (program.name, program.installed, program.supports_synthesize_streaming) == ("tone", True, True)
    assert program.version.startswith("1 ")
    offered = [voice for voice in program.voices if "/" in voice.name]
    assert len(offered) == len(PRESETS) * 6
    assert {tuple(voice.languages) for voice in offered} == {
        (tag,) for tag in ("pt-BR", "en-US", "es", "fr", "it", "ja")
    }
    assert all(voice.name == f"{voice.languages[0]}/{voice.name.split('/')[1]}" for voice in offered)
    assert all(voice.name.startswith(f"{each.name}/") for each in others for voice in each.voices)
    assert all(voice.installed and voice.version == "1" and voice.attribution.name for voice in offered)


def test_an_enrolled_voice_is_offered_under_its_name_and_speaks(shared):
    voice_id = shared.room.enrolled("Ana Wyoming")["voice_id"]
    (voice,) = [each for each in described(shared).tts[0].voices if each.name == voice_id]
    assert (voice.description, voice.languages) == ("Ana Wyoming (pt-BR)", ["pt-BR"])
    assert voice.attribution.name == "tone matching, in this service"
    for name in (voice_id, "Ana Wyoming", f"en-US/{voice_id}"):
        _, job = spoken(shared, "Olá, sou eu.", name=name)
        assert job["voice_id"] == voice_id
    assert job["source_language"] == "en-US"


def test_a_voice_whose_consent_was_withdrawn_is_not_offered(home):
    voice_id = home.room.enrolled("Rui")["voice_id"]
    (consent,) = home.room.client.get("/consents").json()["consents"]
    assert home.room.client.delete(f"/consents/{consent['id']}").is_success
    assert voice_id not in {each.name for each in described(home).tts[0].voices}


def test_ping_is_answered_with_its_text_and_what_is_unknown_passed_over(shared):
    heard = shared.heard(event("played"), event("audio-chunk", rate=1), Ping("a").event(), until="pong")
    assert [Pong.from_event(each).text for each in heard.events] == ["a"]


# --- a whole text -----------------------------------------------------------------------------------------------------
def test_a_text_is_a_job_whose_finished_sound_is_what_is_heard(shared):
    heard, job = spoken(shared, TEXT)
    start = AudioStart.from_event(heard.events[0])
    assert (start.rate, start.width, start.channels) == (SAMPLE_RATE_HZ, 2, 1)
    assert (job["text"], job["status"], job["source_language"]) == (TEXT, "completed", "pt-BR")
    assert heard.pcm == downloaded(shared, job)
    samples = 0
    for each in heard.events[1:-1]:
        assert each.data["timestamp"] == 1_000 * samples // SAMPLE_RATE_HZ
        samples += len(each.payload) // 2


@pytest.mark.parametrize(
    ("voice", "preset", "language"),
    [
        ({"name": "en-US/male_deep"}, "male_deep", "en-US"),
        ({"name": "tone/es/female_warm"}, "female_warm", "es"),
        ({"name": "male_warm"}, "male_warm", "pt-BR"),
        ({"name": "en/male_warm"}, "male_warm", "en-US"),
        ({"language": "fr"}, "female_generic", "fr"),
        ({}, "female_generic", "pt-BR"),
    ],
)
def test_the_voice_that_was_named_speaks_in_its_language(shared, voice, preset, language):
    _, job = spoken(shared, "Uma frase.", **voice)
    assert (job["voice_preset"], job["source_language"]) == (preset, language)


def test_a_name_and_a_language_may_both_be_sent(shared):
    heard = shared.heard(event("synthesize", text="Good morning.", voice={"name": "male_soft", "language": "en-US"}))
    assert heard.kinds[-1] == "audio-stop"
    assert (shared.job()["voice_preset"], shared.job()["source_language"]) == ("male_soft", "en-US")


def test_one_connection_takes_one_text_after_the_other_also_ahead(shared):
    async def talk():
        async with shared.client() as client:
            await client.write_event(SelectProgram("tone").event())
            for text in ("Uma frase.", "Outra frase, mais comprida."):
                await client.write_event(Synthesize(text).event())
            return [len((await answer(client)).pcm) for _ in range(2)]

    short, long = asyncio.run(talk())
    assert 0 < short < long
    assert [job["text"] for job in (shared.room.finished(each["id"]) for each in shared.jobs()[-2:])] == [
        "Uma frase.", "Outra frase, mais comprida."
    ]  # fmt: skip


def test_many_clients_hear_each_their_own(shared):
    texts = ["".join("abcdefghij"[(number + letter) % 10] for letter in range(30)) + "." for number in range(10)]

    async def one(text, preset):
        async with shared.client() as client:
            await client.write_event(Synthesize(text, voice=SynthesizeVoice(name=f"es/{preset}")).event())
            return text, (await answer(client)).pcm

    async def all_of_them():
        return await asyncio.gather(*(one(text, PRESETS[n % len(PRESETS)]) for n, text in enumerate(texts)))

    heard = dict(asyncio.run(all_of_them()))
    jobs = {job["text"]: job for job in (shared.room.finished(each["id"]) for each in shared.jobs())}
    assert {text: heard[text] == downloaded(shared, jobs[text]) for text in texts} == dict.fromkeys(texts, True)


def test_the_example_of_the_document_hears_what_is_spoken(shared):
    text = (Path(__file__).parents[2] / "docs" / "wyoming.md").read_text("utf-8")
    names: dict = {}
    exec(re.search(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[1], names)
    sound = asyncio.run(names["speak"]("Olá, mundo!", "pt-BR/female_warm", shared.port))
    assert sound == downloaded(shared, shared.job())
    with pytest.raises(RuntimeError, match="nobody"):
        asyncio.run(names["speak"]("Olá, mundo!", "nobody", shared.port))


# --- a text in portions -----------------------------------------------------------------------------------------------
def test_a_text_in_portions_is_spoken_sentence_by_sentence_and_its_repetition_passed_over(home):
    """As Home Assistant sends it: the whole text comes once more before the end."""
    heard = home.heard(
        SynthesizeStart(voice=SynthesizeVoice(name="en-US/male_warm")).event(),
        *(SynthesizeChunk(letter).event() for letter in TEXT),
        Synthesize(TEXT).event(),
        SynthesizeStop().event(),
        until="synthesize-stopped",
    )
    assert heard.kinds == ["audio-start", "audio-chunk", "audio-stop", "synthesize-stopped"]
    first, second = (home.room.finished(job["id"]) for job in home.jobs())
    assert [first["text"].strip(), second["text"].strip()] == [FIRST, SECOND]
    assert {(job["voice_preset"], job["source_language"]) for job in (first, second)} == {("male_warm", "en-US")}
    before, behind = downloaded(home, first), downloaded(home, second)
    pause = heard.pcm[len(before) : -len(behind)]
    assert heard.pcm == before + pause + behind
    assert set(pause) == {0}
    assert 0.1 < len(pause) / 2 / SAMPLE_RATE_HZ < 1


def test_a_sentence_is_heard_before_the_next_one_is_written(shared):
    async def talk():
        async with shared.client() as client:
            await client.write_event(SynthesizeStart().event())
            await client.write_event(SynthesizeChunk(f"{FIRST} Segunda ").event())
            before = await answer(client, until="audio-chunk")
            await client.write_event(SynthesizeChunk("frase também comprida.").event())
            await client.write_event(SynthesizeStop().event())
            return before.kinds, (await answer(client, until="synthesize-stopped")).kinds

    assert asyncio.run(talk()) == (["audio-start", "audio-chunk"], ["audio-chunk", "audio-stop", "synthesize-stopped"])


def test_a_text_without_anything_to_speak_is_over_without_a_job(home):
    heard = home.heard(
        SynthesizeStart().event(), SynthesizeChunk(" … \n\n * ").event(), SynthesizeStop().event(),
        until="synthesize-stopped",
    )  # fmt: skip
    assert heard.kinds == ["synthesize-stopped"]
    assert home.jobs() == []


# --- refusals ---------------------------------------------------------------------------------------------------------
START = event("synthesize-start")


@pytest.mark.parametrize(
    ("events", "code", "word"),
    [
        ([event("synthesize", text="<speak>Olá</speak>", text_format="ssml")], "invalid_input", "markup"),
        ([event("synthesize-start", text_format="ssml")], "invalid_input", "markup"),
        ([event("synthesize", text="Olá.", voice={"name": "nobody"})], "not_found", "female_generic"),
        ([event("synthesize", text="Olá.", voice={"name": "female_warm", "speaker": "p225"})], "invalid_input", "speakers"),
        ([event("synthesize", text="Olá.", voice={"language": "klingon"})], "unsupported_language", "klingon"),
        ([event("synthesize", text="Olá.", voice={"language": "de"})], "unsupported_language", "pt-BR"),
        ([event("synthesize", text="Olá.", voice="female_warm")], "invalid_input", "voice"),
        ([event("synthesize", text="")], "invalid_text", "empty"),
        ([event("synthesize", text=3)], "invalid_input", "str"),
        ([event("synthesize")], "invalid_input", "text"),
        ([event("synthesize", text="a" * 10_001)], "invalid_text", "10000"),
        ([event("synthesize", text="Com um \x00 dentro.")], "invalid_text", "U+0000"),
        ([event("synthesize-chunk", text="Olá.")], "conflict", "synthesize-start"),
        ([event("synthesize-stop")], "conflict", "synthesize-start"),
        ([START, START], "conflict", "synthesize-stop"),
        ([START, event("synthesize-chunk")], "invalid_input", "text"),
        ([START, *[event("synthesize-chunk", text="a" * 60_000)] * 2], "too_large", "100000"),
        ([event("select-program", name="nobody")], "not_found", "describe"),
        ([event("synthesize", text="Ninguém ouve isto.")] * 40, "conflict", "8 texts"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_once_and_ends_the_connection(shared, events, code, word):
    shared.room.gate.opened.clear()  # nothing is spoken so fast that it makes room for more
    try:
        heard = shared.heard(*events, until="nothing")
    finally:
        shared.room.gate.opened.set()
    assert heard.error["code"] == code
    assert word in heard.error["text"]
    assert heard.error["text"].endswith((".", "?"))
    assert heard.kinds[-1] == "error"
    eventually(shared.quiet)


def test_a_job_that_fails_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv(PLAN_VARIABLE, '{"fail_on": "falha"}')
    with at_home(tmp_path) as home:
        heard = home.heard(Synthesize("Isto falha.").event(), until="nothing")
    assert heard.error["code"] == "poisoned"
    assert "fail" in heard.error["text"]
