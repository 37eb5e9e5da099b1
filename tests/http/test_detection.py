"""`POST /v1/audio/detect`: what is ours, what says it is, and what nobody can say."""

from __future__ import annotations

import io
import re
import struct
from pathlib import Path

import numpy as np
import pytest

from tests.instruments.heads import pcm_of
from tests.instruments.tones import recording
from voicecore.access import Scope
from voicecore.audio import Audio, pcm16_bytes
from voicecore.marks import found_marks, info_texts
from voicecore.ports import AudioLimits
from voicecore.request import OutputFormat
from voicecore.sound_sketch import SoundMeter
from voicecore.wavfile import wav_header

from .people import acting, person
from .room import Room, furnished

TEXT = "Era uma vez um rei. Ele tinha três filhas, e nenhuma delas sabia cantar. Um dia chegou um músico."
PATH = "/v1/audio/detect"


@pytest.fixture(scope="module")
def done(shared: Room) -> dict:
    return shared.spoken(text=TEXT)


def file_of(room: Room, job: dict, audio_format: str = "wav") -> bytes:
    return room.client.get(f"/jobs/{job['id']}/download", params={"format": audio_format}).raise_for_status().content


def detected(room: Room, data: bytes) -> dict:
    answer = room.client.post(PATH, files={"file": ("a.bin", data, "application/octet-stream")})
    assert answer.status_code == 200, answer.text
    return answer.json()


def rate_of(data: bytes) -> int:
    return int(struct.unpack_from("<I", data, 24)[0])


def with_line(line: str, pcm: bytes, rate: int) -> bytes:
    return wav_header(rate, len(pcm), info_texts(line)) + pcm


@pytest.mark.parametrize("audio_format", [each.value for each in OutputFormat])
def test_every_format_is_known_by_its_mark_and_while_it_is_here_by_its_digest(
    shared: Room, done: dict, audio_format: str
):
    data = file_of(shared, done, audio_format)
    found = detected(shared, data)
    assert (found["ours"], found["by"], found["verified"]) == (True, ["mark", "digest"], True)
    assert (found["job_id"], found["job_url"]) == (done["id"], f"/jobs/{done['id']}")
    assert found["mark"]["genuine"]
    assert found["mark"]["sound"] == ("same" if audio_format in ("wav", "flac") else "similar")
    assert (found["mark"]["engine"], found["watermark"]) == ("tone", None)
    assert b"SYNTHETIC" in data


@pytest.mark.parametrize("audio_format", [each.value for each in OutputFormat])
def test_a_file_outlives_its_job(room: Room, audio_format: str):
    job = room.spoken(text=TEXT)
    data = file_of(room, job, audio_format)
    assert room.client.delete(f"/jobs/{job['id']}").status_code == 200
    found = detected(room, data)
    assert (found["ours"], found["by"], found["verified"]) == (True, ["mark"], True)
    assert (found["job_id"], found["job_url"]) == (job["id"], None)


def test_the_sample_of_a_voice_is_marked_too(room: Room):
    voice_id = room.enrolled()["voice_id"]
    found = detected(room, room.client.get(f"/voices/{voice_id}/sample").content)
    assert (found["ours"], found["by"], found["mark"]["sound"]) == (True, ["mark"], "same")


def test_a_file_without_its_mark_is_known_by_its_samples_while_the_job_is_here(shared: Room, done: dict):
    data = file_of(shared, done)
    bare = wav_header(rate_of(data), len(pcm_of(data))) + pcm_of(data)
    found = detected(shared, bare)
    assert (found["ours"], found["by"], found["verified"], found["mark"]) == (True, ["digest"], True, None)
    assert found["job_id"] == done["id"]


def test_a_strangers_file_is_unknown_and_never_surely_not_ours(shared: Room):
    found = detected(shared, recording(2))
    assert (found["ours"], found["by"], found["verified"], found["job_id"]) == ("unknown", [], False, None)
    assert "may be ours all the same" in found["notes"][0]


def test_the_mark_of_another_installation_is_told_as_such(shared: Room, tmp_path: Path):
    with furnished(tmp_path) as other:
        data = file_of(other, other.spoken(text="Outra casa, outra voz."))
    found = detected(shared, data)
    assert (found["ours"], found["verified"], found["mark"]["genuine"]) == ("unknown", False, False)
    assert "another key" in found["notes"][0]


def test_a_forged_mark_is_seen(shared: Room, done: dict):
    data = file_of(shared, done)
    pcm, rate = bytes(len(pcm_of(data))) or b"", rate_of(data)
    line = next(found_marks(data)).line
    meter = SoundMeter(rate)
    meter.add(noise := pcm16_bytes(np.random.default_rng(1).uniform(-0.5, 0.5, len(pcm) // 2).astype(np.float32)))
    known = meter.sound()
    forged = re.sub(r"PCM=\w+ SKETCH=\w+", f"PCM={known.pcm_sha256} SKETCH={known.sketch}", line)
    found = detected(shared, with_line(forged, noise, rate))
    assert (found["ours"], found["verified"], found["mark"]["genuine"], found["mark"]["sound"]) == (
        "unknown",
        False,
        False,
        "same",
    )
    assert "forged" in found["notes"][0]


def test_a_mark_that_was_copied_onto_another_sound_is_seen(shared: Room, done: dict):
    data = file_of(shared, done)
    line, rate, size = next(found_marks(data)).line, rate_of(data), len(pcm_of(data))
    other = np.resize(np.frombuffer(pcm_of(recording(5)), "<i2")[::-1], size // 2)
    other = (other * np.linspace(0, 1, len(other))).astype("<i2")
    for pcm in (other.tobytes(), other[: len(other) // 2].tobytes()):
        found = detected(shared, with_line(line, pcm, rate))
        assert (found["ours"], found["verified"]) == ("unknown", False)
        assert (found["mark"]["genuine"], found["mark"]["sound"]) == (True, "different")
        assert "copied" in found["notes"][0]


def test_the_true_mark_is_found_among_false_ones_and_behind_a_megabyte_of_other_metadata(shared: Room, done: dict):
    data = file_of(shared, done)
    line = next(found_marks(data)).line
    false = line[:-1] + ("0" if line[-1] != "0" else "1")
    pcm, rate = pcm_of(data), rate_of(data)
    head = wav_header(rate, len(pcm), {"INAM": "x" * 2**20, "IART": false, "ICMT": line})
    found = detected(shared, head + pcm)
    assert (found["ours"], found["by"], found["mark"]["genuine"]) == (True, ["mark", "digest"], True)


def test_an_edited_sound_with_its_mark_left_on_is_told_from_a_converted_one(shared: Room, done: dict):
    data = file_of(shared, done)
    line, rate = next(found_marks(data)).line, rate_of(data)
    pcm = np.frombuffer(pcm_of(data), "<i2")
    quieter = (pcm * 0.4).astype("<i2")
    found = detected(shared, with_line(line, quieter.tobytes(), rate))
    assert (found["ours"], found["by"], found["mark"]["sound"]) == (True, ["mark"], "similar")
    swapped = np.concatenate([pcm[len(pcm) // 2 :], pcm[: len(pcm) // 2]])
    assert detected(shared, with_line(line, swapped.tobytes(), rate))["mark"]["sound"] == "different"


def test_uploads_are_refused_as_everywhere(shared: Room, done: dict):
    data = file_of(shared, done)

    def status(**sent) -> tuple[int, str]:
        answer = shared.client.post(PATH, **sent)
        return answer.status_code, answer.text

    assert status(files={"file": ("a", data[: len(data) // 2])})[0] == 400
    assert status(files={"file": ("a", b"MZ" + bytes(9_000))})[0] == 415
    assert status(files={"sound": ("a", data)})[0] == 400
    assert status(files=[("file", ("a", data)), ("file", ("b", data))])[0] == 400
    assert status(files={"file": ("a", data)}, data={"who": "me"})[0] == 400
    assert status(data={"file": "text"}, files={"file": ("a", data)})[0] == 400
    assert status(json={})[0] == 415


def test_files_of_the_same_job_are_the_same_bytes(room: Room):
    job = room.spoken(text=TEXT)
    first = {each: file_of(room, job, each.value) for each in OutputFormat}
    for stat in list(room.service.blobs.list(f"jobs/{job['id']}/")):
        if stat.key.rsplit(".", 1)[-1] in {each.value for each in OutputFormat} - {"wav"}:
            room.service.blobs.delete(stat.key)
    for each in (OutputFormat.WAV, OutputFormat.FLAC, OutputFormat.MP3):
        assert file_of(room, job, each.value) == first[each]


def test_a_master_from_before_marks_is_exported_as_ever(room: Room):
    job = room.spoken(text=TEXT)
    key = room.service.store.get(job["id"]).result.audio_key
    with room.service.blobs.open(key) as reader:
        audio = Audio.from_wav_bytes(reader.read())
    room.service.blobs.put(key, [audio.wav_bytes()])
    for each in OutputFormat:
        data = file_of(room, job, each.value)
        assert not list(found_marks(data))
        heard = room.service.detect_audio.codec.decode(io.BytesIO(data), AudioLimits())
        assert heard.duration_s == pytest.approx(audio.duration_s, abs=0.15)


# --- whose it is ------------------------------------------------------------------------------------------------------
def test_a_job_is_named_to_its_owner_and_to_admins_and_to_nobody_else(room: Room):
    with person(room, "Ana") as ana, person(room, "Bia") as bia, person(room, "Root", [Scope.ADMIN]) as root:
        with acting(room, ana) as hers:
            job = hers.spoken(text=TEXT)
            data = file_of(hers, job)
        bare = wav_header(rate_of(data), len(pcm_of(data))) + pcm_of(data)
        for file, by in ((data, ["mark", "digest"]), (bare, ["digest"])):
            for who, told in ((ana, True), (root, True), (bia, False)):
                with acting(room, who) as theirs:
                    found = detected(theirs, file)
                assert (found["ours"], found["by"], found["verified"]) == (True, by, True)
                assert found["job_id"] == (job["id"] if told else None)
                assert found["job_url"] == (f"/jobs/{job['id']}" if told else None)
                if by != ["digest"]:
                    assert found["mark"]["job_id"] == found["job_id"]
                assert (job["id"] in str(found)) is told
        with acting(room, bia) as theirs:
            again = theirs.spoken(text=TEXT)
        for who, seen in ((ana, job["id"]), (bia, again["id"])):
            with acting(room, who) as theirs:
                assert detected(theirs, bare)["job_id"] == seen
        # Whose it was is forgotten with the job.
        assert ana.client.delete(f"/jobs/{job['id']}").status_code == 200
        for who, told in ((ana, None), (bia, None), (root, job["id"])):
            with acting(room, who) as theirs:
                found = detected(theirs, data)
            assert (found["ours"], found["job_id"], found["job_url"]) == (True, told, None)


# --- streams ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("audio_format", ["wav", "mp3", "ogg", "opus", "flac"])
def test_a_stream_has_a_mark_which_is_tied_to_no_sound_so_it_proves_nothing_alone(shared: Room, audio_format: str):
    # Another text than the other jobs': the same sound would be found by theirs.
    body = {"mode": "dubbing", "text": f"{TEXT} Ele cantava {audio_format}.", "source_language": "pt-BR"}
    answer = shared.client.post("/jobs/stream", json=body, params={"format": audio_format})
    job_id = answer.headers["x-job-id"]
    found = detected(shared, answer.content)
    assert (found["mark"]["genuine"], found["mark"]["sound"], found["mark"]["job_id"]) == (True, "unknown", job_id)
    assert (found["mark"]["engine"], found["mark"]["model"]) == ("tone", "0" * 16)
    # Its samples are those of the job's file where nothing was lost.
    known = audio_format in ("wav", "flac")
    assert (found["ours"], found["by"]) == ((True, ["digest"]) if known else ("unknown", []))
    assert shared.client.delete(f"/jobs/{job_id}").status_code == 200
    found = detected(shared, answer.content)
    assert (found["ours"], found["verified"], found["mark"]["genuine"]) == ("unknown", False, True)


def test_speech_in_the_dialect_of_openai_is_marked(shared: Room):
    for response_format in ("wav", "mp3", "opus", "flac"):
        body = {"model": "tts-1", "voice": "alloy", "input": TEXT, "response_format": response_format}
        answer = shared.client.post("/v1/audio/speech", json=body)
        assert detected(shared, answer.content)["mark"]["genuine"], response_format


# --- hostile files ----------------------------------------------------------------------------------------------------
def test_a_file_is_searched_at_its_ends_and_not_for_ever(shared: Room, done: dict):
    data = file_of(shared, done)
    line, pcm, rate = next(found_marks(data)).line, pcm_of(data), rate_of(data)
    almost = "SYNTHETIC=true GENERATOR=" * (20 * 2**20 // 25)
    head = wav_header(rate, len(pcm), {"INAM": almost, "ICMT": line})
    found = detected(shared, head + pcm)
    assert (found["ours"], found["by"]) == (True, ["mark", "digest"] if found["mark"] else ["digest"])


def test_a_mark_that_names_strange_jobs_asks_the_store_for_nothing(shared: Room, done: dict):
    data = file_of(shared, done)
    line = next(found_marks(data)).line
    for name in ("*", "../../etc", "job_%00", "JOB[1]", "'--", done["id"] + "*"):
        forged = re.sub(r"JOB=\S+", lambda _, name=name: f"JOB={name}", line)
        found = detected(shared, with_line(forged, pcm_of(data), rate_of(data)))
        assert (found["mark"]["genuine"], found["by"], found["job_id"]) == (False, ["digest"], done["id"])
