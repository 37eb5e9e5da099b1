"""Other services, other versions, other programs and other processes on the same Redis."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections import Counter

import pytest
from redis import Redis

from adapters.stores.redis.jobs import RedisJobStore
from tests.adapters.redis.audit import all_keys, check_indexes
from tests.instruments.redis_server import shared_server
from tests.unit.test_records import GOLDEN_QUEUED_4
from voicecore.errors import InvalidInput, LeaseLost, StorageUnavailable
from voicecore.handling import Handling
from voicecore.job import JobError, JobId, JobStatus, SynthesisJob
from voicecore.ports import JobQuery
from voicecore.records import JOB_VERSION, load_job
from voicecore.testing.contracts.job_store_hooks import KEEP, LEASE, SECOND, claim, claimed
from voicecore.testing.fakes import START
from voicecore.testing.samples import audio_result, queued_job

HOOKED = Handling(webhook_url="https://example.org/hook")

WORKER = """
import sys
from datetime import UTC, datetime, timedelta
from adapters.redisclient import connect
from adapters.stores.redis.jobs import RedisJobStore
from voicecore.testing.samples import audio_result
url, prefix, name = sys.argv[1:]
store = RedisJobStore(connect(url), prefix)
sys.stdin.readline()
while (job := store.claim(name, timedelta(seconds=60), max_tries=3, keep=timedelta(hours=1))) is not None:
    store.finish(job.completed(audio_result(job), datetime.now(UTC), timedelta(hours=1)))
    print(job.id, job.attempt)
"""


def made_newer(client: Redis, prefix: str, job: SynthesisJob) -> None:
    """Make the queued job what a newer program would have stored: another version of record, in another line."""
    key, newer = f"{prefix}:job:{job.id}", JOB_VERSION + 1
    fields = client.hgetall(key)
    record = json.dumps(json.loads(fields[b"record"]) | {"v": newer, "a field of tomorrow": 1})
    turn = fields[b"rank"] + fields[b"place"]
    client.hset(key, mapping={"v": newer, "record": record, "fixed": f"{newer}:another digest"})
    client.zrem(f"{prefix}:queue:{JOB_VERSION}:{job.engine}", turn)
    if not client.exists(f"{prefix}:queue:{JOB_VERSION}:{job.engine}"):
        client.srem(f"{prefix}:lines", f"{JOB_VERSION}:{job.engine}")
    client.zadd(f"{prefix}:queue:{newer}:{job.engine}", {turn: 0})
    client.sadd(f"{prefix}:lines", f"{newer}:{job.engine}")


def test_a_converting_job_of_an_older_program_is_read_claimed_by_its_engine_and_ended(
    store: RedisJobStore, client: Redis, redis_prefix: str
) -> None:
    job = store.add(load_job(GOLDEN_QUEUED_4))
    old = {"v": 4, "record": GOLDEN_QUEUED_4, "fixed": "4:another digest", "engine": "tone"}
    client.hset(f"{redis_prefix}:job:{job.id}", mapping=old)
    client.rename(f"{redis_prefix}:queue:{JOB_VERSION}:{job.line}", f"{redis_prefix}:queue:4:tone")
    client.srem(f"{redis_prefix}:lines", f"{JOB_VERSION}:{job.line}")
    client.sadd(f"{redis_prefix}:lines", "4:tone")
    assert store.waiting() == {"tone": 1}
    mine = claimed(store, engines=["tone"])
    assert (mine.id, mine.converter) == (job.id, "rvc")
    mine = store.renew(mine, LEASE)
    store.finish(mine.handed_back(bad=False))
    mine = claimed(store, engines=["tone"])
    store.finish(mine.completed(audio_result(mine), START, KEEP))
    check_indexes(client, redis_prefix)


def test_four_processes_do_two_hundred_jobs_each_once(store: RedisJobStore, client: Redis, redis_prefix: str) -> None:
    for number in range(200):
        store.add(queued_job(f"job_{number:03}", created_at=START + number * SECOND))
    command = [sys.executable, "-c", WORKER, shared_server().url, redis_prefix]
    workers = [
        subprocess.Popen([*command, f"w{number}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for number in range(4)
    ]
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    said = [worker.communicate(timeout=120)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * 4
    lines = Counter(line for each in said for line in each.splitlines())
    assert lines == Counter({f"job_{number:03} 1": 1 for number in range(200)})
    assert store.counts()[JobStatus.COMPLETED] == 200
    check_indexes(client, redis_prefix)


def test_two_services_on_one_redis_never_meet(client: Redis, redis_prefix: str) -> None:
    one, other = RedisJobStore(client, redis_prefix), RedisJobStore(client, f"{redis_prefix}.b")
    one.add(queued_job("job_1"), idempotency_key="k")
    other.add(queued_job("job_2", text="Outra frase."), idempotency_key="k")
    assert (one.get(JobId("job_2")), other.get(JobId("job_1"))) == (None, None)
    assert claimed(one).id == "job_1"
    assert claim(one) is None
    assert [job.id for job in other.page(JobQuery()).jobs] == ["job_2"]
    assert not one.delete(JobId("job_2"))
    one.delete(JobId("job_1"))
    assert other.counts()[JobStatus.QUEUED] == 1


@pytest.mark.parametrize("prefix", ["", "a:b", "a b", "é", "x" * 65, "a*", "{a}"])
def test_a_prefix_that_could_meet_another_is_refused(client: Redis, prefix: str) -> None:
    with pytest.raises(InvalidInput, match="VOICECORE_REDIS_PREFIX"):
        RedisJobStore(client, prefix)


def test_a_newer_record_is_left_to_newer_workers_and_logged_once(
    store: RedisJobStore, client: Redis, redis_prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    newer = store.add(queued_job("job_new"))
    store.add(queued_job("job_old", created_at=START + SECOND))
    made_newer(client, redis_prefix, newer)
    with caplog.at_level(logging.WARNING, "voicecore.stores"):
        assert claimed(store).id == "job_old"
        for _ in range(3):
            assert claim(store) is None
    assert [record.args and record.args[0] for record in caplog.records] == ["job_new"]
    assert store.waiting() == {"tone": 1}, "it waits all the same"
    assert store.counts()[JobStatus.QUEUED] == 1


def test_a_newer_record_is_neither_read_nor_cancelled_nor_changed_but_may_be_deleted(
    store: RedisJobStore, client: Redis, redis_prefix: str
) -> None:
    newer = store.add(queued_job("job_new", handling=HOOKED), idempotency_key="k")
    made_newer(client, redis_prefix, newer)
    before = client.hgetall(f"{redis_prefix}:job:job_new")
    for read in (
        lambda: store.get(newer.id),
        lambda: store.page(JobQuery()),
        lambda: store.cancel(newer.id, KEEP),
        lambda: store.add(queued_job("job_2"), idempotency_key="k"),
    ):
        with pytest.raises(StorageUnavailable, match=f"version {JOB_VERSION + 1}"):
            read()
    assert client.hgetall(f"{redis_prefix}:job:job_new") == before
    assert store.delete(newer.id)
    assert all_keys(client, redis_prefix) == {"schema"}


def test_an_attempt_that_a_newer_worker_took_over_has_lost_its_lease(
    store: RedisJobStore, client: Redis, redis_prefix: str
) -> None:
    store.add(queued_job())
    mine = claimed(store)
    store.finish(mine.handed_back(bad=False))
    made_newer(client, redis_prefix, mine)
    with pytest.raises(LeaseLost):
        store.renew(mine, LEASE)
    with pytest.raises(LeaseLost):
        store.finish(mine.failed(JobError("x", "y"), START, KEEP))


def test_keys_of_a_newer_layout_are_refused_with_the_version_and_the_setting(
    store: RedisJobStore, client: Redis, redis_prefix: str
) -> None:
    job = store.add(queued_job())
    client.set(f"{redis_prefix}:schema", "7")
    with pytest.raises(StorageUnavailable, match=r"layout 7.*VOICECORE_REDIS_PREFIX"):
        RedisJobStore(client, redis_prefix)
    with pytest.raises(StorageUnavailable, match="layout 7"):
        claim(store)
    client.set(f"{redis_prefix}:schema", "1")
    assert claimed(store).id == job.id, "nothing was done meanwhile"


def test_a_job_that_redis_evicted_stops_nobody(store: RedisJobStore, client: Redis, redis_prefix: str) -> None:
    store.add(queued_job("job_1"))
    store.add(queued_job("job_2", created_at=START + SECOND))
    client.delete(f"{redis_prefix}:job:job_1")
    assert claimed(store).id == "job_2"
    assert store.get(JobId("job_1")) is None
    with pytest.raises(StorageUnavailable, match="noeviction"):
        store.page(JobQuery())


def test_nothing_is_left_of_jobs_that_were_deleted(store: RedisJobStore, client: Redis, redis_prefix: str) -> None:
    for number in range(7):
        job = queued_job(f"job_{number}", created_at=START + number * SECOND, engine=f"e{number % 2}", handling=HOOKED)
        store.add(job, idempotency_key=f"key {number}")
    first, second, third = (claimed(store) for _ in range(3))
    store.finish(first.completed(audio_result(first), START, KEEP))
    store.finish(second.failed(JobError("x", "y"), START, KEEP))
    store.finish(third.handed_back(bad=True))
    assert claim(store, max_tries=1) is not None, "the third is poisoned on the way"
    store.cancel(JobId("job_4"), KEEP)
    store.settle_notice(JobId("job_4"), LEASE)
    states = store.counts()
    assert set(states.values()) == {1, 2}, "every state is there"
    for number in range(7):
        assert store.delete(JobId(f"job_{number}"))
    assert all_keys(client, redis_prefix) == {"schema"}
