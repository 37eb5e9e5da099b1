"""What the parts of the job store's suite share: the hook, the fixtures, and a few verbs."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from datetime import timedelta

import pytest

from voicecore.errors import VoiceCoreError
from voicecore.job import JobId, SynthesisJob
from voicecore.ports import Clock, JobStore
from voicecore.testing.fakes import FakeClock
from voicecore.testing.samples import audio_result

LEASE = timedelta(seconds=30)
KEEP = timedelta(hours=24)
SECOND = timedelta(seconds=1)


class JobStoreHooks:
    """What a subclass gives: `make_store`, a store that is empty and reads time from `clock`.

    A store whose time comes from elsewhere, such as a server, needs a way in for the clock's.
    """

    def make_store(self, clock: Clock) -> JobStore:
        """A new, empty store."""
        raise NotImplementedError

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def store(self, clock: FakeClock) -> Iterator[JobStore]:
        store = self.make_store(clock)
        yield store
        store.close()


def claim(
    store: JobStore, worker: str = "w1", *, max_tries: int = 3, engines: Collection[str] | None = None
) -> SynthesisJob | None:
    return store.claim(worker, LEASE, max_tries=max_tries, keep=KEEP, engines=engines)


def claimed(
    store: JobStore, worker: str = "w1", *, max_tries: int = 3, engines: Collection[str] | None = None
) -> SynthesisJob:
    job = claim(store, worker, max_tries=max_tries, engines=engines)
    assert job is not None
    return job


def complete(store: JobStore, clock: Clock) -> SynthesisJob:
    """Claim the oldest job and complete it."""
    job = claimed(store)
    done = job.completed(audio_result(job), clock.now(), KEEP)
    store.finish(done)
    return done


def state(store: JobStore, job_id: JobId) -> SynthesisJob | str | None:
    """The job, or the code of the error that reading it raises."""
    try:
        return store.get(job_id)
    except VoiceCoreError as error:
        return error.code


def run_all(threads: list[threading.Thread]) -> None:
    """Start all threads and wait for their end."""
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
