"""Conversion in a whole service, over its real model processes: jobs that share one, are called off, and outlive its death."""

from __future__ import annotations

import io
import json
import os
import signal
import time
from contextlib import contextmanager

import numpy as np
import pytest
from tests.instruments.model_processes import model_processes

from entrypoints.container import build
from entrypoints.crews import served_engines
from entrypoints.settings import Settings
from voicecore.audio import Audio
from voicecore.conversion import ConversionSettings
from voicecore.errors import InvalidInput, NotFound, NotInstalled
from voicecore.job import JobStatus
from voicecore.language import Language
from voicecore.request import SynthesisRequest
from voicecore.testing import shifter, tone
from voicecore.testing.contracts.voice_converter import buzz
from voicecore.usecases.converters import Converters
from voicecore.usecases.engines import Engines

PT = Language("pt", "BR")
PATIENCE_S = 60.0
TEXT = "Esta é a primeira frase do texto. E esta é a segunda, que acaba com ele."


def eventually(find):
    until = time.monotonic() + PATIENCE_S
    while not (found := find()):
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


@contextmanager
def service(folder, monkeypatch, *, speaks=None, converts=None, **settings):
    monkeypatch.setenv(tone.PLAN_VARIABLE, json.dumps(speaks or {}))
    monkeypatch.setenv(shifter.PLAN_VARIABLE, json.dumps(converts or {}))
    opened = build(Settings(engine="tone", data_dir=folder, **settings)).service()
    for slot in opened.crew.slots:
        slot.runner.poll_s = 0.05
    with opened:
        yield opened
    assert model_processes() == []


def added(service, tmp_path, name="narrator", gain=-0.5):
    file = tmp_path / f"{name}.pth"
    file.write_bytes(shifter.shifter_file(40_000, gain))
    return service.add_model(name, file)


def submitted(service, model, text=TEXT, **more):
    conversion = ConversionSettings(model_id=model.id)
    return service.submit_synthesis(SynthesisRequest(text=text, source_language=PT, conversion=conversion, **more))


def ended(service, job):
    done = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)
    return eventually(lambda: (now := service.store.get(job.id)).status in done and now)


def sound(service, job):
    with service.blobs.open(job.result.audio_key) as reader:
        return Audio.from_wav_bytes(reader.read())


def begun(service, job):
    return service.store.get(job.id).status is JobStatus.PROCESSING


@pytest.mark.parametrize("share", [False, True])
def test_jobs_that_speak_and_jobs_that_convert_share_slots_and_each_gets_its_own_voice(tmp_path, monkeypatch, share):
    with service(tmp_path, monkeypatch, slots=3, share_model=share) as opened:
        models = [added(opened, tmp_path, f"m{number}", gain) for number, gain in enumerate((-0.9, -0.5, 0.3, 0.8))]
        jobs = [submitted(opened, model) for model in models]
        plain = opened.submit_synthesis(SynthesisRequest(text=TEXT, source_language=PT))
        recording = buzz(1.5).wav_bytes()
        only = opened.submit_conversion(ConversionSettings(model_id=models[0].id), io.BytesIO(recording))
        finished = [ended(opened, job) for job in (*jobs, plain, only)]
        assert [job.status for job in finished] == [JobStatus.COMPLETED] * 6
        assert [job.attempt for job in finished] == [1] * 6
        assert [job.result.conversion_applied for job in finished] == [True] * 4 + [None, True]
        peaks = [sound(opened, job).peak for job in finished[:4]]
        # The gains of the models, each times the same speech.
        assert np.allclose(np.array(peaks) / peaks[0], np.array([0.9, 0.5, 0.3, 0.8]) / 0.9, atol=0.02)
        assert sound(opened, finished[4]).sample_rate_hz == 16_000
        assert len(model_processes()) == (1 if share else 3)


@pytest.mark.parametrize("share", [False, True])
def test_a_job_called_off_while_it_converts_does_not_wait_for_the_converter(tmp_path, monkeypatch, share):
    with service(tmp_path, monkeypatch, converts={"trouble": "hang"}, slots=2, share_model=share) as opened:
        doomed = submitted(opened, added(opened, tmp_path))
        eventually(lambda: list(opened.blobs.list("segments/")))  # it is spoken; what comes next is its conversion
        opened.cancel(doomed.id)
        eventually(lambda: opened.crew.busy == 0)
        assert opened.store.get(doomed.id).status is JobStatus.CANCELLED


@pytest.mark.parametrize("share", [False, True])
def test_the_neighbour_of_a_job_that_is_called_off_while_it_converts_goes_on(tmp_path, monkeypatch, share):
    with service(tmp_path, monkeypatch, converts={"convert_s": 1.0}, slots=2, share_model=share) as opened:
        model = added(opened, tmp_path)
        doomed = submitted(opened, model, "Mais uma frase que ninguém quer ouvir até ao fim. " * 150)
        eventually(lambda: begun(opened, doomed) and model_processes())
        speech = SynthesisRequest(text=TEXT, source_language=PT)
        neighbours = [opened.submit_synthesis(speech)]
        # In a shared process it found its turn between two conversions.
        ended(opened, neighbours[0])
        assert begun(opened, doomed)
        opened.cancel(doomed.id)
        eventually(lambda: opened.crew.busy == 0)
        assert opened.store.get(doomed.id).status is JobStatus.CANCELLED
        neighbours.append(opened.submit_synthesis(speech))
        finished = [ended(opened, job) for job in neighbours]
        assert [(job.status, job.attempt) for job in finished] == [(JobStatus.COMPLETED, 1)] * 2


def test_a_converter_whose_process_is_killed_is_tried_again_in_another_one(tmp_path, monkeypatch):
    with service(tmp_path, monkeypatch, converts={"convert_s": 0.5}) as opened:
        job = submitted(opened, added(opened, tmp_path))
        first = eventually(model_processes)
        eventually(lambda: begun(opened, job))
        time.sleep(0.3)
        os.kill(first[0], signal.SIGKILL)
        done = ended(opened, job)
        assert (done.status, done.result.conversion_applied) == (JobStatus.COMPLETED, True)
        assert model_processes() != first


def test_a_converter_that_kills_its_process_each_time_costs_the_job_its_voice_but_not_its_sound(tmp_path, monkeypatch):
    with service(tmp_path, monkeypatch, converts={"trouble": "exit"}, max_tries=1) as opened:
        model = added(opened, tmp_path)
        done = ended(opened, submitted(opened, model))
        assert (done.status, done.result.conversion_applied) == (JobStatus.COMPLETED, False)
        assert "exit status 9" in done.result.conversion_fallback
        assert sound(opened, done).sample_rate_hz == 16_000
        required = ended(opened, submitted(opened, model, conversion_required=True))
        assert required.status is JobStatus.FAILED


def test_the_settings_limits_reach_the_door_of_models(tmp_path, monkeypatch):
    with service(tmp_path, monkeypatch, max_rvc_models=1, max_rvc_upload_mb=7, max_rvc_stored_mb=9) as opened:
        assert opened.limits.max_rvc_model_bytes == 7 * 1024 * 1024
        assert opened.limits.max_rvc_stored_bytes == 9 * 1024 * 1024
        assert opened.limits.max_rvc_models == 1


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("max_rvc_upload_mb", 0, "VOICECORE_MAX_RVC_UPLOAD_MB is 0; give 1 to 512"),
        ("max_rvc_upload_mb", 513, "give 1 to 512"),
        ("rvc_cache_mb", -1, "cache of conversion models is -1 MB"),
        ("max_rvc_models", 0, "max_rvc_models"),
        ("max_rvc_stored_mb", 0, "max_rvc_stored_bytes"),
    ],
)
def test_settings_that_make_no_sense_are_refused_at_start(setting, value, words):
    with pytest.raises(InvalidInput, match=words):
        Settings(**{setting: value})


# --- who takes jobs that only convert -----------------------------------------------------------------
class Named(shifter.ShifterProvider):
    name = "rvc"


def served(problem="", *, named=(), engines=None):
    converters = Converters(Named(plan=shifter.ShifterPlan(problem=problem)))
    offered = Engines({"tone": tone.ToneProvider()} if engines is None else engines, "tone")
    return served_engines(Settings(engine="tone", worker_engines=named), offered, converters)


def test_a_worker_takes_jobs_that_only_convert_where_the_converter_opens():
    assert served() == ("tone", "rvc")
    assert served("its weights are missing.") == ("tone",)


def test_a_worker_may_be_for_conversions_alone():
    assert served(named=("rvc",)) == ("rvc",)
    with pytest.raises(NotInstalled, match=r"names 'rvc', which cannot open here: its weights"):
        served("its weights are missing.", named=("rvc",))
    with pytest.raises(NotFound, match="VOICECORE_WORKER_ENGINES"):
        served(named=("nobody",))


def test_a_worker_told_which_engines_it_serves_takes_no_conversions_besides():
    assert served(named=("tone",)) == ("tone",)
