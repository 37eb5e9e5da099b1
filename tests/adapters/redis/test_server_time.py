"""Without a clock of its own, the store goes by the server's: no worker's clock decides anything."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from adapters.stores.redis.jobs import RedisJobStore
from voicecore.errors import Gone, LeaseLost
from voicecore.handling import Handling
from voicecore.job import JobStatus, SegmentCount
from voicecore.testing.contracts.job_store_hooks import KEEP, LEASE, claim, claimed
from voicecore.testing.samples import audio_result, queued_job

SOON = timedelta(milliseconds=20)
HOOKED = Handling(webhook_url="https://example.org/hook")


def server_now(client: Redis) -> datetime:
    seconds, microseconds = client.time()
    return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=microseconds)


def wait_until(client: Redis, moment: datetime) -> None:
    while server_now(client) <= moment:
        time.sleep(0.005)


def test_a_lease_is_counted_from_the_servers_time(store: RedisJobStore, client: Redis) -> None:
    store.add(queued_job())
    before = server_now(client)
    job = claimed(store)
    after = server_now(client)
    assert job.lease_until is not None
    assert job.started_at is not None
    assert before <= job.started_at <= after
    assert job.lease_until == job.started_at + LEASE
    assert store.get(job.id) == job


def test_a_renewed_lease_is_counted_from_the_servers_time(store: RedisJobStore, client: Redis) -> None:
    store.add(queued_job())
    job = claimed(store)
    before = server_now(client)
    renewed = store.renew(job.progressed(SegmentCount(4, 2, 0)), LEASE)
    assert renewed.lease_until is not None
    assert before + LEASE <= renewed.lease_until <= server_now(client) + LEASE
    assert store.get(job.id) == renewed


def test_an_abandoned_job_is_taken_over_and_its_first_worker_is_fenced_off(store: RedisJobStore, client: Redis) -> None:
    store.add(queued_job())
    mine = store.claim("w1", SOON, max_tries=3, keep=KEEP)
    assert mine is not None
    assert mine.lease_until is not None
    wait_until(client, mine.lease_until)
    theirs = claimed(store, "w2")
    assert (theirs.id, theirs.attempt, theirs.tries) == (mine.id, 2, 1)
    with pytest.raises(LeaseLost):
        store.finish(mine.completed(audio_result(mine), server_now(client), KEEP))
    store.finish(theirs.completed(audio_result(theirs), server_now(client), KEEP))


def test_a_job_whose_workers_die_is_poisoned(store: RedisJobStore, client: Redis) -> None:
    job = store.add(queued_job(handling=HOOKED))
    for attempt in (1, 2):
        taken = store.claim("w1", SOON, max_tries=2, keep=KEEP)
        assert taken is not None
        assert (taken.attempt, taken.lease_until is None) == (attempt, False)
        wait_until(client, taken.lease_until or server_now(client))
    assert claim(store, max_tries=2) is None
    bad = store.get(job.id)
    assert bad is not None
    assert bad.completed_at is not None
    assert bad.error is not None
    assert (bad.status, bad.error.code, bad.expires_at) == (JobStatus.FAILED, "poisoned", bad.completed_at + KEEP)
    assert [notice.job for notice in store.due_notices(10, LEASE)] == [bad]


def test_a_cancelled_job_expires_by_the_servers_time(store: RedisJobStore, client: Redis) -> None:
    job = store.add(queued_job())
    cancelled = store.cancel(job.id, SOON)
    assert cancelled.expires_at is not None
    wait_until(client, cancelled.expires_at)
    assert tuple(store.expired(10)) == (cancelled,)


def test_a_held_notice_comes_again_when_its_hold_is_over(store: RedisJobStore, client: Redis) -> None:
    job = store.add(queued_job(handling=HOOKED))
    store.cancel(job.id, KEEP)
    assert [notice.tries for notice in store.due_notices(10, SOON)] == [0]
    wait_until(client, server_now(client) + SOON)
    assert [notice.tries for notice in store.due_notices(10, LEASE)] == [0]
    store.settle_notice(job.id, timedelta(0))
    assert [notice.tries for notice in store.due_notices(10, LEASE)] == [1]
    store.settle_notice(job.id, None)
    assert tuple(store.due_notices(10, LEASE)) == ()


def test_a_tombstone_leaves_redis_by_itself_after_a_week(
    store: RedisJobStore, client: Redis, redis_prefix: str
) -> None:
    job = store.add(queued_job())
    store.delete(job.id, tombstone=True)
    with pytest.raises(Gone):
        store.get(job.id)
    left_s = client.ttl(f"{redis_prefix}:tomb:{job.id}")
    assert timedelta(days=6, hours=23) < timedelta(seconds=left_s) <= timedelta(days=7)
