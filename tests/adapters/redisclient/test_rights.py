"""The rights that docs/operations.md gives voicecore's Redis user are enough, and reach no other keys."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from adapters.blobs.memory import MemoryBlobStore
from adapters.queues.arq import ArqDoorbell, ClockChore
from adapters.redisclient import ask, connect, persistence, problems
from adapters.relays.redis import RedisRelay
from adapters.stores.redis.catalog import RedisCatalog
from adapters.stores.redis.deployment import check_deployment
from adapters.stores.redis.jobs import RedisJobStore
from adapters.stores.redis.roster import RedisRoster
from tests.instruments.redis_server import RedisServer
from voicecore.errors import StorageUnavailable
from voicecore.job import JobId, JobStatus
from voicecore.ports import JobQuery
from voicecore.testing.contracts.relay import JOB, live_chunk, starts
from voicecore.testing.contracts.roster import worker_card
from voicecore.testing.samples import queued_job, voice

#: The line of docs/operations.md, after its user and password.
RIGHTS = (
    "resetkeys ~voicecore:* ~arq:*:voicecore:* ~arq:abort resetchannels &voicecore:* -@all +@read +@write +@transaction +@scripting "
    "+@pubsub +@connection -@dangerous +info +config|get +client|setname +time"
)


@pytest.fixture
def limited(tmp_path):
    with RedisServer(tmp_path) as server:
        with connect(server.url) as admin:
            ask(admin, "ACL SETUSER", "voicecore", "on", ">s3cret", *RIGHTS.split(" "))
        with connect(f"redis://voicecore:s3cret@127.0.0.1:{server.port}/0") as client:
            yield client


def test_they_are_enough_for_all_that_voicecore_does(limited):
    assert problems(limited) == []
    assert persistence(limited).startswith("appendfsync")
    check_deployment(limited, "voicecore", MemoryBlobStore())
    catalog = RedisCatalog(limited, "voicecore")
    catalog.voices.add(voice())
    catalog.voices.replace(voice(name="Bia"))
    assert [each.name for each in catalog.voices.all()] == ["Bia"]
    assert catalog.voices.delete("voice_1")
    roster = RedisRoster(limited, "voicecore")
    roster.announce(worker_card(), timedelta(seconds=30))
    assert list(roster.present()) == [worker_card()]
    roster.withdraw("w1")
    relay = RedisRelay(limited, "voicecore")
    heard = []
    chunks = relay.follow(JOB, 10)
    listener = threading.Thread(target=lambda: heard.extend(starts(chunks)))
    listener.start()
    relay.publish(JOB, live_chunk(0))
    relay.end(JOB)
    listener.join()
    assert heard == [0]


def test_they_are_enough_for_jobs(limited):
    store = RedisJobStore(limited, "voicecore")
    store.add(queued_job())
    job = store.claim("w1", timedelta(seconds=30), max_tries=3, keep=timedelta(hours=1))
    assert job is not None
    store.renew(job, timedelta(seconds=30))
    assert store.cancel(job.id, timedelta(hours=1)).status is JobStatus.CANCELLED
    assert store.page(JobQuery()).total == 1
    assert store.counts()[JobStatus.CANCELLED] == 1
    assert tuple(store.expired(10)) == ()
    assert tuple(store.due_notices(10, timedelta(seconds=30))) == ()
    assert store.delete(job.id, tombstone=True)


def test_other_keys_and_dangerous_commands_are_out_of_reach(limited):
    for words in (
        ("GET", "other:x"),
        ("SET", "other:x", "1"),
        ("FLUSHALL",),
        ("CONFIG SET", "maxmemory", "1"),
        ("KEYS", "*"),
    ):
        with pytest.raises(StorageUnavailable, match="widen its ACL"):
            ask(limited, *words)
    with pytest.raises(StorageUnavailable, match="widen its ACL"):
        RedisCatalog(limited, "other").voices.add(voice())


def test_they_are_enough_for_the_doorbell(limited):
    address = limited.connection_pool.connection_kwargs
    url = f"redis://voicecore:s3cret@{address['host']}:{address['port']}/0"
    done = threading.Event()
    bell = ArqDoorbell(url, "voicecore", engines=["tone"], chores=[ClockChore(name="sweep", do=done.set, every_s=1)])
    try:
        bell.ring(JobId("job_1"), "tone")
        assert bell.wait(30)
        assert done.wait(30)
    finally:
        bell.close()
    with connect(url.replace("voicecore:s3cret@", "")) as admin:
        # redis-py tells its own name and version, and does not mind if it may not.
        refused = {entry["object"] for entry in ask(admin, "ACL LOG")} - {"client"}
    assert refused == set()
