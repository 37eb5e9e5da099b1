"""Jobs that convert: what was spoken, and recordings; and how they say what became of it."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
import soundfile

from adapters.audio import SandboxedCodec
from voicecore.audio import Audio
from voicecore.conversion import CONVERSION_PARAMETERS
from voicecore.ports import AudioLimits
from voicecore.testing.shifter import PLAN_VARIABLE, shifter_file

from .room import HELLO, Room, furnished, recording, refused

KNOBS = {
    "rvc_pitch": -12, "rvc_index_rate": 0, "rvc_protect": 0, "rvc_rms_mix_rate": 0, "rvc_filter_radius": 0,
    "rvc_hop_length": 1, "rvc_f0_method": "harvest",
}  # fmt: skip


def added(room: Room, name: str = "Narrator", *, index: bytes | None = b"12345") -> str:
    """The id of a new model."""
    sent = {"pth_file": ("a.pth", shifter_file())} | ({} if index is None else {"index_file": ("a.index", index)})
    answer = room.client.post("/rvc-models", data={"name": name}, files=sent)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def convert(room: Room, model: str, data: bytes | None = None, *, key: str | None = None, **fields: object):
    """The answer to a recording that shall be converted."""
    headers = {} if key is None else {"Idempotency-Key": key}
    sent = {"file": ("a.wav", recording(2.0) if data is None else data, "audio/wav")}
    form = {"mode": "convert", "rvc_model_id": model, **fields}
    return room.client.post(
        "/jobs", data={name: str(value) for name, value in form.items()}, files=sent, headers=headers
    )


def sound(room: Room, job: dict) -> tuple[np.ndarray, int]:
    return soundfile.read(io.BytesIO(room.client.get(job["audio_url"]).content))


def test_what_was_spoken_is_converted_and_the_answer_says_so(room: Room):
    model = added(room)
    plain = room.spoken()
    job = room.spoken(enable_rvc=True, rvc_model_id=model, seed=3)
    assert (job["rvc_applied"], job["rvc_fallback_reason"], job["warnings"]) == (True, None, [])
    assert job["rvc"] == {
        "enabled": True, "model_id": model, "required": False, "pitch": 0, "index_rate": 0.75, "protect": 0.33,
        "rms_mix_rate": 0.25, "filter_radius": 3, "hop_length": 128, "f0_method": "rmvpe", "index_used": True,
        "index_reason": None,
    }  # fmt: skip
    assert (plain["sample_rate_hz"], job["sample_rate_hz"]) == (16_000, 32_000)
    assert plain["rvc_applied"] is False
    assert plain["rvc"]["enabled"] is False
    made, rate = sound(room, job)
    assert rate == 32_000
    assert len(made) / rate == pytest.approx(job["duration"]) == pytest.approx(plain["duration"], abs=0.01)


def test_every_knob_reaches_the_converter_and_0_is_a_value(room: Room):
    model = added(room)
    plain, _ = sound(room, room.spoken(enable_rvc=True, rvc_model_id=model))
    for name, value in KNOBS.items():
        job = room.spoken(enable_rvc=True, rvc_model_id=model, **{name: value})
        assert job["rvc"][name.removeprefix("rvc_")] == value
        assert not np.array_equal(sound(room, job)[0], plain), name


def test_an_index_that_was_not_used_is_told_with_the_reason(room: Room):
    job = room.spoken(enable_rvc=True, rvc_model_id=added(room, index=None))
    assert (job["rvc"]["index_used"], job["rvc"]["index_reason"]) == (False, "The model has no index.")
    job = room.spoken(enable_rvc=True, rvc_model_id=added(room, "With index"), rvc_index_rate=0)
    assert (job["rvc"]["index_used"], job["rvc"]["index_reason"]) == (False, "rvc_index_rate is 0.")


def test_where_conversion_fails_the_plain_voice_is_kept_and_the_answer_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(PLAN_VARIABLE, '{"trouble": "fail"}')
    with furnished(tmp_path) as room:
        model = added(room)
        plain = room.spoken()
        job = room.spoken(enable_rvc=True, rvc_model_id=model)
        assert job["rvc_applied"] is False
        assert "told to fail" in job["rvc_fallback_reason"]
        assert job["sample_rate_hz"] == plain["sample_rate_hz"]
        assert np.array_equal(sound(room, job)[0], sound(room, plain)[0])
        assert job["rvc"]["enabled"] is True
        failed = room.finished(room.submit(enable_rvc=True, rvc_model_id=model, rvc_required=True)["id"])
        assert (failed["status"], failed["rvc"]["required"]) == ("failed", True)
        assert "told to fail" in failed["error"]
        lost = room.finished(convert(room, model).json()["id"])
        assert (lost["status"], lost["rvc_applied"]) == ("failed", False)
        assert "told to fail" in lost["error"]


def test_a_pitch_tracker_that_is_off_is_refused_by_name_and_replaced_where_none_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(PLAN_VARIABLE, '{"methods_off": ["rmvpe"]}')
    with furnished(tmp_path) as room:
        model = added(room)
        asked = {**HELLO, "enable_rvc": True, "rvc_model_id": model, "rvc_f0_method": "rmvpe"}
        refused(room.client.post("/jobs", json=asked), 400, "rvc_f0_method", "voicecore models pull")
        refused(convert(room, model, rvc_f0_method="rmvpe"), 400, "rvc_f0_method", "voicecore models pull")
        job = room.spoken(enable_rvc=True, rvc_model_id=model)
        assert job["rvc"]["f0_method"] == "fcpe"
        assert any("fcpe in place of rmvpe" in warning for warning in job["warnings"])


def test_a_recording_is_converted(room: Room):
    model = added(room)
    answer = convert(room, model, rvc_pitch=0, rvc_f0_method="swift", seed=5, output_format="flac", priority="high")
    accepted = answer.json()
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/jobs/{accepted['id']}"
    job = room.finished(accepted["id"])
    assert (job["status"], job["mode"], job["rvc_applied"]) == ("completed", "convert", True), job
    assert (job["text"], job["voice_preset"], job["voice_id"], job["speed"]) == (None, None, None, None)
    assert (job["seed"], job["output_format"], job["priority"]) == (5, "flac", "high")
    assert (job["rvc"]["model_id"], job["rvc"]["required"], job["rvc"]["f0_method"]) == (model, True, "swift")
    assert (job["sample_rate_hz"], job["duration"]) == (32_000, pytest.approx(2.0, abs=0.001))
    assert job["output_file"] == f"dubbed_{job['id']}.flac"
    assert room.client.get(job["audio_url"]).content.startswith(b"fLaC")
    formats = room.client.get(f"/jobs/{job['id']}/formats").json()["formats"]
    assert [each["format"] for each in formats if each["requested"]] == ["flac"]
    assert room.client.get("/jobs", params={"mode": "convert"}).json()["total"] == 1
    (piece,) = room.client.get(f"/jobs/{job['id']}/segments").json()["segments"]
    assert (piece["start"], piece["end"], piece["end_s"]) == (0, 0, pytest.approx(2.0, abs=0.001))
    assert not list(room.service.blobs.list("uploads/"))


def test_the_mode_may_come_behind_the_recording(room: Room):
    parts = [
        ("file", ("a.wav", recording(1.0), "audio/wav")), ("mode", (None, "convert")),
        ("rvc_model_id", (None, added(room))),
    ]  # fmt: skip
    assert room.client.post("/jobs", files=parts).status_code == 202
    parts[1] = ("mode", (None, "dubbing"))
    refused(room.client.post("/jobs", files=parts), 400, "file", "none is read here")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"text": "Oi"}, "text"),
        ({"voice_id": "voice_1"}, "voice_id"),
        ({"enable_rvc": "false"}, "enable_rvc"),
        ({"rvc_required": "false"}, "rvc_required"),
        ({"rvc_pitch": 13}, "rvc_pitch"),
        ({"rvc_pitch": "nan"}, "rvc_pitch"),
        ({"rvc_index_rate": "inf"}, "rvc_index_rate"),
        ({"rvc_f0_method": "guess"}, "rvc_f0_method"),
        ({"seed": -1}, "seed"),
        ({"output_format": "aiff"}, "output_format"),
        ({"priority": "now"}, "priority"),
    ],
)
def test_wrong_fields_beside_a_recording_are_named_and_leave_nothing(shared: Room, fields: dict, field: str):
    model = shared.client.get("/rvc-models").json()["models"]
    known = model[0]["id"] if model else added(shared)
    refused(convert(shared, known, **fields), 400, field)
    assert not list(shared.service.blobs.list("uploads/"))


@pytest.mark.parametrize("name", CONVERSION_PARAMETERS)
def test_every_knob_out_of_range_or_no_number_is_refused_in_every_body(shared: Room, name: str):
    parameter = CONVERSION_PARAMETERS[name]
    listed = shared.client.get("/rvc-models").json()["models"]
    model = listed[0]["id"] if listed else added(shared)
    spoken = {**HELLO, "enable_rvc": True, "rvc_model_id": model}
    beyond = [parameter.minimum - 1, parameter.maximum + 1, *([2.5] if parameter.integer else [])]
    for value in beyond:
        refused(shared.client.post("/jobs", json={**spoken, name: value}), 400, name)
    for value in [*beyond, "nan", "inf", "-inf", "much"]:
        form = {key: str(each) for key, each in {**spoken, name: value}.items()}
        refused(shared.client.post("/jobs", data=form), 400, name)
        refused(convert(shared, model, **{name: value}), 400, name)
    assert uploads(shared) == []


def test_a_conversion_needs_a_recording_and_a_model(shared: Room):
    form = {"mode": (None, "convert"), "rvc_model_id": (None, "rvc_1")}
    refused(shared.client.post("/jobs", files=form), 400, "file", "recording")
    refused(shared.client.post("/jobs", files={**form, "file": (None, "RIFF")}), 400, "file", "with a filename")
    refused(convert(shared, "rvc_none"), 404, "rvc_model_id")
    without = {"file": ("a.wav", recording(1.0))}
    refused(shared.client.post("/jobs", data={"mode": "convert"}, files=without), 400, "rvc_model_id")
    two = [("file", ("a.wav", recording(1.0))), ("file", ("b.wav", recording(1.0)))]
    refused(shared.client.post("/jobs", data={"mode": "convert", "rvc_model_id": "x"}, files=two), 400, "file", "two")
    refused(shared.client.post("/jobs", json={**HELLO, "mode": "convert"}), 400, "file", "multipart/form-data")
    alone = {"mode": "convert", "rvc_model_id": "rvc_1"}
    for how in ("json", "data"):
        refused(shared.client.post("/jobs", **{how: alone}), 400, "file", "multipart/form-data")
    headers = {"Idempotency-Key": "\x07"}
    answer = shared.client.post("/jobs", data=alone, files={"file": ("a.wav", recording(1.0))}, headers=headers)
    refused(answer, 400, "Idempotency-Key")


def uploads(room: Room) -> list[str]:
    return [stat.key for stat in room.service.blobs.list("uploads/")]


def test_a_recording_sent_again_with_its_key_is_the_job_made_before(room: Room):
    model = added(room)
    room.gate.opened.clear()
    room.submit(text="Antes.")
    first = convert(room, model, key="k", seed=3)
    again = convert(room, model, key="k", seed=3)
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["id"] == first.json()["id"]
    assert uploads(room) == [f"uploads/{first.json()['id']}/0.wav"]
    room.gate.opened.set()
    job = room.finished(first.json()["id"])
    assert (job["status"], uploads(room)) == ("completed", [])
    late = convert(room, model, key="k", seed=3).json()
    assert (late["id"], late["status"]) == (job["id"], "completed")
    assert uploads(room) == []


@pytest.mark.parametrize("change", [
    {"data": recording(2.1)}, {"rvc_pitch": 1}, {"seed": 4}, {"output_format": "mp3"}, {"priority": "high"},
    {"rvc_f0_method": "rmvpe"},
])  # fmt: skip
def test_the_same_key_with_another_recording_or_field_is_a_409_and_leaves_nothing(shared: Room, change: dict):
    known = shared.client.get("/rvc-models").json()["models"]
    model = known[0]["id"] if known else added(shared)
    key = f"other {sorted(change)}"
    job = convert(shared, model, key=key, seed=3).json()
    refused(convert(shared, model, change.pop("data", None), key=key, **{"seed": 3, **change}), 409)
    shared.finished(job["id"])
    assert uploads(shared) == []


class OwnCodec(SandboxedCodec):
    """Decodes our own WAV here: fifty processes would be most of the test."""

    def decode(self, data: BinaryIO, limits: AudioLimits) -> Audio:
        del limits
        return Audio.from_wav_bytes(data.read())


def test_fifty_recordings_at_once_with_one_key_are_one_job_and_one_upload(tmp_path: Path):
    with furnished(tmp_path, override=lambda container: container.codec.override(OwnCodec())) as room:
        model = added(room)
        room.gate.opened.clear()
        room.submit(text="Antes.")
        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(lambda _: convert(room, model, recording(1.0), key="fifty"), range(50)))
        assert {answer.status_code for answer in answers} == {202}
        (job_id,) = {answer.json()["id"] for answer in answers}
        assert uploads(room) == [f"uploads/{job_id}/0.wav"]
        assert room.client.get("/jobs", params={"mode": "convert"}).json()["total"] == 1


@pytest.mark.parametrize(
    ("data", "status"),
    [(recording(0.01), 400), (recording(0.4), 400), (b"", 415), (b"MZ" + b"\0" * 9_000, 415)],
    ids=["10 ms", "short", "empty", "no audio"],
)
def test_a_recording_that_is_of_no_use_is_refused(room: Room, data: bytes, status: int):
    answer = convert(room, added(room), data)
    assert answer.status_code in (400, status), answer.text
    refused(answer, answer.status_code, "file")
    assert not list(room.service.blobs.list("uploads/"))


def test_a_recording_that_is_silent_or_of_another_rate_is_converted_to_its_own_length(room: Room):
    model = added(room)
    for data in (recording(3.0, hz=0), recording(1.5)):
        job = room.finished(convert(room, model, data).json()["id"])
        assert job["status"] == "completed", job
    stereo = io.BytesIO()
    soundfile.write(stereo, np.stack([np.sin(np.arange(12_000) / 9)] * 2, axis=1) * 0.3, 8_000, format="WAV")
    job = room.finished(convert(room, model, stereo.getvalue()).json()["id"])
    assert (job["status"], job["duration"]) == ("completed", pytest.approx(1.5, abs=0.001))


def test_a_recording_over_the_limits_is_refused(tmp_path: Path):
    with furnished(tmp_path, max_upload_mb=1, max_audio_s=3.0) as room:
        model = added(room)
        refused(convert(room, model, b"x" * 1_100_000), 413, "file")
        refused(convert(room, model, recording(4.0)), 400, "file")


def test_three_hours_of_a_small_file_are_refused_at_the_door(room: Room):
    model, data = added(room), io.BytesIO()
    with soundfile.SoundFile(data, "w", 8_000, 1, "PCM_16", format="FLAC") as file:
        for _ in range(3 * 60):
            file.write(np.zeros(60 * 8_000, np.int16))
    assert len(data.getvalue()) < 2_000_000
    refused(convert(room, model, data.getvalue()), 400, "file", "600 s")
    assert uploads(room) == []


def test_a_model_that_is_gone_when_its_job_begins_leaves_the_plain_voice(room: Room):
    model = added(room)
    room.gate.opened.clear()
    room.submit(text="Antes.")
    waiting = room.submit(enable_rvc=True, rvc_model_id=model)
    room.service.catalog.models.delete(model)  # past the refusal: as another process that sees no job may
    room.gate.opened.set()
    job = room.finished(waiting["id"])
    assert (job["status"], job["rvc_applied"]) == ("completed", False)
    assert model in job["rvc_fallback_reason"]
