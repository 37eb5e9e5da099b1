"""What is composed from a record and the fields that the scripts write is the job that the domain would have made."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis

from adapters.redisclient import connect
from adapters.stores.cursor import Place
from adapters.stores.redis.job_hash import from_us, place_member
from adapters.stores.redis.jobs import RedisJobStore
from tests.instruments.redis_server import RedisServer
from voicecore.errors import Conflict, InvalidInput, LeaseLost, StorageUnavailable
from voicecore.handling import Handling
from voicecore.job import JobStatus, SegmentCount, SynthesisJob
from voicecore.ports import JobQuery
from voicecore.records import epoch_us
from voicecore.request import Mode
from voicecore.testing.contracts.job_store_hooks import KEEP, LEASE, SECOND, claim, claimed
from voicecore.testing.fakes import START, FakeClock
from voicecore.testing.samples import audio_result, queued_job, request_for

#: What the Redis user of docs/operations.md may do; the keys are those of its prefix.
RIGHTS = (
    "~voicecore:*", "-@all", "+eval", "+evalsha", "+time", "+get", "+set", "+del", "+exists", "+hset", "+hget", "+hmget",
    "+hdel", "+hincrby", "+sadd", "+srem", "+smembers", "+zadd", "+zrem", "+zrange", "+zrangebyscore", "+zrevrangebylex",
    "+zcard", "+zscore", "+client|setname", "+select", "+ping",
)  # fmt: skip


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def timed(client: Redis, redis_prefix: str, clock: FakeClock) -> RedisJobStore:
    return RedisJobStore(client, redis_prefix, clock=clock)


def test_a_second_attempt_is_what_the_domain_makes_of_the_first(timed: RedisJobStore, clock: FakeClock) -> None:
    timed.add(queued_job())
    first = timed.renew(claimed(timed, "w1").progressed(SegmentCount(4, 2, 0), "segment 3"), LEASE)
    now = clock.advance(LEASE)
    assert claimed(timed, "w2") == first.claimed("w2", now, LEASE)
    assert timed.get(first.id) == first.claimed("w2", now, LEASE)


def test_a_running_job_is_cancelled_as_the_domain_does_it(timed: RedisJobStore, clock: FakeClock) -> None:
    timed.add(queued_job())
    running = timed.renew(claimed(timed, "").progressed(SegmentCount(4, 2, 0), "segment 3"), LEASE)
    now = clock.advance(SECOND)
    assert timed.cancel(running.id, KEEP) == running.cancelled(now, KEEP)
    assert timed.get(running.id) == running.cancelled(now, KEEP)


def test_a_job_that_was_handed_back_is_cancelled_as_the_domain_does_it(timed: RedisJobStore, clock: FakeClock) -> None:
    timed.add(queued_job())
    waiting = claimed(timed).handed_back(bad=True)
    timed.finish(waiting)
    now = clock.advance(SECOND)
    assert timed.cancel(waiting.id, KEEP) == waiting.cancelled(now, KEEP)


def test_an_attempt_may_end_its_job_as_cancelled(timed: RedisJobStore, clock: FakeClock) -> None:
    timed.add(queued_job())
    cancelled = claimed(timed).cancelled(clock.now(), KEEP)
    timed.finish(cancelled)
    assert timed.get(cancelled.id) == cancelled


@pytest.mark.parametrize("change", ["request", "engine", "created_at"])
def test_no_attempt_changes_what_was_asked_for(timed: RedisJobStore, clock: FakeClock, change: str) -> None:
    timed.add(queued_job())
    mine = claimed(timed)
    changed: SynthesisJob = {
        "request": replace(mine, request=request_for(Mode.DUBBING, "Outra frase.")),
        "engine": replace(mine, engine="other"),
        "created_at": replace(mine, created_at=mine.created_at + SECOND),
    }[change]
    with pytest.raises(InvalidInput):
        timed.renew(changed, LEASE)
    with pytest.raises(InvalidInput):
        timed.finish(changed.completed(audio_result(mine), clock.now(), KEEP))
    assert timed.get(mine.id) == mine


def test_a_lease_that_was_over_by_a_clock_since_set_back_is_good_again(timed: RedisJobStore, clock: FakeClock) -> None:
    for number in (1, 2):
        timed.add(queued_job(f"job_{number}", created_at=START + number * SECOND))
        claimed(timed)
    clock.advance(LEASE)
    assert claimed(timed, "w2").id == "job_1", "both are seen to be over, and one is taken"
    clock.jump(-5 * SECOND)
    assert claim(timed, "w3") is None
    clock.advance(5 * SECOND)
    assert claimed(timed, "w3").id == "job_2"


def test_a_repeated_job_with_another_key_is_a_conflict(timed: RedisJobStore) -> None:
    timed.add(queued_job(), idempotency_key="k")
    with pytest.raises(Conflict):
        timed.add(queued_job(), idempotency_key="l")
    with pytest.raises(Conflict):
        timed.add(queued_job())


def test_any_number_of_poisonous_jobs_is_failed_in_one_claim(timed: RedisJobStore) -> None:
    for number in range(420):
        timed.add(queued_job(f"job_{number:03}"))
    for mine in [claimed(timed) for _ in range(420)]:
        timed.finish(mine.handed_back(bad=True))
    timed.add(queued_job("last", created_at=START + SECOND))
    assert claimed(timed, max_tries=1).id == "last"
    assert timed.counts()[JobStatus.FAILED] == 420


def test_half_a_character_in_an_id_or_key_is_just_another_one(timed: RedisJobStore) -> None:
    timed.add(queued_job("job_1"), idempotency_key="\ud800")
    assert timed.add(queued_job("job_2"), idempotency_key="\ud800").id == "job_1"
    assert timed.get(queued_job("\ud800").id) is None


@given(
    st.lists(
        st.builds(Place, st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3), st.text(alphabet="ab_0", max_size=3))
    )
)
def test_places_are_ordered_by_bytes_as_they_are_by_time(places: list[Place]) -> None:
    assert sorted(places) == sorted(places, key=place_member)


@given(st.integers(-(10**15), 10**16))
def test_a_moment_goes_to_microseconds_and_back(microseconds: int) -> None:
    assert epoch_us(from_us(microseconds)) == microseconds


def test_a_user_with_these_rights_on_its_prefix_can_do_all_and_no_more(private_redis: RedisServer) -> None:
    admin = connect(private_redis.url)
    admin.execute_command("ACL", "SETUSER", "voice", "on", ">secret", *RIGHTS)
    client = connect(f"redis://voice:secret@127.0.0.1:{private_redis.port}/0")
    store = RedisJobStore(client, "voicecore")
    for number in range(4):
        job = queued_job(f"job_{number}", handling=Handling(webhook_url="https://example.org/hook"))
        store.add(job, idempotency_key=str(number), max_queued=9)
    mine = store.renew(claimed(store), LEASE)
    store.finish(mine.completed(audio_result(mine), START, timedelta(0)))
    store.cancel(claimed(store).id, KEEP)
    assert [job.id for job in store.expired(9)] == [mine.id]
    assert store.waiting() == {"tone": 2}
    assert [notice.job.id for notice in store.due_notices(1, LEASE)] == [mine.id]
    store.settle_notice(mine.id, LEASE)
    assert (store.page(JobQuery(limit=2)).total, store.counts()[JobStatus.CANCELLED]) == (4, 1)
    assert store.delete(mine.id, tombstone=True)
    with pytest.raises(LeaseLost):
        store.renew(mine, LEASE)
    with pytest.raises(StorageUnavailable, match="widen its ACL"):
        RedisJobStore(client, "other")
    client.close()
    admin.close()


def test_a_damaged_record_holds_up_neither_expiry_nor_notices(
    store: RedisJobStore, client: Redis, redis_prefix: str
) -> None:
    hooked = Handling(webhook_url="https://example.org/hook")
    jobs = [store.add(queued_job(f"job_{number}", handling=hooked)) for number in range(4)]
    for job in jobs:
        store.cancel(job.id, timedelta(0))
    client.hset(f"{redis_prefix}:job:job_0", "record", b"{}")
    client.delete(f"{redis_prefix}:job:job_1")
    rest = {"job_2", "job_3"}
    assert {notice.job.id for notice in store.due_notices(10, timedelta(minutes=1))} == rest
    assert {job.id for job in store.expired(10)} == rest
