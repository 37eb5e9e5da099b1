"""What its sender has given up while the server stood still is not done when it goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from redis import Redis

from adapters.redisclient import connect
from adapters.stores.redis.calls import ServerTime
from adapters.stores.redis.jobs import RedisJobStore
from tests.instruments.redis_server import RedisServer
from voicecore.errors import StorageUnavailable
from voicecore.handling import Handling
from voicecore.job import JobId
from voicecore.testing.contracts.job_store_hooks import KEEP, LEASE, claim
from voicecore.testing.samples import queued_job


@pytest.fixture
def client(private_redis: RedisServer) -> Iterator[Redis]:
    client = connect(private_redis.url, timeout_s=60)
    yield client
    client.close()


@pytest.fixture
def store(client: Redis) -> RedisJobStore:
    return RedisJobStore(client, "voicecore")


@pytest.fixture
def hasty(private_redis: RedisServer, store: RedisJobStore) -> Iterator[RedisJobStore]:
    """The same store of somebody who waits for a moment only. His connection is there, and he knows the server's time."""
    client = connect(private_redis.url, timeout_s=0.2)
    for _ in range(100):
        # On a busy machine even an answer that comes may come too late.
        with suppress(StorageUnavailable):
            made = RedisJobStore(client, "voicecore")
            assert made.get(JobId("job_of_nobody")) is None
            break
    yield made
    client.close()


def while_it_stands_still(server: RedisServer, work: Callable[[], object], times: int = 3) -> None:
    server.pause()
    for _ in range(times):
        with pytest.raises(StorageUnavailable, match="in time"):
            work()
    server.resume()


def test_a_job_is_not_claimed_for_a_worker_that_no_longer_waits(
    private_redis: RedisServer, store: RedisJobStore, hasty: RedisJobStore
):
    job = store.add(queued_job())
    while_it_stands_still(private_redis, lambda: claim(hasty))
    assert store.get(job.id) == job
    taken = claim(store)
    assert taken is not None
    assert (taken.id, taken.attempt, taken.tries) == (job.id, 1, 0)


def test_a_job_that_was_refused_to_its_client_is_not_there_afterwards(
    private_redis: RedisServer, store: RedisJobStore, hasty: RedisJobStore
):
    job = queued_job()
    while_it_stands_still(private_redis, lambda: hasty.add(job))
    assert store.get(job.id) is None


def test_notices_are_not_held_for_who_no_longer_waits(
    private_redis: RedisServer, store: RedisJobStore, hasty: RedisJobStore
):
    job = store.add(queued_job(handling=Handling(webhook_url="https://example.org/hook")))
    store.cancel(job.id, KEEP)
    while_it_stands_still(private_redis, lambda: hasty.due_notices(10, timedelta(hours=1)))
    assert [notice.job.id for notice in store.due_notices(10, LEASE)] == [job.id]


def test_a_server_whose_clock_is_far_ahead_of_what_was_known_is_believed(store: RedisJobStore, client: Redis):
    """As after its clock was set, or another server took its address."""
    store.add(queued_job())
    seconds, microseconds = client.time()
    store._scripts._time.told(1_000_000 * (seconds - 3600) + microseconds)
    assert store.claim("w", LEASE, max_tries=3, keep=KEEP) is not None


def test_without_limits_on_waiting_nothing_is_given_up():
    endless = ServerTime(None)
    endless.told(1)
    assert not endless.old
    assert endless.patience_ends_us() == ""
