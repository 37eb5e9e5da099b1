"""Every job store keeps the contract."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from adapters.stores.memory import MemoryJobStore
from adapters.stores.sqlite import SqliteDatabase, SqliteJobStore
from voicecore.ports import Clock, JobStore
from voicecore.testing.contracts.job_store import JobStoreContract
from voicecore.testing.contracts.job_store_hooks import LEASE, SECOND, claim, claimed
from voicecore.testing.fakes import START, FakeClock
from voicecore.testing.samples import queued_job


class TestMemoryJobStore(JobStoreContract):
    def make_store(self, clock: Clock) -> MemoryJobStore:
        return MemoryJobStore(clock)


class TestMemoryJobStoreWithASteadyLeaseClock(JobStoreContract):
    def make_store(self, clock: Clock) -> MemoryJobStore:
        return MemoryJobStore(clock, PassedTime(clock))

    def test_a_time_of_day_that_jumps_by_an_hour_starts_nothing_twice(self, store: JobStore, clock: FakeClock) -> None:
        check_that_jumps_start_nothing_twice(store, clock)


class TestSqliteJobStore(JobStoreContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def make_store(self, clock: Clock) -> SqliteJobStore:
        return SqliteJobStore(SqliteDatabase(self.folder), clock)


class TestSqliteJobStoreWithASteadyLeaseClock(JobStoreContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def make_store(self, clock: Clock) -> SqliteJobStore:
        return SqliteJobStore(SqliteDatabase(self.folder), clock, PassedTime(clock))

    def test_a_time_of_day_that_jumps_by_an_hour_starts_nothing_twice(self, store: JobStore, clock: FakeClock) -> None:
        check_that_jumps_start_nothing_twice(store, clock)


class PassedTime:
    """What a steady clock shows while somebody sets the fake one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return START + timedelta(seconds=self._clock.monotonic())

    def monotonic(self) -> float:
        return self._clock.monotonic()


def check_that_jumps_start_nothing_twice(store: JobStore, clock: FakeClock) -> None:
    store.add(queued_job())
    first = claimed(store, "w1")
    for hours in (1, -2, 25, -24 * 500):
        clock.jump(timedelta(hours=hours))
        assert claim(store, "w2") is None
        renewed = store.renew(first, LEASE)
        assert renewed.lease_until == clock.now() + LEASE, "shown as a time of day"
    clock.advance(LEASE - SECOND)
    assert claim(store, "w2") is None
    clock.advance(SECOND)
    clock.jump(timedelta(hours=-1))
    again = claimed(store, "w2")
    assert (again.attempt, again.tries, again.lease_until) == (2, 1, clock.now() + LEASE)
