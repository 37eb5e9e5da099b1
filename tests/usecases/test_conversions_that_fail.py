"""Conversions that fail half-way: the plain voice from beginning to end, told as such; or the failure, if it is required."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from tests.usecases.conftest import CountingProvider, CountingShifters
from tests.usecases.test_converting_speech import MODEL_HZ, PLAIN_HZ, ask, done, plain_sound
from tests.usecases.test_live_sound import Ear

from adapters.hosts import LocalHost
from voicecore.errors import (
    DiskFull,
    EngineCrashed,
    MissingModel,
    StorageUnavailable,
)
from voicecore.job import JobStatus
from voicecore.testing.shifter import Shifter
from voicecore.usecases.converters import Converters

KEEP = timedelta(hours=24)


@pytest.mark.parametrize(("trouble", "said"), [
    ("fail", "told to fail"), ("memory", "not enough memory"), ("defect", "defect of the service"), ("corrupt", "damaged"),
])  # fmt: skip
@pytest.mark.parametrize("after", [0, 1])
def test_a_conversion_that_fails_leaves_the_whole_job_its_plain_voice_and_the_job_says_why(
    make_house, trouble, said, after
):
    house = make_house(shifting={"trouble": trouble, "after": after})
    job = done(house, ask(house))
    assert job.status is JobStatus.COMPLETED
    result = job.result
    assert (result.conversion_applied, result.index_used, result.sample_rate_hz) == (False, None, PLAIN_HZ)
    assert said in result.conversion_fallback
    assert len(house.provider.engine.given) == 3
    assert np.array_equal(house.audio(job).samples, plain_sound(house))
    assert house.manifest(job)["sample_rate_hz"] == PLAIN_HZ


def test_without_a_cache_the_plain_voice_is_spoken_again(make_house):
    house = make_house(limits={"segment_cache_bytes": 0}, shifting={"trouble": "fail", "after": 2})
    job = done(house, ask(house))
    assert job.result.conversion_applied is False
    assert np.array_equal(house.audio(job).samples, plain_sound(house))


@pytest.mark.parametrize("trouble", ["fail", "memory", "defect"])
def test_a_required_conversion_that_fails_every_time_fails_the_job(make_house, trouble):
    house = make_house(shifting={"trouble": trouble, "after": 1})
    job = ask(house, conversion_required=True)
    for _ in range(house.limits.max_tries):
        assert house.run("worker")
    job = house.store.get(job.id)
    assert (job.status, job.error.code) == (JobStatus.FAILED, "poisoned")
    assert house.stored(f"jobs/{job.id}/a") == []


def test_a_required_conversion_by_a_damaged_model_fails_at_once_with_that_error(make_house):
    house = make_house(shifting={"trouble": "corrupt"})
    job = done(house, ask(house, conversion_required=True))
    assert (job.status, job.error.code) == (JobStatus.FAILED, "model_corrupt")


@pytest.mark.parametrize("required", [False, True])
def test_a_model_that_was_deleted_while_the_job_waited_is_told(house, required):
    job = ask(house, conversion_required=required)
    house.catalog.models.delete(job.conversion.model_id)
    job = done(house, job)
    if required:
        assert (job.status, job.error.code) == (JobStatus.FAILED, "not_found")
        assert "was deleted" in job.error.message
    else:
        assert job.result.conversion_applied is False
        assert "was deleted" in job.result.conversion_fallback


def test_a_model_whose_files_are_gone_counts_as_deleted_and_a_damaged_one_as_damaged(house):
    job = ask(house)
    house.blobs.delete(f"models/{job.conversion.model_id}/voice.safetensors")
    assert "was deleted" in done(house, job).result.conversion_fallback
    job = ask(house)
    house.blobs.put(f"models/{job.conversion.model_id}/voice.safetensors", [b"nothing of ours"])
    assert "not a model" in done(house, job).result.conversion_fallback


def test_a_converter_that_is_not_there_any_more_leaves_the_plain_voice(house):
    job = ask(house)
    house.run.synthesise = replace(house.run.synthesise, converters=Converters())
    assert "voicecore[rvc]" in done(house, job).result.conversion_fallback


def test_a_converter_that_does_not_open_leaves_the_plain_voice(house, monkeypatch):
    job = ask(house)

    def refuse(**_options):
        raise MissingModel("The weights of ContentVec are missing: voicecore models pull rvc.")

    monkeypatch.setattr(house.shifters, "open", refuse)
    result = done(house, job).result
    assert (result.conversion_applied, result.conversion_fallback) == (
        False, "The weights of ContentVec are missing: voicecore models pull rvc.",
    )  # fmt: skip


@pytest.mark.parametrize("required", [False, True])
def test_what_is_stored_of_a_failure_names_no_folder_of_this_machine(house, monkeypatch, required):
    job = ask(house, conversion_required=required)

    def refuse(**_options):
        raise MissingModel("/srv/secret/models/contentvec is missing: voicecore models pull rvc.")

    monkeypatch.setattr(house.shifters, "open", refuse)
    house.run.said = lambda sentence: sentence.replace("/srv/secret/models/", "")
    job = done(house, job)
    told = job.error.message if required else job.result.conversion_fallback
    assert told == "contentvec is missing: voicecore models pull rvc."


def test_a_converter_of_another_rate_than_its_model_is_not_believed(house, monkeypatch):
    truth = Shifter.load
    monkeypatch.setattr(
        Shifter, "load", lambda self, name, parts: truth(self, name, replace(parts, voice=parts.voice.replace(b"32000", b"48000")))
    )  # fmt: skip
    assert "48000 Hz" in done(house, ask(house)).result.conversion_fallback


class MortalHost(LocalHost):
    """Its process dies at the chosen conversions: what was open in it is of no use any more."""

    def __init__(self, house, *deaths: int, by=None) -> None:
        super().__init__({"tone": CountingProvider(house.plan)}, converters={"tone": CountingShifters(house.shifting)})
        self.deaths, self.count, self.opened, self._by = set(deaths), 0, 0, by

    def converter(self, name):
        host, inner = self, super().converter(name)
        self.opened += 1

        class Mortal:
            name, holds, load, close = inner.name, inner.holds, inner.load, inner.close

            def convert(self, audio, settings):
                host.count += 1
                if host.count in host.deaths:
                    for engine in host._engines.values():
                        engine.step = _crash
                    host._engines.clear()
                    host._converters.clear()
                    if host._by is not None:
                        host._by()
                    raise EngineCrashed
                return inner.convert(audio, settings)

        return Mortal()


def _crash():
    raise EngineCrashed


def test_a_process_that_dies_once_costs_neither_the_voice_nor_a_try(house):
    host = MortalHost(house, 2)
    job = done(house, ask(house), house.worker(host))
    assert (job.result.conversion_applied, job.tries, job.attempt) == (True, 0, 1)
    assert host.opened == 2


def test_a_process_that_dies_of_the_conversion_again_and_again_leaves_the_plain_voice_in_one_attempt(house):
    host = MortalHost(house, *range(2, 99))
    job = done(house, ask(house), house.worker(host))
    assert (job.result.conversion_applied, job.tries, job.attempt) == (False, 0, 1)
    assert job.result.conversion_fallback
    assert np.array_equal(house.audio(job).samples, plain_sound(house))


def test_an_engine_that_fails_is_no_failure_of_the_conversion(make_house):
    house = make_house(fail_on="falha")
    job = ask(house, "Isto falha agora.")
    job = done(house, job)
    assert (job.status, job.tries) == (JobStatus.QUEUED, 1)


@pytest.mark.parametrize("error", [StorageUnavailable, DiskFull])
def test_storage_that_is_away_is_no_failure_of_the_conversion(house, monkeypatch, error):
    job, truth, failed = ask(house), house.blobs.put, []

    def put(key, data):
        if "/rvc_" in key and not failed:
            failed.append(key)
            raise error
        return truth(key, data)

    monkeypatch.setattr(house.blobs, "put", put)
    job = done(house, job)
    assert failed
    if error is DiskFull:
        assert (job.status, job.error.code) == (JobStatus.FAILED, "disk_full")
    else:
        assert job.result.conversion_applied is True


# --- who called it off ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("required", [False, True])
def test_a_job_that_is_cancelled_while_it_is_converted_leaves_nothing_and_falls_back_to_nothing(house, required):
    job = ask(house, conversion_required=required)

    def cancel():
        house.store.cancel(job.id, KEEP)
        time.sleep(0.3)

    host = MortalHost(house, 2, by=cancel)
    assert house.worker(host)("worker")
    assert house.store.get(job.id).status is JobStatus.CANCELLED
    assert house.stored(f"jobs/{job.id}/a") == []


def test_a_service_that_ends_while_a_job_is_converted_hands_it_back(house):
    job = ask(house)
    # In the middle of the second conversion, whose process ends with the service.
    host = MortalHost(house, 2)
    run = house.worker(host)
    host._by = run.shut_down
    assert run("worker")
    job = house.store.get(job.id)
    assert (job.status, job.tries) == (JobStatus.QUEUED, 0)
    whole = done(house, job)
    assert whole.result.conversion_applied is True
    assert whole.segments.cached >= 1


def test_followers_hear_the_plain_voice_from_its_beginning_at_its_own_rate_after_a_fallback(make_house):
    house = make_house(shifting={"trouble": "fail", "after": 2})
    job = ask(house)
    ear = Ear(job.id)
    assert house.worker(relay=ear)("worker")
    rates = [chunk.sample_rate_hz for chunk in ear.heard[job.id]]
    assert rates == [MODEL_HZ, MODEL_HZ, PLAIN_HZ, PLAIN_HZ, PLAIN_HZ]
    plain = [chunk for chunk in ear.heard[job.id] if chunk.sample_rate_hz == PLAIN_HZ]
    assert plain[0].start == 0
    assert sum(len(chunk.samples) for chunk in plain) == len(house.audio(house.store.get(job.id)).samples)
    assert ear.ended == [job.id]
