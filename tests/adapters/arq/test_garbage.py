"""Whoever may write to Redis can run nothing here, and stop nothing for long."""

from __future__ import annotations

import logging
import pickle
import time
from pathlib import Path

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.queues.arq import codec
from adapters.queues.arq.ringer import LIFE_MS, queue_of, score_ms
from tests.adapters.arq.slots import Slots, until
from voicecore.job import JobId


class Canary:
    """Unpickled, it leaves a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self):
        return Path.touch, (self._path,)


@pytest.fixture
def queue(prefix):
    return queue_of(prefix, "tone")


@pytest.fixture
def slots(make_doorbell):
    with Slots(make_doorbell("tone"), 2) as slots:
        yield slots


def plant(redis, queue, name, body, score=None):
    redis.set(b"arq:job:" + name, body, px=LIFE_MS)
    redis.zadd(queue, {name: score_ms(time.time()) if score is None else score})
    redis.publish(queue, b"")


def still_rings(make_doorbell, slots) -> bool:
    """A queue that is emptied may take a ring with it, but not every one that the sweep repeats."""
    door, before = make_doorbell(), slots.woken
    for _ in range(20):
        door.ring(JobId("job_good"), "tone")
        if until(lambda: slots.woken > before, patience_s=3.0):
            return True
    return False


def test_a_planted_pickle_is_not_executed_and_wedges_nothing(make_doorbell, redis, queue, slots, tmp_path):
    canary = tmp_path / "canary"
    for number in range(20):
        plant(redis, queue, f"{queue}:planted-{number}".encode(), pickle.dumps(Canary(canary)))
    assert until(lambda: redis.zcard(queue) == 0)
    assert still_rings(make_doorbell, slots)
    assert not canary.exists()
    pickle.loads(pickle.dumps(Canary(canary)))
    assert canary.exists()


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\xc1", b"garbage", b"\x93", msgpack.packb([1, 2]), msgpack.packb({"f": "ring"}),
        msgpack.packb({"t": None, "f": "ring", "a": [], "k": {}, "et": 1}),
        msgpack.packb({"t": 99, "f": "os.system", "a": ["true"], "k": {}, "et": 1}),
        msgpack.packb({"t": "x", "f": ["ring"], "a": {"b": 1}, "k": 3, "et": 10**18}),
        msgpack.packb({"t": None, "f": "ring", "a": ["x"], "k": {}, "et": -(10**15)}),
        b"\x90" * 1_000_000,
    ],
    ids=range(11),
)  # fmt: skip
def test_garbage_instead_of_a_ring_is_dropped_without_waking_anybody(make_doorbell, redis, queue, slots, body, caplog):
    with caplog.at_level(logging.WARNING):
        plant(redis, queue, b"garbage", body)
        assert until(lambda: redis.zcard(queue) == 0)
    assert slots.woken == 0
    # An empty value is none, of which arq says that the job has expired.
    assert len(caplog.records) <= (body == b"")
    assert still_rings(make_doorbell, slots)


@pytest.mark.parametrize("score", [float("-inf"), -1.0, 0.0, 1.0, float("inf"), 1e18])
def test_a_ring_from_no_time_blocks_no_other(make_doorbell, redis, queue, slots, score):
    body = codec.encode({"t": None, "f": "ring", "a": ["job_1"], "k": {}, "et": 1})
    for number in range(1_500):
        redis.zadd(queue, {f"{queue}:{number}": score})
    plant(redis, queue, b"planted", body, score)
    assert still_rings(make_doorbell, slots)


def test_a_name_that_is_no_text_costs_the_queue_but_not_the_worker(make_doorbell, redis, queue, slots, caplog):
    plant(redis, queue, b"\xff\xfe", b"x")
    assert until(lambda: redis.zcard(queue) == 0)
    assert until(lambda: "failed and is tried again (UnicodeDecodeError)" in caplog.text)
    assert still_rings(make_doorbell, slots)


@pytest.mark.parametrize("key", ["arq:job:{}", "arq:retry:{}", "arq:in-progress:{}"])
def test_keys_of_another_type_cost_the_queue_but_not_the_worker(make_doorbell, redis, queue, slots, key):
    name = f"{queue}:planted"
    redis.rpush(key.format(name), "x")
    redis.zadd(queue, {name: score_ms(time.time())})
    redis.publish(queue, b"")
    assert still_rings(make_doorbell, slots)
    redis.delete(key.format(name))


def test_a_queue_of_another_type_is_replaced(make_doorbell, redis, queue, slots):
    redis.set(queue, "x")
    door = make_doorbell()
    door.ring(JobId("job_1"), "tone")
    assert until(lambda: redis.type(queue) in (b"none", b"zset"))
    assert still_rings(make_doorbell, slots)


def test_a_ring_for_a_job_that_never_was_wakes_a_slot_which_then_finds_nothing(make_doorbell, redis, queue, slots):
    make_doorbell().ring(JobId("job_that_never_was"), "tone")
    assert until(lambda: slots.woken == 1)
    assert until(lambda: redis.zcard(queue) == 0)


KNOWN = frozenset({"p:arq:chores:tidy"})


@given(st.binary(max_size=200))
def test_bytes_become_a_job_whatever_they_are(data):
    assert codec.decode(data, KNOWN)["f"] in {codec.DISCARD, codec.RING, *KNOWN}


plain = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text() | st.binary()
values = st.recursive(plain, lambda some: st.lists(some, max_size=3) | st.dictionaries(st.text(), some, max_size=3))
jobs = st.fixed_dictionaries(
    {}, optional={"t": values, "f": values | st.sampled_from(["ring", *KNOWN]), "a": values | st.just(["job_1"]),
                  "k": values, "et": values | st.just(1)},
)  # fmt: skip


@given(jobs)
def test_a_job_is_rebuilt_from_what_is_known_and_nothing_else_is_kept(job):
    decoded = codec.decode(msgpack.packb(job), KNOWN)
    assert decoded["f"] in {codec.DISCARD, codec.RING, *KNOWN}
    assert decoded["t"] is None
    assert decoded["k"] == {}
    assert len(decoded["a"]) == (decoded["f"] == codec.RING)
    assert all(isinstance(argument, str) for argument in decoded["a"])
    assert 0 <= decoded["et"] <= 10**14


@given(st.text(max_size=100), st.integers(0, 10**13))
def test_what_arq_writes_for_a_ring_is_read_as_it_was(job_id, enqueued_ms):
    job = {"t": None, "f": codec.RING, "a": (job_id,), "k": {}, "et": enqueued_ms}
    assert codec.decode(codec.encode(job), frozenset()) == job


def test_an_error_among_the_results_is_written_by_its_class():
    assert msgpack.unpackb(codec.encode({"r": ValueError("a text of somebody")})) == {"r": "ValueError"}
