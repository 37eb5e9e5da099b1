"""Every quota keeps the contract."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest
from tests.instruments.redis_server import fresh_prefix, shared_server

from adapters.redisclient import ask, connect
from adapters.stores.quota import MemoryQuota
from adapters.stores.redis.quota import RedisQuota
from adapters.stores.sqlite import SqliteDatabase
from adapters.stores.sqlite.quota import SqliteQuota
from voicecore.ports import Clock, Window
from voicecore.testing.contracts.quota import QuotaContract
from voicecore.testing.fakes import FakeClock

DAY, MINUTE = Window(10, 86_400), Window(10, 60)


class TestMemoryQuota(QuotaContract):
    def make_quota(self, clock: Clock) -> MemoryQuota:
        return MemoryQuota(clock)


class TestSqliteQuota(QuotaContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def make_quota(self, clock: Clock) -> SqliteQuota:
        return SqliteQuota(SqliteDatabase(self.folder), clock)


class TestRedisQuota(QuotaContract):
    def make_quota(self, clock: Clock) -> RedisQuota:
        return RedisQuota(connect(shared_server().url), fresh_prefix(), clock)


def test_what_was_taken_of_a_day_is_still_taken_after_a_restart(tmp_path: Path):
    clock = FakeClock()
    for used in (4, 8):
        quota = SqliteQuota(SqliteDatabase(tmp_path), clock)
        assert quota.take("a", 4, DAY).used == used
        quota.close()
    quota = SqliteQuota(SqliteDatabase(tmp_path), clock)
    assert not quota.take("a", 4, DAY).taken
    clock.advance(timedelta(days=1))
    assert quota.take("a", 4, DAY).used == 4
    quota.close()


def test_processes_on_one_redis_share_the_counts_and_its_time(client, prefix):
    while 86_400 - client.time()[0] % 86_400 < 20:
        time.sleep(1)  # the day must not turn over in the middle
    here = RedisQuota(client, prefix)
    assert here.take("a", 10, DAY).taken
    assert here.hold("a", "x", 1, timedelta(seconds=30))
    with connect(shared_server().url) as other:
        there = RedisQuota(other, prefix)
        assert not there.take("a", 1, DAY).taken
        assert not there.hold("a", "y", 1, timedelta(seconds=30))
        assert RedisQuota(other, fresh_prefix()).take("a", 10, DAY).taken


def test_nothing_stays_in_redis_for_ever(client, prefix):
    quota = RedisQuota(client, prefix)
    quota.take("a", 1, MINUTE)
    quota.hold("a", "x", 1, timedelta(seconds=30))
    keys = ask(client, "KEYS", f"{prefix}:*")
    assert len(keys) == 2
    assert all(0 < ask(client, "TTL", key) <= 120 for key in keys)


def test_a_thousand_counters_do_not_pile_up_in_memory():
    clock = FakeClock()
    quota = MemoryQuota(clock)
    for number in range(12_000):
        quota.take(f"key_{number}", 1, MINUTE)
        if number == 9_000:
            clock.advance(timedelta(minutes=2))
    assert len(quota._used) < 4_000
