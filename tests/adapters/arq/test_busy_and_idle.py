"""Who hears a ring, and what becomes of rings that nobody needs any more."""

from __future__ import annotations

import threading
import time

import msgpack
import pytest

from adapters.queues.arq import codec
from adapters.queues.arq.ringer import LIFE_MS, QUEUE_LIMIT, queue_of, score_ms
from tests.adapters.arq.slots import PATIENCE_S, Slots, until
from voicecore.job import JobId


@pytest.fixture
def queue(prefix):
    return queue_of(prefix, "tone")


def plant(redis, queue, count, age_s=0.0):
    """Rings as a doorbell leaves them, `age_s` old."""
    then_s = time.time() - age_s
    with redis.pipeline(transaction=False) as pipe:
        for number in range(count):
            name = f"{queue}:job_{number}:planted"
            body = {"t": None, "f": codec.RING, "a": [f"job_{number}"], "k": {}, "et": int(1000 * then_s)}
            pipe.set(f"arq:job:{name}", codec.encode(body), px=LIFE_MS)
            pipe.zadd(queue, {name: score_ms(then_s)})
        pipe.execute()


def test_a_busy_worker_leaves_every_ring_to_the_idle_one(make_doorbell, redis, queue):
    busy, idle, door = make_doorbell("tone", poll_delay_s=0.1), make_doorbell("tone"), make_doorbell()
    busy.start()
    assert busy.healthy
    for number in range(20):
        door.ring(JobId(f"job_{number}"), "tone")
    assert until(lambda: redis.zcard(queue) == 20)
    before = redis.zrange(queue, 0, -1)
    # Its polls come and go meanwhile. A ring that it took and passed on would have another name.
    time.sleep(0.5)
    assert redis.zrange(queue, 0, -1) == before
    with Slots(idle) as slots:
        assert until(lambda: slots.woken == 20)
    assert redis.zcard(queue) == 0


def test_a_slot_gets_one_ring_and_the_others_stay_for_others(make_doorbell, redis, queue):
    first, second, door = make_doorbell("tone"), make_doorbell("tone"), make_doorbell()
    for number in range(3):
        door.ring(JobId(f"job_{number}"), "tone")
    assert until(lambda: redis.zcard(queue) == 3)
    assert first.wait(PATIENCE_S)
    assert until(lambda: redis.zcard(queue) == 2)
    assert second.wait(PATIENCE_S)
    assert second.wait(PATIENCE_S)


def test_a_ring_too_many_for_the_one_slot_that_waited_is_passed_on(make_doorbell, redis, prefix):
    inside = make_doorbell("tone", "kokoro")
    plant(redis, queue_of(prefix, "tone"), 1)
    plant(redis, queue_of(prefix, "kokoro"), 1)
    # Both queues are looked at for the one slot; whichever ring loses must reach whoever waits next.
    assert inside.wait(PATIENCE_S)
    other = make_doorbell("tone", "kokoro")
    assert other.wait(PATIENCE_S)


def test_every_ring_wakes_exactly_one_slot_in_two_workers_of_two_slots(make_doorbell, redis, queue):
    workers, door = [make_doorbell("tone") for _ in range(2)], make_doorbell()
    with Slots(workers[0], 2) as some, Slots(workers[1], 2) as others:
        for number in range(200):
            door.ring(JobId(f"job_{number}"), "tone")
        assert until(lambda: some.woken + others.woken >= 200)
        assert until(lambda: redis.zcard(queue) == 0)
        time.sleep(0.1)
        assert some.woken + others.woken == 200


def test_a_slot_whose_time_is_over_takes_no_ring_with_it(make_doorbell, redis, queue):
    door, inside = make_doorbell(), make_doorbell("tone")
    with Slots(inside, 2, poll_s=0.002) as slots:
        for number in range(300):
            door.ring(JobId(f"job_{number}"), "tone")
            time.sleep(0.001)
        assert until(lambda: slots.woken >= 300)


def test_thousands_of_old_rings_are_answered_by_one_look(make_doorbell, redis, queue):
    plant(redis, queue, 5_000, age_s=60)
    inside = make_doorbell("tone")
    with Slots(inside) as slots:
        assert until(lambda: redis.zcard(queue) == 0)
        make_doorbell().ring(JobId("job_new"), "tone")
        assert until(lambda: slots.woken == 1)


def test_a_thousand_fresh_rings_for_jobs_that_are_long_done_drain_while_a_slot_is_idle(make_doorbell, redis, queue):
    plant(redis, queue, 1_000)
    with Slots(make_doorbell("tone")) as slots:
        assert until(lambda: redis.zcard(queue) == 0)
        assert slots.woken <= 1_000


def test_without_a_worker_the_queue_of_an_engine_is_bounded_and_ends_by_itself(make_doorbell, redis, queue):
    plant(redis, queue, QUEUE_LIMIT, age_s=1)
    redis.zadd(queue, {"ancient": 1.0})
    door = make_doorbell()
    for number in range(50):
        door.ring(JobId(f"job_{number}"), "tone")
    assert until(lambda: sum(not name.endswith(b":planted") for name in redis.zrange(queue, 0, -1)) == 50)
    assert until(lambda: redis.zcard(queue) <= QUEUE_LIMIT)
    assert redis.zscore(queue, "ancient") is None
    assert 0 < redis.pttl(queue) <= LIFE_MS
    for name in redis.zrange(queue, -50, -1):
        assert 0 < redis.pttl(b"arq:job:" + name) <= LIFE_MS


def test_a_ring_that_a_killed_worker_had_does_not_block_the_next_for_the_same_job(make_doorbell, redis, queue):
    plant(redis, queue, 1)
    redis.set(f"arq:in-progress:{queue}:job_0:planted", b"1", px=60_000)
    inside, door = make_doorbell("tone"), make_doorbell()
    door.ring(JobId("job_0"), "tone")
    assert inside.wait(PATIENCE_S)


def test_the_mark_of_a_worker_that_is_killed_with_a_ring_lives_for_seconds(make_doorbell, redis, queue, monkeypatch):
    marks = []
    inside = make_doorbell("tone")
    call = inside._bench.call
    monkeypatch.setattr(
        inside._bench, "call",
        lambda: marks.extend(redis.pttl(key) for key in redis.scan_iter(f"arq:in-progress:{queue}:*")) or call(),
    )  # fmt: skip
    make_doorbell().ring(JobId("job_1"), "tone")
    assert inside.wait(PATIENCE_S)
    assert len(marks) == 1
    assert 0 < marks[0] <= 15_000


def test_a_ring_by_a_clock_that_is_ahead_is_heard_at_once(make_doorbell, redis, queue):
    # Nobody looks by himself in an hour, so that only the look after the nudge can find it.
    with Slots(make_doorbell("tone", poll_delay_s=3_600)) as slots:
        make_doorbell().ring(JobId("job_now"), "tone")
        assert until(lambda: slots.woken == 1)
        plant(redis, queue, 1, age_s=-30)
        redis.publish(queue, b"")
        assert until(lambda: slots.woken == 2)


def test_nothing_of_an_answered_ring_stays_in_redis(make_doorbell, redis, queue):
    inside = make_doorbell("tone")
    make_doorbell().ring(JobId("job_1"), "tone")
    assert inside.wait(PATIENCE_S)
    assert until(lambda: not [*redis.scan_iter(f"arq:*{queue}*")])
    assert redis.zcard(queue) == 0


def test_rings_from_many_threads_all_arrive(make_doorbell, redis, queue):
    door = make_doorbell()
    threads = [threading.Thread(target=door.ring, args=(JobId(f"job_{n}"), "tone")) for n in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert until(lambda: redis.zcard(queue) == 100)
    names = {name.decode().split(":")[-2] for name in redis.zrange(queue, 0, -1)}
    assert names == {f"job_{n}" for n in range(100)}


def test_pending_rings_leave_before_the_doorbell_closes(make_doorbell, redis, queue):
    door = make_doorbell()
    for number in range(50):
        door.ring(JobId(f"job_{number}"), "tone")
    door.close()
    assert redis.zcard(queue) == 50


def test_a_ring_lies_in_redis_as_msgpack_with_the_job_and_nothing_else(make_doorbell, redis, queue):
    make_doorbell().ring(JobId("job_1"), "tone")
    assert until(lambda: redis.zcard(queue) == 1)
    (name,) = redis.zrange(queue, 0, -1)
    body = msgpack.unpackb(redis.get(b"arq:job:" + name))
    assert (body["f"], body["a"], body["k"]) == ("ring", ["job_1"], {})
    assert not redis.get(b"arq:job:" + name).startswith(b"\x80\x04")
