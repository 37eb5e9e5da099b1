"""A trial run of cleaning up: it tells what the cleanup then removes, to the byte, and removes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.usecases.conftest import House
from tests.usecases.test_purging import enrolment_that_dies_after_listing

from voicecore.errors import StorageUnavailable
from voicecore.job import JobStatus
from voicecore.limits import Limits
from voicecore.testing.tone import TonePlan
from voicecore.usecases.rehearsal import RehearsedBlobs, RehearsedCatalog, RehearsedJobs
from voicecore.usecases.waiting_jobs import jobs_in

SENTENCES = ("Bom dia.", "Até amanhã, meu amigo.", "Bom dia. E mais uma frase.")
DAY = timedelta(hours=24)


def everything(house: House):
    jobs = {
        job_id: house.store.get(job_id)
        for job_id in [job.id for status in JobStatus for job in jobs_in(house.store, status)]
    }
    shelves = house.catalog.voices.all(), house.catalog.consents.all(), house.catalog.profiles.all()
    return jobs, shelves, list(house.blobs.list()), dict(house.store.counts())


ACTS = st.one_of(
    st.tuples(st.just("speak"), st.sampled_from(SENTENCES)),
    st.tuples(st.just("wait for a worker"), st.sampled_from(SENTENCES)),
    st.tuples(st.just("pass"), st.sampled_from([timedelta(minutes=50), timedelta(hours=13), timedelta(hours=25)])),
    st.tuples(st.just("lose a job"), st.integers(0, 3)),
    st.tuples(st.just("leave a blob"), st.sampled_from(["jobs/job_x/a1/audio.wav", "uploads/job_x/0", "voices/voice_x/print"])),
)  # fmt: skip


@settings(max_examples=60)
@given(acts=st.lists(ACTS, max_size=10), deep=st.booleans(), bound=st.sampled_from([0, 30_000, 10**9]))
def test_a_trial_says_exactly_what_the_cleanup_then_removes_and_removes_nothing(acts, deep, bound):
    house = House(TonePlan(segment_limit=60), Limits(segment_cache_bytes=bound))
    for act, what in acts:
        if act == "speak":
            house.spoken(what)
        elif act == "wait for a worker":
            house.submit(replace(house.spoken("Oi.").request, text=what))
        elif act == "pass":
            house.clock.advance(what)
        elif act == "lose a job":
            finished = list(jobs_in(house.store, JobStatus.COMPLETED))
            if what < len(finished):
                house.store.delete(finished[what].id)
        else:
            house.blobs.put(what, [b"x" * 100])
    before = everything(house)
    told = house.purge.rehearse(deep=deep)
    assert everything(house) == before
    assert house.purge(deep=deep) == told


def test_a_trial_counts_a_voice_that_a_cancelled_enrolment_left(house: House, monkeypatch):
    job, _ = enrolment_that_dies_after_listing(house, monkeypatch)
    house.store.cancel(job.id, DAY)
    voice = house.catalog.voices.all()
    told = house.purge.rehearse()
    assert told.files > 0
    assert house.catalog.voices.all() == voice
    assert house.purge() == told
    assert house.catalog.voices.all() == ()


@pytest.mark.parametrize("number", [99, 100, 230])
def test_a_trial_counts_all_that_expired_however_many_a_store_tells_at_once(house: House, number):
    request = house.spoken("Uma frase.").request
    for _ in range(number):
        house.store.cancel(house.submit(request).id, DAY)
    house.clock.advance(timedelta(hours=25))
    kept = house.spoken("Esta fica.")
    told = house.purge.rehearse()
    assert told.jobs == number + 1
    assert house.store.get(kept.id) == kept
    assert house.purge() == told


def test_a_trial_over_a_store_that_is_away_says_so(house: House, monkeypatch):
    def away(*_):
        raise StorageUnavailable("the store is away")

    monkeypatch.setattr(house.store, "expired", away)
    monkeypatch.setattr(house.store, "counts", away)
    with pytest.raises(StorageUnavailable, match="away"):
        house.purge.rehearse()


def test_the_stores_of_a_trial_refuse_to_change_anything_else(house: House):
    job = house.spoken()
    jobs, blobs, catalog = RehearsedJobs(house.store), RehearsedBlobs(house.blobs), RehearsedCatalog(house.catalog)
    for change in (
        lambda: jobs.cancel(job.id, DAY),
        lambda: jobs.add(job),
        lambda: blobs.put("jobs/job_x/a", [b""]),
        lambda: catalog.voices.add(None),
        lambda: catalog.voices.replace(None),
        lambda: catalog.set_default_profile("tone", None),
    ):
        with pytest.raises(TypeError, match="trial run only reads and deletes"):
            change()
    assert house.store.get(job.id) == job
