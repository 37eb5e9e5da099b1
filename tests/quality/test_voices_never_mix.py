"""Four voices asked for at once, of two processes that hold the model: each text is spoken by the voice that it was given.

The references are made by the library, in the process of the test, where nothing else runs. Two things are compared with them:
the bits, and who an independent judge hears, who gets another text of the same voice to compare with.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import voicecore
from entrypoints.container import build
from entrypoints.service import Service
from entrypoints.settings import Settings
from tests.instruments.speaker_judge import SAME_SPEAKER_BOUNDARY, d_vector
from voicecore.audio import Audio, pcm16_bytes
from voicecore.job import JobId, JobStatus, SynthesisJob
from voicecore.language import Language
from voicecore.request import SynthesisRequest

pytestmark = pytest.mark.quality

VOICES = ("female_generic", "male_generic", "female_young", "male_deep")
TEXTS = (
    "O trem das sete chegou atrasado. Ninguém na estação reclamou da demora.",
    "A biblioteca fica ao lado da escola, e abre todos os dias às nove horas da manhã.",
)
#: Order of asking: a voice never twice in a row, so that each process changes voices from job to job.
ASKED = tuple((voice, text) for text in TEXTS for voice in VOICES)
#: One thread each: the processor is shared, and the number of threads must not decide how sums are rounded.
THREADS = 1
PATIENCE_S = 300.0
#: All is asked for once more as long as one of the slots has spoken too little: on a busy machine its model may come late.
MOST_ROUNDS = 6

Asked = tuple[str, str]
Spoken = dict[Asked, Audio]
Ended = list[tuple[Asked, SynthesisJob]]


@pytest.fixture(scope="module")
def alone() -> Spoken:
    """Voice and text → the recording made while nothing else was asked for."""
    with voicecore.open("kokoro", threads=THREADS) as studio:
        return {(voice, text): studio.say(text, language="pt-BR", voice=voice) for voice, text in ASKED}


def _finished(service: Service, job_id: JobId) -> SynthesisJob:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        job = service.store.get(job_id)
        if job is not None and job.status.finished:
            return job
        time.sleep(0.05)
    raise AssertionError(f"{job_id} did not end within {PATIENCE_S:g} s")


def _round(service: Service) -> list[tuple[Asked, JobId]]:
    """All asked for at once."""
    return [
        ((voice, text), service.submit_synthesis(
            SynthesisRequest(text=text, source_language=Language("pt", "BR"), voice_preset=voice)
        ).id)
        for voice, text in ASKED
    ]  # fmt: skip


def _voices_of(ended: Ended) -> dict[str | None, set[str]]:
    """Slot → the voices that it has spoken with."""
    found: dict[str | None, set[str]] = {}
    for (voice, _), job in ended:
        found.setdefault(job.worker, set()).add(voice)
    return found


def _both_changed_voices(ended: Ended) -> bool:
    voices = _voices_of(ended).values()
    return len(voices) == 2 and all(len(each) > 1 for each in voices)


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Ended]]:
    """All asked for before the first is spoken, by two slots; nothing comes from the cache."""
    folder: Path = tmp_path_factory.mktemp("service")
    service = build(Settings(data_dir=folder, slots=2, threads=THREADS, segment_cache_mb=0)).service()
    asked = _round(service)
    ended: Ended = []
    with service:
        for _ in range(MOST_ROUNDS):
            ended += [(each, _finished(service, job_id)) for each, job_id in asked]
            if _both_changed_voices(ended):
                break
            asked = _round(service)
        yield service, ended


@pytest.fixture(scope="module")
def together(jobs: tuple[Service, Ended]) -> list[tuple[Asked, Audio]]:
    """Voice and text → the recording made amid the others."""
    service, ended = jobs
    found = []
    for asked, job in ended:
        assert job.status is JobStatus.COMPLETED, job.error
        assert job.result is not None
        assert job.result.audio_key is not None
        with service.blobs.open(job.result.audio_key) as reader:
            found.append((asked, Audio.from_wav_bytes(reader.read())))
    return found


def test_both_slots_spoke_several_voices(jobs: tuple[Service, Ended]) -> None:
    _, ended = jobs
    assert _both_changed_voices(ended), _voices_of(ended)


def test_each_output_is_bit_for_bit_what_its_voice_says_alone(
    alone: Spoken, together: list[tuple[Asked, Audio]]
) -> None:
    for asked, audio in together:
        assert pcm16_bytes(audio.samples) == pcm16_bytes(alone[asked].samples), asked
    assert len({pcm16_bytes(audio.samples) for _, audio in together}) == len(ASKED)


def test_each_output_is_nearest_to_its_own_voice_saying_something_else(
    alone: Spoken, together: list[tuple[Asked, Audio]]
) -> None:
    references = {asked: d_vector(audio) for asked, audio in alone.items()}
    for (voice, text), audio in together:
        heard = d_vector(audio)
        other_text = next(each for each in TEXTS if each != text)
        likeness = {each: float(heard @ references[each, other_text]) for each in VOICES}
        assert max(likeness, key=lambda each: likeness[each]) == voice, (text, likeness)
        print(f"{voice:16s} own {likeness.pop(voice):.3f}, nearest other {max(likeness.values()):.3f}")


def test_the_references_are_four_speakers_to_the_judge(alone: Spoken) -> None:
    for text in TEXTS:
        vectors = {voice: d_vector(alone[voice, text]) for voice in VOICES}
        for one, other in itertools.combinations(VOICES, 2):
            assert np.dot(vectors[one], vectors[other]) < SAME_SPEAKER_BOUNDARY, (one, other)
