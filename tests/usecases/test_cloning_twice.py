"""Sending the same recordings again under the same Idempotency-Key is the same enrolment."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.usecases.test_voices import PT, files, tone

from voicecore.consent import Statement
from voicecore.errors import (
    DiskFull,
    IdempotencyConflict,
    NameTaken,
    QueueFull,
    StorageUnavailable,
)
from voicecore.handling import Handling, Priority
from voicecore.job import JobStatus
from voicecore.ports import JobQuery
from voicecore.records import dump_job, load_job
from voicecore.usecases.submit_enrolment import NewVoice

DAY = timedelta(days=1)


def send(house, *clips, key="k", name="Ana", consented=None, recording=None, text="Ana: sim, concordo.", **more):
    """As the HTTP route does: without a day of its own, the statement has the moment it came."""
    now = house.clock.now()
    said = Statement(by="Ana", text=text, given_at=consented or now)
    voice = NewVoice(name=name, language=PT, consent=said, consent_given_at=consented)
    spoken = None if recording is None else files(recording)[0]
    return house.enrol(voice, files(*clips or (tone(),)), consent_recording=spoken, idempotency_key=key, **more)


def uploads(house):
    return house.stored("uploads/")


def jobs(house):
    return house.store.page(JobQuery(limit=100)).total


@pytest.mark.parametrize("recording", [None, tone(200, 3.0)])
def test_the_same_key_and_files_are_one_job_and_one_upload_also_a_minute_later(house, recording):
    first = send(house, tone(), tone(220), recording=recording)
    before = uploads(house)
    house.clock.advance(timedelta(minutes=1))
    assert send(house, tone(), tone(220), recording=recording) == first
    assert (uploads(house), jobs(house)) == (before, 1)


def test_it_is_the_same_job_when_it_is_finished_and_its_voice_has_the_name(house):
    first = send(house)
    assert house.run("worker")
    again = send(house)
    assert (again.id, again.status) == (first.id, JobStatus.COMPLETED)
    for key in (None, "other"):
        with pytest.raises(NameTaken):
            send(house, key=key)
    assert (uploads(house), jobs(house)) == ([], 1)


@pytest.mark.parametrize(
    "other",
    [
        {"name": "Bia"}, {"text": "Ana: concordo, sim."}, {"recording": tone(200, 3.0)}, {"consented": "then"},
        {"handling": Handling(priority=Priority.LOW)},
    ],
)  # fmt: skip
def test_the_same_key_with_anything_else_is_refused_and_leaves_nothing(house, other):
    if "consented" in other:
        other = {"consented": house.clock.now() - DAY}
    send(house)
    before = uploads(house)
    with pytest.raises(IdempotencyConflict):
        send(house, **other)
    with pytest.raises(IdempotencyConflict):
        send(house, tone(331))
    with pytest.raises(IdempotencyConflict):
        send(house, tone(), tone())
    assert (uploads(house), jobs(house)) == (before, 1)


def test_without_a_key_each_is_a_job_of_its_own(house):
    assert send(house, key=None).id != send(house, key=None).id


def test_a_store_that_stored_the_job_and_did_not_say_so_leaves_it_its_recordings(house, monkeypatch):
    truth = house.store.add

    def add(job, *, max_queued=None, **conditions):
        stored = truth(job, max_queued=max_queued, **conditions)
        raise StorageUnavailable("Redis did not answer.") if max_queued else AssertionError(stored)

    monkeypatch.setattr(house.store, "add", add)
    with pytest.raises(StorageUnavailable):
        send(house)
    monkeypatch.setattr(house.store, "add", truth)
    job = send(house)
    assert uploads(house) == [f"uploads/{job.id}/0.wav"]
    assert house.run("worker")
    assert house.store.get(job.id).status is JobStatus.COMPLETED


@pytest.mark.parametrize("error", [DiskFull("The disk is full."), QueueFull()])
def test_a_store_that_refuses_leaves_nothing_of_the_uploads(house, monkeypatch, error):
    def add(job, *, max_queued=None, **conditions):
        raise error if max_queued else QueueFull

    monkeypatch.setattr(house.store, "add", add)
    with pytest.raises(type(error)):
        send(house)
    assert uploads(house) == []


def test_what_was_said_is_kept_with_the_job_and_jobs_of_before_have_nothing(house):
    job = send(house)
    assert len(job.request.said_sha256) == 64
    assert load_job(dump_job(job)) == job
    older = replace(job, request=replace(job.request, said_sha256=""))
    assert "said_sha256" not in dump_job(older)
    assert load_job(dump_job(older)) == older
