"""Values refuse what they must not be."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecore.audio import Audio, AudioChunk, join, pcm16_bytes, silence
from voicecore.conversion import CONVERSION_PARAMETERS, ConversionSettings
from voicecore.errors import BlobCorrupt, Conflict, InvalidAudio, InvalidInput, InvalidText, UnsupportedLanguage
from voicecore.job import JobError, JobId, JobResult, JobStatus, SegmentCount, SynthesisJob, percent
from voicecore.language import Language
from voicecore.limits import Limits
from voicecore.profiles import BUILT_IN, PIPELINE_PARAMETERS, XTTS_PARAMETERS, built_in_default
from voicecore.quality import Parameter, check_parameters
from voicecore.request import Mode, SynthesisRequest, checked_text, fingerprint, request_fingerprint
from voicecore.voice import VoicePrint, checked_name

NOW = datetime(2026, 11, 22, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


# --- audio ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("samples", "rate", "said"),
    [
        (np.zeros((2, 4), np.float32), 16_000, "mono"),
        (np.array([np.nan], np.float32), 16_000, "finite"),
        (np.array([np.inf], np.float32), 16_000, "finite"),
        (np.array([1.5], np.float32), 16_000, r"\[-1, 1\]"),
        (np.zeros(4, np.float32), 1, "8000"),
        (np.zeros(4, np.float32), 2_000_000_000, "192000"),
    ],
)
def test_audio_refuses_other_shapes_values_and_rates(samples, rate, said):
    with pytest.raises(InvalidAudio, match=said):
        Audio(samples, rate)


def test_audio_cannot_be_changed_and_does_not_freeze_the_callers_array():
    mine = np.zeros(8, np.float32)
    audio = Audio(mine, 16_000)
    with pytest.raises(ValueError, match="read-only"):
        audio.samples[0] = 1
    mine[0] = 0.5


@given(st.lists(st.floats(-1, 1, width=32), max_size=200))
def test_a_wav_file_gives_back_what_was_written_to_16_bits(values):
    audio = Audio(np.array(values, np.float32), 24_000)
    again = Audio.from_wav_bytes(audio.wav_bytes())
    assert again.sample_rate_hz == 24_000
    assert np.allclose(again.samples, audio.samples, atol=1 / 32767)


@pytest.mark.parametrize("data", [b"", b"RIFF", b"text that is no sound at all", b"\x00" * 100])
def test_bytes_that_are_no_wav_are_refused(data):
    with pytest.raises(InvalidAudio):
        Audio.from_wav_bytes(data)


def test_a_stereo_wav_is_refused_with_its_shape():
    import io
    import wave

    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(b"\0" * 8)
    with pytest.raises(InvalidAudio, match="2 channels"):
        Audio.from_wav_bytes(buffer.getvalue())


def test_full_scale_is_symmetric_in_16_bits():
    assert np.frombuffer(pcm16_bytes(np.array([1, -1], np.float32)), "<i2").tolist() == [32767, -32767]


def test_joining_keeps_order_and_length_and_nothing_is_silence():
    joined = join([silence(0.5, 16_000), np.full(3, 0.25, np.float32)], 16_000)
    assert len(joined.samples) == 8_003
    assert joined.samples[-1] == 0.25
    assert join([], 16_000).duration_s == 0
    assert join([], 16_000).peak == 0
    assert AudioChunk("u", silence(1, 8_000), 8_000, last=True).duration_s == 1


# --- language ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("written", "tag"),
    [("pt-BR", "pt-BR"), ("pt_br", "pt-BR"), ("PT", "pt"), (" en-us ", "en-US"), ("zh-Hans-CN", "zh-CN"),
     ("por", "pt"), ("es-419", "es-419"), ("zh-cn", "zh-CN"), ("de-1996", "de")],
)  # fmt: skip
def test_tags_of_any_spelling_are_read(written, tag):
    assert Language.parse(written).tag == tag


@pytest.mark.parametrize("written", ["", "p", "portuguese", "pt-", "pt--BR", "../x", "pt\x00", "x" * 10_000, "1", "ç"])
def test_what_is_no_tag_is_refused_with_an_example(written):
    with pytest.raises(UnsupportedLanguage, match="pt-BR"):
        Language.parse(written)


@given(st.text(max_size=40))
def test_any_text_is_a_language_or_refused(text):
    try:
        parsed = Language.parse(text)
    except UnsupportedLanguage:
        return
    assert Language.parse(parsed.tag) == parsed


def test_a_language_finds_itself_then_its_likely_region_then_any():
    spoken = [Language("en", "GB"), Language("en", "US"), Language("pt", "BR"), Language("es")]
    found = {tag: str(Language.parse(tag).match(spoken)) for tag in ("en", "en-GB", "en-AU", "pt-PT", "es-MX", "de")}
    assert found == {"en": "en-US", "en-GB": "en-GB", "en-AU": "en-US", "pt-PT": "pt-BR", "es-MX": "es", "de": "None"}


# --- text and requests --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text", ["", "   \n", "\x00", "a\x07b", "\x1b[31m", "...", "?!", "—", "👍", "\ud800", "a" * 10_001]
)
def test_a_text_that_cannot_be_spoken_is_refused(text):
    with pytest.raises(InvalidText):
        checked_text(text)


@pytest.mark.parametrize("text", ["a", "100%", "R$ 5", "こんにちは", "a\tb\r\nc", "مرحبا", "10" * 5_000])
def test_a_text_that_can_be_spoken_is_kept_as_it_is(text):
    assert checked_text(text) == text


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": Mode.CLONE}, {"mode": Mode.CONVERT}, {"mode": Mode.DUBBING_WITH_CLONE}, {"voice_id": "voice_x"},
        {"seed": -1}, {"seed": 2**32}, {"text": ""},
    ],
)  # fmt: skip
def test_a_request_that_makes_no_sense_is_refused(changes):
    with pytest.raises(InvalidInput):
        SynthesisRequest(**{"text": "Oi.", "source_language": Language("pt"), **changes})


def test_zero_is_a_value_of_every_conversion_parameter_that_admits_it():
    zeros = {
        name.removeprefix("rvc_"): 0 for name, parameter in CONVERSION_PARAMETERS.items() if parameter.minimum <= 0
    }
    settings = ConversionSettings(model_id="m", **zeros)
    assert all(getattr(settings, name) == 0 for name in zeros)


@pytest.mark.parametrize("name", CONVERSION_PARAMETERS)
def test_conversion_parameters_out_of_range_or_no_numbers_are_refused(name):
    parameter = CONVERSION_PARAMETERS[name]
    wrong = [parameter.minimum - 1, parameter.maximum + 1, math.nan, math.inf, -math.inf, True, "1", None]
    for value in [*wrong, *([2.5] if parameter.integer else [])]:
        with pytest.raises(InvalidInput, match=name):
            ConversionSettings(model_id="m", **{name.removeprefix("rvc_"): value})


plain = st.one_of(st.integers(-5, 5), st.floats(-5, 5), st.text(max_size=5), st.booleans(), st.none())


@given(st.dictionaries(st.text(max_size=4), plain, max_size=4), st.dictionaries(st.text(max_size=4), plain, max_size=4))
def test_fingerprints_are_equal_exactly_when_the_written_parts_are(one, two):
    same = repr(sorted(one.items())) == repr(sorted(two.items()))
    assert (fingerprint(one) == fingerprint(two)) == same


def test_a_fingerprint_does_not_depend_on_order_and_covers_every_field_of_a_request():
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    base = SynthesisRequest(text="Oi.", source_language=Language("pt"))
    others = [
        SynthesisRequest(text="Oi!", source_language=Language("pt")),
        SynthesisRequest(text="Oi.", source_language=Language("pt", "BR")),
        SynthesisRequest(text="Oi.", source_language=Language("pt"), seed=1),
        SynthesisRequest(text="Oi.", source_language=Language("pt"), speed=1.0),
        SynthesisRequest(text="Oi.", source_language=Language("pt"), voice_preset="male_deep"),
        SynthesisRequest(text="Oi.", source_language=Language("pt"), conversion=ConversionSettings(model_id="m")),
        SynthesisRequest(
            text="Oi.", source_language=Language("pt"), conversion=ConversionSettings(model_id="m", pitch=1)
        ),
    ]
    prints = {request_fingerprint(each) for each in [base, *others]}
    assert len(prints) == len(others) + 1


# --- jobs -------------------------------------------------------------------------------------------
def a_job(**changes):
    request = SynthesisRequest(text="Oi.", source_language=Language("pt"))
    values = {"id": JobId("job_1"), "request": request, "engine": "tone", "spoken_language": Language("pt"),
              "created_at": NOW}  # fmt: skip
    return SynthesisJob(**{**values, **changes})


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_progress_is_0_to_100_and_never_in_the_interval_clients_misread(done, total):
    value = percent(min(done, total), total)
    assert value == 0 or 1 < value <= 100


def test_a_job_goes_from_queued_through_processing_to_its_end():
    job = a_job().claimed("w", NOW, MINUTE)
    assert (job.status, job.attempt, job.started_at, job.tries) == (JobStatus.PROCESSING, 1, NOW, 0)
    job = job.progressed(SegmentCount(4, 2, 1), "half")
    assert job.progress == 50
    done = job.completed(JobResult(), NOW, MINUTE)
    assert (done.progress, done.expires_at, done.lease_until) == (100, NOW + MINUTE, None)
    assert done.status.finished
    assert done.expired(NOW + MINUTE)
    assert not done.expired(NOW)


def test_a_job_whose_last_segment_is_done_is_not_yet_at_100():
    job = a_job().claimed("w", NOW, MINUTE).progressed(SegmentCount(4, 4, 0))
    assert job.progress == 99


def test_an_abandoned_lease_may_be_taken_over_and_counts_as_a_bad_try():
    first = a_job().claimed("w1", NOW, MINUTE)
    with pytest.raises(Conflict):
        first.claimed("w2", NOW, MINUTE)
    second = first.claimed("w2", NOW + MINUTE, MINUTE)
    assert (second.attempt, second.tries, second.worker) == (2, 1, "w2")


@pytest.mark.parametrize(
    "act",
    [
        lambda job: job.claimed("w", NOW, MINUTE),
        lambda job: job.progressed(SegmentCount()),
        lambda job: job.completed(JobResult(), NOW, MINUTE),
        lambda job: job.failed(JobError("x", "y"), NOW, MINUTE),
        lambda job: job.cancelled(NOW, MINUTE),
        lambda job: job.handed_back(bad=False),
    ],
)
def test_a_completed_job_never_changes_again(act):
    done = a_job().claimed("w", NOW, MINUTE).completed(JobResult(), NOW, MINUTE)
    with pytest.raises(Conflict):
        act(done)


def test_cancelling_twice_is_as_good_as_once():
    once = a_job().cancelled(NOW, MINUTE)
    assert once.cancelled(NOW + MINUTE, MINUTE) is once


@pytest.mark.parametrize(
    "changes",
    [
        {"progress": 0.5}, {"progress": 1}, {"progress": 101}, {"status": JobStatus.COMPLETED},
        {"status": JobStatus.FAILED}, {"status": JobStatus.PROCESSING}, {"created_at": datetime(2026, 1, 1)},
        {"result": JobResult()}, {"error": JobError("x", "y")},
    ],
)  # fmt: skip
def test_a_job_that_contradicts_itself_cannot_exist(changes):
    with pytest.raises(InvalidInput):
        a_job(**changes)


@pytest.mark.parametrize("counts", [(1, 2, 0), (3, 1, 2), (1, 1, -1)])
def test_segment_counts_must_add_up(counts):
    with pytest.raises(InvalidInput):
        SegmentCount(*counts)


# --- voices and profiles -------------------------------------------------------------------------------
def test_a_voice_print_is_the_same_after_storage():
    print_ = VoicePrint("tone", "ab", {"x": np.arange(6, dtype=np.float32).reshape(2, 3), "n": np.array([3])})
    again = VoicePrint.from_bytes(print_.to_bytes())
    assert (again.engine, again.model_digest) == ("tone", "ab")
    assert np.array_equal(again.arrays["x"], print_.arrays["x"])
    assert print_.to_bytes() == again.to_bytes()


def test_a_voice_print_holds_numbers_only_and_loads_no_pickles():
    import io

    with pytest.raises(InvalidInput):
        VoicePrint("tone", "ab", {"x": np.array([object()])})
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, x=np.array([{"a": 1}], dtype=object))
    for data in (buffer.getvalue(), b"", b"PK\x03\x04 no archive", b"\x93NUMPY"):
        with pytest.raises(BlobCorrupt):
            VoicePrint.from_bytes(data)


@given(st.text(max_size=120))
def test_a_name_is_short_and_without_control_characters_or_refused(text):
    try:
        name = checked_name(text)
    except InvalidInput:
        return
    assert 1 <= len(name) <= 100
    assert name.isprintable() or not any(ord(character) < 32 for character in name)


def test_every_built_in_profile_keeps_the_ranges_of_its_engine():
    for profile in BUILT_IN:
        known = {**XTTS_PARAMETERS, **PIPELINE_PARAMETERS}
        assert check_parameters(profile.parameters, known) == dict(profile.parameters)
    assert len(BUILT_IN) == 8
    assert built_in_default("xtts") == "balanced"
    assert built_in_default("kokoro") == "natural"


def test_the_repetition_penalties_follow_the_order_of_steadiness():
    penalty = {each.id: each.parameters.get("repetition_penalty") for each in BUILT_IN}
    assert 10 >= penalty["stable"] > penalty["balanced"] > penalty["expressive"] >= 5


@pytest.mark.parametrize("value", [math.nan, math.inf, True, "1", None, 0.4, 2.1])
def test_a_parameter_takes_numbers_in_its_range_only(value):
    with pytest.raises(InvalidInput):
        Parameter(0.5, 2.0, 1.0, "speed").check("speed", value)


@pytest.mark.parametrize(
    "changes",
    [{"max_text": 0}, {"max_text": 10_001}, {"max_queued": 0}, {"lease": timedelta(seconds=1)},
     {"segment_cache_bytes": -1}, {"keep_jobs": timedelta()}],
)  # fmt: skip
def test_limits_that_make_no_sense_are_refused(changes):
    with pytest.raises(InvalidInput):
        Limits(**changes)


@pytest.mark.parametrize("preset_id", ["", "Female", "a/b", "../x", "a b", "x" * 65, ".hidden"])
def test_a_presets_id_must_fit_into_a_blob_key(preset_id):
    from dataclasses import replace

    from voicecore.testing.tone import ToneEngine
    from voicecore.voice import VoicePreset

    card = ToneEngine().card
    with pytest.raises(InvalidInput, match="preset id"):
        replace(card, presets=(VoicePreset(preset_id, "x", "x", card.languages),))
