"""Records of conversions and their models: what was written is read back, and what could not have been is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecore.conversion import CONVERSION_PARAMETERS, ConversionSettings, F0Method
from voicecore.conversion_model import ConversionModel, ModelId
from voicecore.errors import InvalidInput, StorageUnavailable
from voicecore.job import JobId, JobResult, SynthesisJob
from voicecore.language import UNDETERMINED
from voicecore.records import dump_job, dump_model, load_job, load_model
from voicecore.request import ConversionRequest, Mode, OutputFormat, SynthesisRequest, request_fingerprint
from voicecore.testing.fakes import START
from voicecore.testing.samples import conversion_model, queued_job

# Written by version 4 of the jobs and 1 of the models, and never to be edited.
GOLDEN_RECORDING = (
    '{"v":4,"kind":"job","id":"job_1","request":["recording",{"audio_key":"uploads/job_1/0.wav","duration_s":2.5,'
    '"conversion":{"model_id":"rvc_1","pitch":-3,"index_rate":0,"protect":0.33,"rms_mix_rate":0.25,"filter_radius":3,'
    '"hop_length":128,"f0_method":"rmvpe","seed":9},"f0_method_named":false,"output_format":"mp3"}],"engine":"rvc",'
    '"quality_profile_id":null,"parameters":[],"conversion":{"model_id":"rvc_1","pitch":-3,"index_rate":0,"protect":0.33,'
    '"rms_mix_rate":0.25,"filter_radius":3,"hop_length":128,"f0_method":"fcpe","seed":9},"spoken_language":"und",'
    '"created_at":"2026-01-02T03:04:05.678901+00:00","status":"queued","attempt":0,"tries":0,"worker":null,'
    '"progress":0.0,"progress_message":"","handling":{"priority":"normal","webhook_url":null},'
    '"segments":{"total":0,"done":0,"cached":0},"warnings":[],"result":null,"error":null,"lease_until":null,'
    '"started_at":null,"completed_at":null,"expires_at":null}'
)
# Written by version 6 of the jobs, and never to be edited either.
_DIGEST = "00ff" * 16
GOLDEN_RECORDING_6 = (
    GOLDEN_RECORDING.replace('{"v":4,', '{"v":7,')
    .replace('"output_format":"mp3"}', f'"output_format":"mp3","recording_sha256":"{_DIGEST}"}}')
    .replace('"seed":9},"spoken_language":"und"', '"seed":9},"converter":null,"spoken_language":"und","owner":""')
)
GOLDEN_MODEL = (
    '{"v":1,"kind":"model","id":"rvc_1","name":"Lu\\u00edsa","description":"","version":"v2","f0":true,'
    '"sample_rate_hz":40000,"vectors":7,"digest":"00ff","size_bytes":55000000,"notes":["It is loud."],'
    '"created_at":"2026-01-02T03:04:05.678901+00:00"}'
)
KEEP = timedelta(hours=24)
ASKED = ConversionSettings(model_id="rvc_1", pitch=-3, index_rate=0, seed=9)
RECORDING = SynthesisJob(
    id=JobId("job_1"), engine="rvc", conversion=replace(ASKED, f0_method=F0Method.FCPE), spoken_language=UNDETERMINED,
    created_at=START,
    request=ConversionRequest(
        audio_key="uploads/job_1/0.wav", duration_s=2.5, conversion=ASKED, output_format=OutputFormat.MP3
    ),
)  # fmt: skip
RECORDING_6 = replace(RECORDING, request=replace(RECORDING.request, recording_sha256=_DIGEST))
MODEL = ConversionModel(
    id=ModelId("rvc_1"), name="Luísa", version="v2", f0=True, sample_rate_hz=40_000, vectors=7, digest="00ff",
    size_bytes=55_000_000, notes=("It is loud.",), created_at=START,
)  # fmt: skip


def altered(record: str, **changes: object) -> str:
    return json.dumps(json.loads(record) | changes)


def test_golden_records_are_read_and_still_written_so() -> None:
    """If this fails, the documents have changed: give them a new version, and read both."""
    assert load_job(GOLDEN_RECORDING) == RECORDING
    assert load_job(GOLDEN_RECORDING_6) == RECORDING_6
    newest = GOLDEN_RECORDING_6.replace('{"v":7,', '{"v":8,')[:-1] + ',"traceparent":null}'
    assert dump_job(RECORDING_6) == newest
    assert load_job(newest) == RECORDING_6
    assert load_model(GOLDEN_MODEL) == MODEL
    assert dump_model(MODEL) == GOLDEN_MODEL


def test_a_recording_is_a_job_that_converts_has_an_upload_and_makes_no_voice() -> None:
    assert (RECORDING.mode, RECORDING.has_uploads, RECORDING.makes_voice) == (Mode.CONVERT, True, False)
    spoken = queued_job()
    assert (spoken.has_uploads, spoken.makes_voice) == (False, False)


def knobs(name: str) -> st.SearchStrategy[Any]:
    parameter = CONVERSION_PARAMETERS[f"rvc_{name}"]
    low, high = parameter.minimum, parameter.maximum
    return st.integers(int(low), int(high)) if parameter.integer else st.floats(low, high)


@st.composite
def conversions(draw: st.DrawFn) -> ConversionSettings:
    names = [name.removeprefix("rvc_") for name in CONVERSION_PARAMETERS]
    return ConversionSettings(
        model_id="rvc_1", f0_method=draw(st.sampled_from(F0Method)), seed=draw(st.integers(0, 2**32 - 1)),
        **{name: draw(knobs(name)) for name in names},
    )  # fmt: skip


@given(conversions(), conversions(), st.booleans(), st.booleans())
def test_every_knob_is_read_back_equal_zero_too(
    asked: ConversionSettings, resolved: ConversionSettings, named: bool, required: bool
) -> None:
    spoken = queued_job()
    assert isinstance(spoken.request, SynthesisRequest)
    request = replace(spoken.request, conversion=asked, f0_method_named=named, conversion_required=required)
    for job in (
        replace(spoken, request=request, conversion=resolved),
        replace(
            RECORDING, request=replace(RECORDING.request, conversion=asked, f0_method_named=named), conversion=resolved
        ),
    ):
        assert load_job(dump_job(job)) == job


@pytest.mark.parametrize("result", [
    JobResult(audio_key="a", conversion_applied=True, index_used=False, index_reason="rvc_index_rate is 0."),
    JobResult(audio_key="a", conversion_applied=False, conversion_fallback="There was not enough memory."),
    JobResult(audio_key="a", conversion_applied=True, index_used=True), JobResult(audio_key="a"),
])  # fmt: skip
def test_what_a_conversion_did_is_read_back_equal(result: JobResult) -> None:
    running = RECORDING.claimed("w", START, KEEP)
    done = running.completed(result, START, KEEP)
    assert load_job(dump_job(done)) == done


@pytest.mark.parametrize("change", [
    {"pitch": 13}, {"pitch": "1"}, {"hop_length": 0}, {"filter_radius": 2.5}, {"f0_method": "ear"}, {"seed": None}, {"seed": -1},
    {"model_id": 7}, {"knob": 1},
])  # fmt: skip
def test_a_stored_conversion_that_could_not_have_been_asked_for_is_refused(change: dict[str, object]) -> None:
    kind, body = json.loads(GOLDEN_RECORDING)["request"]
    body["conversion"] |= change
    with pytest.raises(StorageUnavailable):
        load_job(altered(GOLDEN_RECORDING, request=[kind, body]))


def test_a_recording_is_refused_in_versions_that_had_none() -> None:
    with pytest.raises(StorageUnavailable, match="version 3 has no conversion"):
        load_job(altered(GOLDEN_RECORDING, v=3))


@pytest.mark.parametrize("change", [
    {"v": 2}, {"kind": "voice"}, {"name": ""}, {"f0": 1}, {"vectors": -1}, {"vectors": None}, {"created_at": "2026-01-02"},
    {"notes": "one"}, {"size_bytes": 1.5}, {"more": 1},
])  # fmt: skip
def test_a_model_that_this_program_did_not_write_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(StorageUnavailable):
        load_model(altered(GOLDEN_MODEL, **change))


@pytest.mark.parametrize("change", [
    {"name": " "}, {"name": "a\nb"}, {"description": "x" * 501}, {"created_at": START.replace(tzinfo=None)}, {"vectors": -1},
])  # fmt: skip
def test_a_model_has_a_name_a_time_zone_and_no_negative_size(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        replace(conversion_model(), **change)


def test_a_converter_or_a_digest_is_refused_in_versions_that_had_none() -> None:
    with pytest.raises(StorageUnavailable, match="version 5 has no converter"):
        load_job(altered(GOLDEN_RECORDING_6, v=5))


@pytest.mark.parametrize("digest", ["00ff", "g" * 64, "00FF" * 16, None, 7])
def test_a_digest_that_is_none_is_refused(digest: object) -> None:
    kind, body = json.loads(GOLDEN_RECORDING_6)["request"]
    with pytest.raises(StorageUnavailable):
        load_job(altered(GOLDEN_RECORDING_6, request=[kind, body | {"recording_sha256": digest}]))


def test_an_idempotency_key_is_bound_to_the_recording_and_every_field_but_not_to_where_the_recording_was_put() -> None:
    asked = RECORDING_6.request
    assert isinstance(asked, ConversionRequest)
    elsewhere = replace(asked, audio_key="uploads/job_2/0.wav")
    assert request_fingerprint(elsewhere) == request_fingerprint(asked)
    requests = [
        asked, replace(asked, recording_sha256="11ff" * 16), replace(asked, output_format=OutputFormat.WAV),
        replace(asked, f0_method_named=True), replace(asked, conversion=replace(ASKED, seed=10)),
        replace(asked, conversion=replace(ASKED, model_id="rvc_2")), replace(asked, conversion=replace(ASKED, index_rate=0.75)),
    ]  # fmt: skip
    assert len({request_fingerprint(each) for each in requests}) == len(requests)


def test_an_idempotency_key_is_bound_to_every_knob_and_to_whether_conversion_is_required() -> None:
    spoken = queued_job().request
    assert isinstance(spoken, SynthesisRequest)
    requests = [
        spoken, replace(spoken, conversion=ASKED), replace(spoken, conversion=replace(ASKED, index_rate=0.75)),
        replace(spoken, conversion=ASKED, conversion_required=True), replace(spoken, conversion=ASKED, f0_method_named=True),
        replace(spoken, conversion=replace(ASKED, f0_method=F0Method.PM), f0_method_named=True),
    ]  # fmt: skip
    assert len({request_fingerprint(each) for each in requests}) == len(requests)
