"""A service whose sound is watermarked, all of it or none, with the watermarker of the tests in Perth's place."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from dependency_injector import providers

from tests.instruments.heads import pcm_of
from tests.instruments.tones import recording
from voicecore.audio import Audio
from voicecore.errors import EngineFailed, MissingDependency
from voicecore.testing.watermark import ToneWatermarker
from voicecore.usecases.detect_audio import WATERMARKED_FROM
from voicecore.wavfile import wav_header

from .room import Room, furnished
from .test_conversion import added
from .test_detection import detected

TEXT = (
    "Era uma vez um rei. Ele tinha três filhas, e nenhuma delas sabia cantar. Um dia chegou um músico de muito longe."
)
KEY = ToneWatermarker(11)


class Broken(ToneWatermarker):
    """Works until it is told not to."""

    broken = False

    def mark(self, audio: Audio) -> Audio:
        if self.broken:
            raise EngineFailed("The watermark failed, so nothing is handed out.")
        return super().mark(audio)

    def detect(self, audio: Audio) -> float:
        if self.broken:
            raise EngineFailed("its process ended")
        return super().detect(audio)


class Absent(ToneWatermarker):
    """Not installed."""

    def check(self) -> None:
        raise MissingDependency("The watermark is not installed.")


class Everybodys(ToneWatermarker):
    """One that others have, too."""

    keyed = False


@contextmanager
def watermarking(folder: Path, watermarker: ToneWatermarker, **settings) -> Iterator[Room]:
    def put_in(container) -> None:
        container.watermarker.override(providers.Object(watermarker))

    with furnished(folder, override=put_in, **settings) as made:
        yield made


@pytest.fixture(scope="module")
def marking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with watermarking(tmp_path_factory.mktemp("data"), ToneWatermarker(11)) as made:
        yield made


def heard(data: bytes) -> float:
    return KEY.detect(Audio.from_wav_bytes(data))


def bare(pcm: bytes, rate: int = 16_000) -> bytes:
    return wav_header(rate, len(pcm)) + pcm


def test_files_streams_samples_speech_and_what_was_converted_have_it(marking: Room):
    room = marking
    job = room.spoken(text=TEXT)
    file = room.client.get(f"/jobs/{job['id']}/download").content
    assert heard(file) >= WATERMARKED_FROM
    body = {"mode": "dubbing", "text": TEXT, "source_language": "pt-BR"}
    stream = room.client.post("/jobs/stream", json=body, params={"format": "wav"}).content
    assert pcm_of(stream) == pcm_of(file)
    speech = {"model": "tts-1", "voice": "alloy", "input": TEXT, "response_format": "pcm"}
    answer = room.client.post("/v1/audio/speech", json=speech)
    # OpenAI's pcm has 24 kHz.
    assert heard(bare(answer.content, 24_000)) >= WATERMARKED_FROM
    sample = room.client.get(f"/voices/{room.enrolled()['voice_id']}/sample").content
    assert heard(sample) >= WATERMARKED_FROM


def test_it_outlives_metadata_formats_and_the_job_and_detection_says_so(marking: Room):
    job = marking.spoken(text=f"{TEXT} Tocava alaúde.")
    data = {
        each: marking.client.get(f"/jobs/{job['id']}/download", params={"format": each}).content
        for each in ("wav", "mp3")
    }
    marking.client.delete(f"/jobs/{job['id']}")
    found = detected(marking, bare(pcm_of(data["wav"])))
    assert (found["ours"], found["by"], found["verified"], found["mark"]) == (True, ["watermark"], False, None)
    assert found["watermark"]["name"] == "tones"
    assert found["watermark"]["score"] >= WATERMARKED_FROM
    assert detected(marking, data["mp3"])["by"] == ["mark", "watermark"]


def test_only_where_it_is_on_can_a_file_be_not_ours_and_too_little_sound_tells_nothing(marking: Room):
    found = detected(marking, recording(3))
    assert (found["ours"], found["by"]) == (False, [])
    short = detected(marking, bare(pcm_of(recording(3))[:8_000]))
    assert (short["ours"], short["watermark"]) == ("unknown", None)
    assert "too little sound" in " ".join(short["notes"])
    silent = detected(marking, bare(bytes(96_000)))
    assert silent["ours"] == "unknown"


def test_a_watermark_that_others_have_too_says_synthetic_and_not_ours(tmp_path: Path):
    with watermarking(tmp_path, Everybodys(11)) as room:
        marked = KEY.mark(Audio.from_wav_bytes(recording(4)))
        found = detected(room, marked.wav_bytes())
        assert (found["ours"], found["by"]) == ("unknown", ["watermark"])
        assert "others put into theirs" in found["notes"][-1]


def test_where_it_does_not_work_nothing_starts(tmp_path: Path):
    with pytest.raises(MissingDependency), watermarking(tmp_path, Absent()):
        pass


def test_where_it_fails_later_the_job_fails_and_nothing_of_it_is_heard(tmp_path: Path):
    watermarker = Broken(11)
    with watermarking(tmp_path, watermarker) as room:
        job = room.spoken(text=TEXT)
        watermarker.broken = True
        failed = room.finished(room.submit(text="Outro texto, que ninguém ouvirá.")["id"])
        assert failed["status"] == "failed"
        assert "watermark" in failed["error"]
        assert room.client.get(f"/jobs/{failed['id']}/download").status_code == 409
        body = {"mode": "dubbing", "text": "Nem este se ouve.", "source_language": "pt-BR"}
        stream = room.client.post("/jobs/stream", json=body, params={"format": "pcm"})
        assert stream.status_code >= 500
        # What asks for no watermark goes on, and says that it could not be looked for.
        data = room.client.get(f"/jobs/{job['id']}/download").content
        found = detected(room, data)
        assert (found["ours"], found["by"], found["watermark"]) == (True, ["mark", "digest"], None)
        assert "could not be looked for" in " ".join(found["notes"])


def test_segments_that_were_kept_before_it_was_on_are_spoken_again(tmp_path: Path):
    with furnished(tmp_path) as plain:
        before = plain.spoken(text=TEXT)
        data = plain.client.get(f"/jobs/{before['id']}/download").content
        assert plain.spoken(text=TEXT)["segments"]["cached"] > 0
    with watermarking(tmp_path, ToneWatermarker(11)) as room:
        job = room.spoken(text=TEXT)
        assert job["segments"]["cached"] == 0
        marked = room.client.get(f"/jobs/{job['id']}/download").content
        assert heard(marked) >= WATERMARKED_FROM > heard(data)
        assert room.spoken(text=TEXT)["segments"]["cached"] > 0


def test_what_was_converted_has_it(tmp_path: Path):
    with watermarking(tmp_path, ToneWatermarker(11)) as room:
        model = added(room)
        job = room.spoken(text=TEXT, enable_rvc=True, rvc_model_id=model)
        assert job["rvc_applied"]
        assert heard(room.client.get(f"/jobs/{job['id']}/download").content) >= WATERMARKED_FROM
        answer = room.client.post(
            "/jobs",
            data={"mode": "convert", "rvc_model_id": model},
            files={"file": ("a.wav", io.BytesIO(recording(4)))},
        )
        done = room.finished(answer.json()["id"])
        assert done["status"] == "completed", done
        sound = Audio.from_wav_bytes(room.client.get(f"/jobs/{done['id']}/download").content)
        assert np.abs(sound.samples).max() > 0.01
        assert KEY.detect(sound) >= WATERMARKED_FROM
