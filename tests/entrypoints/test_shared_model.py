"""`VOICECORE_SHARE_MODEL` and `VOICECORE_IDLE_UNLOAD_S`: a service whose slots share one model process, as users run it."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import contextmanager

import pytest
from tests.instruments.model_processes import model_processes

from entrypoints.container import build
from entrypoints.http.health import look
from entrypoints.settings import Settings
from voicecore.audio import Audio
from voicecore.job import JobStatus
from voicecore.language import Language
from voicecore.request import SynthesisRequest
from voicecore.testing.tone import PLAN_VARIABLE

PT = Language("pt", "BR")
PATIENCE_S = 60.0


def eventually(find):
    until = time.monotonic() + PATIENCE_S
    while not (found := find()):
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


@contextmanager
def service(folder, monkeypatch, *, plan=None, **settings):
    monkeypatch.setenv(PLAN_VARIABLE, json.dumps(plan or {}))
    opened = build(Settings(engine="tone", data_dir=folder, **settings)).service()
    for slot in opened.crew.slots:
        slot.runner.poll_s = 0.05
    with opened:
        yield opened
    assert model_processes() == []


def submitted(service, text):
    return service.submit_synthesis(SynthesisRequest(text=text, source_language=PT))


def ended(service, job):
    done = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)
    return eventually(lambda: (now := service.store.get(job.id)).status in done and now)


def works_at(service, job):
    """Whether a slot does."""
    watches = [slot.run_job._running for slot in service.crew.slots]
    return any(watch is not None and watch.job.id == job.id for watch in watches)


def sound(service, job):
    with service.blobs.open(job.result.audio_key) as reader:
        return Audio.from_wav_bytes(reader.read()).samples.tobytes()


def texts(number):
    return [
        f"Este é o texto número {k}, com letra {'abcdefgh'[k]}. E mais uma frase para o fim." for k in range(number)
    ]


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The sound of each text from a service with one slot."""
    with pytest.MonkeyPatch.context() as patch, service(tmp_path_factory.mktemp("alone"), patch) as one:
        return [sound(one, ended(one, submitted(one, text))) for text in texts(6)]


def test_six_jobs_of_three_slots_are_spoken_right_by_one_process_and_a_cancelled_one_harms_no_other(
    tmp_path, monkeypatch, alone
):
    plan = {"step_s": 0.02, "letters_per_chunk": 2, "batch_size": 3}
    with service(tmp_path, monkeypatch, plan=plan, slots=3, share_model=True) as shared:
        doomed = submitted(shared, "Isto nunca termina. " * 450)  # ninety seconds
        seen = set()

        def half_way():
            seen.update(model_processes())
            now = shared.store.get(doomed.id)
            return now.status is JobStatus.PROCESSING and now.segments is not None and now.segments.done > 0

        eventually(half_way)
        jobs = [submitted(shared, text) for text in texts(6)]
        eventually(lambda: shared.crew.busy == 3)
        shared.cancel(doomed.id)
        eventually(lambda: not works_at(shared, doomed))
        finished = [ended(shared, job) for job in jobs]
        seen.update(model_processes())
        assert [job.status for job in finished] == [JobStatus.COMPLETED] * 6
        assert [job.attempt for job in finished] == [1] * 6
        assert [sound(shared, job) for job in finished] == alone
        assert shared.store.get(doomed.id).status is JobStatus.CANCELLED
        assert len(seen) == 1


def test_slots_that_do_not_share_have_a_process_each(tmp_path, monkeypatch):
    plan = {"step_s": 0.1, "letters_per_chunk": 2}
    with service(tmp_path, monkeypatch, plan=plan, slots=2) as apart:
        jobs = [submitted(apart, text) for text in texts(2)]
        eventually(lambda: len(model_processes()) == 2)
        assert [ended(apart, job).status for job in jobs] == [JobStatus.COMPLETED] * 2


def test_when_the_shared_process_is_killed_every_job_is_tried_once_more_and_ends_well(tmp_path, monkeypatch, alone):
    plan = {"step_s": 0.02, "letters_per_chunk": 2, "batch_size": 3}
    with service(tmp_path, monkeypatch, plan=plan, slots=3, share_model=True) as shared:
        jobs = [submitted(shared, text) for text in texts(3)]

        def spoken():
            begun = [shared.store.get(job.id).segments is not None for job in jobs]
            return all(begun) and shared.crew.busy == 3 and model_processes()

        os.kill(eventually(spoken)[0], signal.SIGKILL)
        finished = [ended(shared, job) for job in jobs]
        assert [job.status for job in finished] == [JobStatus.COMPLETED] * 3
        assert {job.attempt for job in finished} <= {1, 2}
        assert [sound(shared, job) for job in finished] == alone[:3]
        assert len(model_processes()) == 1


@pytest.mark.parametrize("share", [False, True])
def test_an_idle_service_gives_the_models_memory_back_and_speaks_again_when_asked(tmp_path, monkeypatch, share):
    plan = {"step_s": 0.02, "letters_per_chunk": 1}
    with service(tmp_path, monkeypatch, plan=plan, slots=2, share_model=share, idle_unload_s=0.5) as idle:
        assert look(idle).checks["engine"].model_loaded is False
        job = submitted(idle, "Bom dia. " * 10)
        # Seen while it speaks: afterwards it may be gone, if this machine stands still for a moment.
        eventually(lambda: look(idle).checks["engine"].model_loaded)
        assert ended(idle, job).status is JobStatus.COMPLETED
        eventually(lambda: model_processes() == [])
        engine = look(idle).checks["engine"]
        assert (engine.status, engine.model_loaded) == ("ok", False)
        assert ended(idle, submitted(idle, "Boa noite.")).status is JobStatus.COMPLETED
