"""What was done when its answer got lost is not done again, and is not reported as lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from adapters.redisclient import connect
from adapters.stores.redis.jobs import RedisJobStore
from tests.instruments.impatience import impatient
from tests.instruments.redis_server import RedisServer, shared_server
from tests.instruments.tcp_proxy import TcpProxy
from voicecore.errors import LeaseLost, StorageUnavailable
from voicecore.job import JobId, JobStatus
from voicecore.testing.contracts.job_store_hooks import KEEP, LEASE, claim, claimed
from voicecore.testing.fakes import START
from voicecore.testing.samples import audio_result, queued_job


@pytest.fixture
def proxy() -> Iterator[TcpProxy]:
    with TcpProxy(shared_server().port) as proxy:
        yield proxy


@pytest.fixture
def far(proxy: TcpProxy, redis_prefix: str) -> Iterator[RedisJobStore]:
    """The store through the bad network."""
    client, store = patient(proxy, redis_prefix)
    yield store
    client.close()


def unheard(proxy: TcpProxy, store: RedisJobStore, work: Callable[[], object]) -> None:
    """Do the work, whose answer gets lost."""
    proxy.lose_answers()
    with impatient(store._scripts._client), pytest.raises(StorageUnavailable):
        work()
    proxy.heal()


def through_a_cut(proxy: TcpProxy, work: Callable[[], object], done: Callable[[], bool]) -> BaseException | None:
    """Do the work while answers get lost; when it is done, cut and mend the connection. What `work` raised."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - handed to the test
            raised.append(error)

    proxy.lose_answers()
    thread = threading.Thread(target=run)
    thread.start()
    while not done():
        assert thread.is_alive(), raised
        time.sleep(0.002)
    proxy.cut()
    proxy.heal()
    thread.join(timeout=60)
    assert not thread.is_alive()
    return raised[0] if raised else None


def patient(proxy: TcpProxy, prefix: str) -> tuple[Redis, RedisJobStore]:
    client = connect(f"redis://127.0.0.1:{proxy.port}/0", timeout_s=30)
    return client, RedisJobStore(client, prefix)


def test_an_end_whose_answer_was_lost_may_be_said_again(
    store: RedisJobStore, far: RedisJobStore, proxy: TcpProxy
) -> None:
    store.add(queued_job())
    job = claimed(far)
    done = job.completed(audio_result(job), START, KEEP)
    unheard(proxy, far, lambda: far.finish(done))
    far.finish(done)
    assert store.get(job.id) == done
    with pytest.raises(LeaseLost):
        far.finish(job.handed_back(bad=True))


def test_an_end_is_said_again_by_itself_when_the_connection_breaks(
    store: RedisJobStore, proxy: TcpProxy, redis_prefix: str
) -> None:
    store.add(queued_job())
    client, far = patient(proxy, redis_prefix)
    job = claimed(far)
    done = job.completed(audio_result(job), START, KEEP)
    assert through_a_cut(proxy, lambda: far.finish(done), lambda: store.get(job.id) == done) is None
    assert store.get(job.id) == done
    client.close()


def test_a_job_whose_adding_was_not_heard_of_is_added_once(
    store: RedisJobStore, proxy: TcpProxy, redis_prefix: str
) -> None:
    client, far = patient(proxy, redis_prefix)
    job = queued_job()
    cut = through_a_cut(proxy, lambda: far.add(job, max_queued=1), lambda: store.get(job.id) is not None)
    assert cut is None
    assert store.counts()[JobStatus.QUEUED] == 1
    claimed(store)
    assert far.add(job) == store.get(job.id), "and it is answered with the job as it is now"
    client.close()


def test_a_claim_whose_answer_was_lost_is_not_sent_again(
    store: RedisJobStore, proxy: TcpProxy, redis_prefix: str
) -> None:
    for number in range(3):
        store.add(queued_job(f"job_{number}"))
    client, far = patient(proxy, redis_prefix)
    error = through_a_cut(proxy, lambda: claim(far), lambda: store.counts()[JobStatus.PROCESSING] > 0)
    assert isinstance(error, StorageUnavailable)
    assert store.counts()[JobStatus.PROCESSING] == 1
    assert claimed(far).id == "job_1", "the store works on"
    client.close()


def test_a_renewal_whose_answer_was_lost_may_be_said_again(
    store: RedisJobStore, far: RedisJobStore, proxy: TcpProxy
) -> None:
    store.add(queued_job())
    job = claimed(far)
    unheard(proxy, far, lambda: far.renew(job, LEASE))
    assert far.renew(job, LEASE) == store.get(job.id)


def test_flushed_scripts_are_sent_again(store: RedisJobStore, client: Redis) -> None:
    store.add(queued_job())
    client.script_flush()
    job = claimed(store)
    client.script_flush()
    store.finish(job.completed(audio_result(job), START, KEEP))
    assert store.counts()[JobStatus.COMPLETED] == 1


def test_a_server_that_was_killed_and_started_again_goes_on_where_it_was(private_redis: RedisServer) -> None:
    client = connect(private_redis.url)
    store = RedisJobStore(client, "voicecore")
    store.add(queued_job("job_1"), idempotency_key="k")
    job = claimed(store)
    private_redis.kill()
    with pytest.raises(StorageUnavailable):
        store.renew(job, LEASE)
    private_redis.restart()
    renewed = store.renew(job, LEASE)
    assert store.get(JobId("job_1")) == renewed
    assert store.add(queued_job("job_2"), idempotency_key="k") == renewed
    client.close()
