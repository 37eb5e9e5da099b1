"""Two deployments on one Redis are told apart; one deployment is always itself."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from adapters.blobs.memory import MemoryBlobStore
from adapters.redisclient import ask, connect
from adapters.stores.redis.catalog import RedisCatalog
from adapters.stores.redis.deployment import BLOB_KEY, check_deployment, known_since
from adapters.stores.redis.jobs import RedisJobStore
from adapters.stores.redis.roster import RedisRoster
from tests.instruments.redis_server import RedisServer, fresh_prefix, shared_server
from voicecore.errors import StorageUnavailable
from voicecore.testing.contracts.roster import worker_card
from voicecore.testing.samples import profile, queued_job, voice


@pytest.fixture
def client():
    with connect(shared_server().url) as client:
        yield client


@pytest.fixture
def prefix():
    return fresh_prefix()


@pytest.fixture
def blobs():
    return MemoryBlobStore()


CONTENTS = {
    "a job": lambda client, prefix: RedisJobStore(client, prefix).add(queued_job()),
    "a voice": lambda client, prefix: RedisCatalog(client, prefix).voices.add(voice()),
    "a profile": lambda client, prefix: RedisCatalog(client, prefix).profiles.add(profile()),
    "a worker": lambda client, prefix: RedisRoster(client, prefix).announce(worker_card(), timedelta(seconds=30)),
}


def test_a_deployment_is_itself_at_every_start(client, prefix, blobs):
    first = check_deployment(client, prefix, blobs)
    for fill in CONTENTS.values():
        fill(client, prefix)
        assert check_deployment(client, prefix, blobs) == first


def test_only_the_id_and_its_time_stay_in_redis(client, prefix, blobs):
    check_deployment(client, prefix, blobs)
    keys = {f"{prefix}:deployment".encode(), f"{prefix}:deployment:since".encode()}
    assert set(ask(client, "KEYS", f"{prefix}:*")) == keys


def test_a_redis_knows_of_blobs_since_it_was_first_used_with_them(client, prefix, blobs):
    before = blobs.put("voices/voice_a/a1/print.safetensors", [b"of a service without Redis, in the same folder"])
    since = known_since(client, prefix, blobs)
    assert before.modified_at < since
    assert known_since(client, prefix, blobs) == since
    check_deployment(client, prefix, blobs)
    assert known_since(client, prefix, blobs) == since


def test_an_emptied_redis_knows_of_nothing_from_before(client, prefix, blobs):
    known_since(client, prefix, blobs)
    put = blobs.put("voices/voice_a/a1/print.safetensors", [b"whose voice is lost with Redis"])
    ask(client, "DEL", f"{prefix}:deployment", f"{prefix}:deployment:since")
    assert known_since(client, prefix, blobs) > put.modified_at


def test_a_redis_that_was_exchanged_for_a_strangers_says_nothing_about_these_blobs(client, prefix, blobs):
    check_deployment(client, prefix, MemoryBlobStore())
    check_deployment(client, fresh_prefix(), blobs)
    with pytest.raises(StorageUnavailable, match="belong to different deployments"):
        known_since(client, prefix, blobs)


def test_the_bucket_of_a_service_without_redis_is_taken_over_with_a_new_id(client, prefix, blobs):
    blobs.put(BLOB_KEY, [b'{"v": 1, "id": "abc", "by": "embedded"}'])
    assert check_deployment(client, prefix, blobs) != "abc"
    assert check_deployment(client, prefix, blobs) == check_deployment(client, prefix, blobs)


def test_processes_that_start_at_once_are_one_deployment(client, prefix, blobs):
    together = threading.Barrier(8)
    ids = []

    def start():
        together.wait()
        ids.append(check_deployment(client, prefix, blobs))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 8
    assert len(set(ids)) == 1


@pytest.mark.parametrize("content", CONTENTS)
def test_new_blobs_for_a_redis_in_use_are_refused_with_both_settings(client, prefix, blobs, content):
    check_deployment(client, prefix, blobs)
    CONTENTS[content](client, prefix)
    stranger = MemoryBlobStore()
    with pytest.raises(StorageUnavailable, match=r"VOICECORE_REDIS_PREFIX.*VOICECORE_BLOBS_URL"):
        check_deployment(client, prefix, stranger)
    assert list(stranger.list()) == []
    check_deployment(client, prefix, blobs)


def test_blobs_of_another_deployment_are_refused(client, prefix, blobs):
    check_deployment(client, prefix, blobs)
    stranger = MemoryBlobStore()
    other_id = check_deployment(client, fresh_prefix(), stranger)
    with pytest.raises(StorageUnavailable, match="belong to different deployments"):
        check_deployment(client, prefix, stranger)
    assert ask(client, "GET", f"{prefix}:deployment") != other_id.encode()


def test_two_new_deployments_on_one_prefix_do_not_become_one(client, prefix, blobs):
    check_deployment(client, prefix, blobs)
    second = MemoryBlobStore()
    check_deployment(client, prefix, second)  # nothing says yet that the first one still lives
    with pytest.raises(StorageUnavailable):
        check_deployment(client, prefix, blobs)


def test_a_redis_that_was_emptied_is_no_other_deployment(client, prefix, blobs):
    first = check_deployment(client, prefix, blobs)
    ask(client, "DEL", f"{prefix}:deployment")
    CONTENTS["a job"](client, prefix)
    assert check_deployment(client, prefix, blobs) == first


def test_blobs_that_were_emptied_begin_anew_if_redis_is_empty_too(client, prefix, blobs):
    first = check_deployment(client, prefix, blobs)
    blobs.delete(BLOB_KEY)
    assert check_deployment(client, prefix, blobs) != first


def test_different_prefixes_of_one_redis_are_different_deployments(client, prefix, blobs):
    assert check_deployment(client, prefix, blobs) != check_deployment(client, fresh_prefix(), MemoryBlobStore())


def test_a_starter_that_died_in_its_turn_holds_nobody_up_for_ever(client, prefix, blobs):
    ask(client, "SET", f"{prefix}:deployment:turn", "dead", "PX", 200)
    assert check_deployment(client, prefix, blobs)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b'{"v":2,"id":"x"}'])
def test_an_id_that_cannot_be_read_is_not_replaced(client, prefix, blobs, data):
    blobs.put(BLOB_KEY, [data])
    with pytest.raises(StorageUnavailable, match=BLOB_KEY):
        check_deployment(client, prefix, blobs)
    with blobs.open(BLOB_KEY) as reader:
        assert reader.read() == data


def test_without_redis_the_sentence_is_about_redis(tmp_path, prefix, blobs):
    with connect(RedisServer(tmp_path).url) as client, pytest.raises(StorageUnavailable, match="Nobody listens"):
        check_deployment(client, prefix, blobs)
    assert list(blobs.list()) == []
