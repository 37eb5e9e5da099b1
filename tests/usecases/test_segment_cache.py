"""The cache's bound, what goes first, and what must not go."""

from __future__ import annotations

import threading
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.usecases.conftest import House, request
from tests.usecases.test_resuming import LONG, killed_run

from adapters.blobs.memory import MemoryBlobStore
from voicecore import blobkeys
from voicecore.errors import DiskFull, StorageUnavailable
from voicecore.job import JobStatus
from voicecore.limits import Limits
from voicecore.pipeline import SegmentSound
from voicecore.ports import ConversionReport
from voicecore.testing.fakes import FakeClock
from voicecore.testing.tone import TonePlan
from voicecore.timing import NO_TIMES, TimeSource, WordTimes, WordTiming
from voicecore.usecases.segment_cache import SegmentCache

HOUR, DAY = timedelta(hours=1), timedelta(hours=24)
SAMPLES = np.arange(1_000, dtype=np.float32)
SOUND = SegmentSound(SAMPLES)


def key(number: int) -> str:
    return blobkeys.segment("female_generic", f"{number:064x}")


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def make_cache(clock):
    def make(entries: float, **changes) -> SegmentCache:
        return SegmentCache(MemoryBlobStore(clock=clock), int(entries * SAMPLES.nbytes), clock, **changes)

    return make


def _fill(cache, many, clock):
    for number in range(many):
        cache.keep(key(number), SOUND)
        clock.advance(timedelta(minutes=2))


def kept(cache):
    return {stat.key for stat in cache.blobs.list()}


def test_what_was_used_last_stays(make_cache, clock):
    cache = make_cache(2)
    _fill(cache, 4, clock)
    clock.advance(HOUR)
    assert np.array_equal(cache.recall(key(0)).samples, SAMPLES)
    clock.advance(timedelta(minutes=1))
    cache.evict()
    assert kept(cache) == {key(0), key(3)}


def test_a_segment_that_is_recalled_again_and_again_is_written_once_an_hour(make_cache, clock, monkeypatch):
    cache = make_cache(2)
    cache.keep(key(0), SOUND)
    truth, put = cache.blobs.put, []
    monkeypatch.setattr(cache.blobs, "put", lambda key, data: (put.append(key), truth(key, data)))
    for _ in range(12):
        clock.advance(timedelta(minutes=20))
        cache.recall(key(0))
    assert len(put) == 4


@pytest.mark.parametrize("error", [DiskFull, StorageUnavailable])
def test_a_segment_that_cannot_be_marked_as_used_is_heard_all_the_same(make_cache, clock, monkeypatch, error):
    cache = make_cache(2)
    cache.keep(key(0), SOUND)
    clock.advance(DAY)

    def full(_key, _data):
        raise error

    monkeypatch.setattr(cache.blobs, "put", full)
    assert np.array_equal(cache.recall(key(0)).samples, SAMPLES)


def test_marking_as_used_does_not_bring_back_what_was_deleted_meanwhile(make_cache, clock, monkeypatch):
    cache = make_cache(2)
    cache.keep(key(0), SOUND)
    clock.advance(DAY)
    truth = cache.blobs.open

    def opened(name):
        reader = truth(name)
        cache.blobs.delete(name)
        return reader

    monkeypatch.setattr(cache.blobs, "open", opened)
    assert cache.recall(key(0)) is not None
    assert kept(cache) == set()


def test_what_is_needed_stays_even_beyond_the_bound(make_cache, clock):
    cache = make_cache(1)
    _fill(cache, 4, clock)
    cache.evict(lambda: {key(0), key(1)})
    assert kept(cache) == {key(0), key(1)}


def test_nobody_is_asked_what_is_needed_while_nothing_is_to_go(make_cache, clock):
    cache = make_cache(4)
    _fill(cache, 4, clock)

    def asked():
        raise AssertionError("plans were read for nothing")

    assert cache.evict(asked).files == 0


def test_what_nobody_used_for_two_days_goes_whatever_the_bound(make_cache, clock):
    cache = make_cache(100)
    _fill(cache, 3, clock)
    clock.advance(2 * DAY - HOUR)
    cache.recall(key(1))
    clock.advance(2 * HOUR)
    assert cache.evict(lambda: {key(2)}).files == 1
    assert kept(cache) == {key(1), key(2)}


def test_a_cache_that_is_turned_off_is_emptied(make_cache, clock):
    full = make_cache(9)
    _fill(full, 3, clock)
    off = SegmentCache(full.blobs, 0, clock)
    assert off.recall(key(0)) is None
    assert off.evict(lambda: {key(0)}).files == 3


@settings(max_examples=100, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 50), max_size=12),
    needed=st.sets(st.integers(0, 11)),
    bound=st.integers(1, 200),
)
def test_after_an_eviction_the_rest_fits_or_is_needed_and_no_more_went_than_had_to(sizes, needed, bound):
    clock = FakeClock()
    cache = SegmentCache(MemoryBlobStore(clock=clock), bound * 4, clock)
    for number, size in enumerate(sizes):
        cache.keep(key(number), SegmentSound(np.zeros(size, np.float32)))
        clock.advance(timedelta(seconds=1))
    cache.evict(lambda: {key(number) for number in needed})
    there = [number for number in range(len(sizes)) if cache.blobs.stat(key(number))]
    gone = [number for number in range(len(sizes)) if number not in there]
    assert not needed.intersection(gone)
    rest = sum(sizes[number] for number in there)
    assert rest <= bound or set(there) <= needed
    if gone:
        # The last that went had to, and nothing older that nobody needs was spared.
        assert rest + sizes[gone[-1]] > bound
        assert all(number in needed for number in there if number < gone[-1])


def test_eviction_spares_every_segment_of_a_job_that_waits_to_be_resumed():
    house = House(TonePlan(segment_limit=60, batch_size=1), Limits(segment_cache_bytes=1))
    job = house.submit(request(LONG))
    assert not killed_run(house, 32, after=True)
    mine = house.stored("segments/")
    assert len(mine) == 30
    for status in (JobStatus.PROCESSING, JobStatus.QUEUED):
        house.purge.tidy()
        assert house.store.get(job.id).status is status
        assert house.stored("segments/") == mine
        if status is JobStatus.PROCESSING:
            house.store.finish(house.store.get(job.id).handed_back(bad=False))
    assert house.run("other")
    assert house.store.get(job.id).segments.cached == 30
    house.purge.tidy()
    assert house.stored("segments/") == []


def test_evicting_beside_a_job_that_runs_costs_time_and_never_sound(make_house):
    house = make_house({"segment_cache_bytes": 1}, batch_size=3)
    alone = House(TonePlan(segment_limit=60, batch_size=3))
    truth = alone.audio(alone.spoken(LONG)).samples
    house.spoken(LONG)
    over = threading.Event()

    def evict_on_and_on():
        while not over.wait(0.001):
            house.cache.evict()

    beside = threading.Thread(target=evict_on_and_on)
    beside.start()
    try:
        for _ in range(3):
            assert np.array_equal(house.audio(house.spoken(LONG)).samples, truth)
    finally:
        over.set()
        beside.join()


WORDS = WordTimes((WordTiming(0, 3, 0.0, 0.25), WordTiming(5, 10, 0.3, 0.9)), TimeSource.ATTENTION)


@pytest.mark.parametrize("times", [NO_TIMES, WORDS])
def test_a_segment_comes_back_with_its_words_and_its_length_is_known_without_reading_it(make_cache, times):
    cache = make_cache(9)
    cache.keep(key(0), SegmentSound(SAMPLES, times))
    found = cache.recall(key(0))
    assert np.array_equal(found.samples, SAMPLES)
    assert found.times == times
    assert cache.length(key(0)) == len(SAMPLES)
    assert cache.length(key(1)) is None


@pytest.mark.parametrize("times", [NO_TIMES, WORDS])
def test_a_converted_segment_comes_back_with_its_words_and_what_was_said_of_it(make_cache, times):
    cache = make_cache(9)
    report = ConversionReport(index_used=False, reason="there is none", notes=("a note",))
    cache.keep_converted(key(0), SegmentSound(SAMPLES, times), report)
    found, said = cache.recall_converted(key(0))
    assert np.array_equal(found.samples, SAMPLES)
    assert (found.times, said) == (times, report)


def test_segments_of_before_words_were_kept_are_still_found(make_cache):
    cache = make_cache(9)
    cache.blobs.put(key(0), [SAMPLES.tobytes()])
    assert np.array_equal(cache.recall(key(0)).samples, SAMPLES)
    assert cache.recall(key(0)).times == NO_TIMES
    said = b'{"index_used": true, "reason": "", "notes": []}'
    said += b" " * (-len(said) % 4)
    cache.blobs.put(key(1), [len(said).to_bytes(4, "little"), said, SAMPLES.tobytes()])
    found, report = cache.recall_converted(key(1))
    assert np.array_equal(found.samples, SAMPLES)
    assert (found.times, report.index_used) == (NO_TIMES, True)


@pytest.mark.parametrize(
    "head",
    [b"", b"\xff", b"\xff\xff\xff\xff", b"\x04\0\0\0null", b"\x04\0\0\0[12]", b'\x10\0\0\0{"words": [[1]]}',
     b'\x10\0\0\0{"words": [   ]', b'\x14\0\0\0{"source": "nobody"}'],
)  # fmt: skip
def test_a_segment_whose_words_make_no_sense_is_made_again(make_cache, head):
    cache = make_cache(9)
    cache.blobs.put(key(0), [b"\0\0\xc0\x7f" + head])
    assert cache.recall(key(0)) is None
    assert not kept(cache)
