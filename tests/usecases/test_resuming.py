"""A worker dies in the middle of a job, and another goes on where it was: no segment twice, and the same bytes."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.usecases.conftest import CountingProvider, House, request

from adapters.hosts import LocalHost
from voicecore.job import JobStatus
from voicecore.testing.tone import TonePlan

SENTENCES = [f"Esta é a frase de número {number:02} do texto." for number in range(60)]
LONG = " ".join(SENTENCES)
KILLS = settings(max_examples=25, deadline=None)


class Killed(BaseException):
    """As kill -9: nothing of ours catches it."""


class MortalBlobs:
    """The house's blobs, whose user dies at the chosen call that changes something, before or after it took effect."""

    def __init__(self, truth, die_at: int, after: bool) -> None:
        self._truth, self._die_at, self._after = truth, die_at, after
        self.changes = 0

    def __getattr__(self, name):
        truth = getattr(self._truth, name)
        if name not in ("put", "delete"):
            return truth

        def call(*args):
            self.changes += 1
            # The data of a put may be made by further puts, so the count goes on meanwhile.
            fatal = self.changes == self._die_at
            if fatal and not self._after:
                raise Killed
            done = truth(*args)
            if fatal:
                raise Killed
            return done

        return call


def killed_run(house: House, die_at: int, after: bool) -> bool:
    """Run one job on a worker that dies at this change of the blobs; whether it lived to the end."""
    truth = house.blobs
    house.blobs = MortalBlobs(truth, die_at, after)
    object.__setattr__(house.cache, "blobs", house.blobs)
    try:
        assert house.worker()("doomed")
    except Killed:
        return False
    else:
        return True
    finally:
        house.blobs = truth
        object.__setattr__(house.cache, "blobs", truth)


def resumed(house: House):
    """Run what is left on another worker, with an engine of its own; the job, and what that engine was given."""
    house.clock.advance(timedelta(minutes=1))
    provider = CountingProvider(house.plan)
    assert house.worker(LocalHost({"tone": provider}))("other")
    return provider.engine.given


def audio_bytes(house: House, job) -> bytes:
    with house.blobs.open(job.result.audio_key) as reader:
        return reader.read()


def undisturbed(batch_size: int) -> bytes:
    house = House(TonePlan(segment_limit=60, batch_size=batch_size))
    return audio_bytes(house, house.spoken(LONG))


WHOLE = {batch_size: undisturbed(batch_size) for batch_size in (1, 3, 4)}


def test_a_job_killed_at_segment_40_of_60_resumes_at_41():
    house = House(TonePlan(segment_limit=60, batch_size=1))
    job = house.submit(request(LONG))
    # The plan is written first; the audio is begun, and pulls one segment after the other.
    assert not killed_run(house, 2 + 40, after=True)
    given = resumed(house)
    assert [utterance.text.strip() for utterance in given] == SENTENCES[40:]
    done = house.store.get(job.id)
    assert (done.segments.total, done.segments.cached) == (60, 40)
    assert audio_bytes(house, done) == WHOLE[1]


@KILLS
@given(batch_size=st.sampled_from([1, 3, 4]), die_at=st.integers(1, 63), after=st.booleans())
def test_wherever_a_worker_dies_the_next_makes_only_what_is_missing_and_the_audio_is_the_same(
    batch_size, die_at, after
):
    house = House(TonePlan(segment_limit=60, batch_size=batch_size))
    job = house.submit(request(LONG))
    assert not killed_run(house, die_at, after)
    kept = len(house.stored("segments/"))
    given_again = resumed(house)
    done = house.store.get(job.id)
    assert done.status is JobStatus.COMPLETED
    assert len(given_again) == done.segments.total - kept
    assert audio_bytes(house, done) == WHOLE[batch_size]


@KILLS
@given(deaths=st.lists(st.tuples(st.integers(1, 40), st.booleans()), min_size=2, max_size=2))
def test_a_job_whose_workers_die_twice_is_still_the_same(deaths):
    house = House(TonePlan(segment_limit=60, batch_size=3))
    job = house.submit(request(LONG))
    for die_at, after in deaths:
        killed_run(house, die_at, after)
        house.clock.advance(timedelta(minutes=1))
    if not house.store.get(job.id).status.finished:
        resumed(house)
    assert audio_bytes(house, house.store.get(job.id)) == WHOLE[3]


def test_a_resumed_job_whose_segments_were_evicted_meanwhile_makes_them_again():
    house = House(TonePlan(segment_limit=60, batch_size=3))
    job = house.submit(request(LONG))
    assert not killed_run(house, 30, after=False)
    for key in house.stored("segments/")[::2]:
        house.blobs.delete(key)
    resumed(house)
    assert audio_bytes(house, house.store.get(job.id)) == WHOLE[3]


def test_editing_one_sentence_of_a_long_text_makes_only_that_one():
    house = House(TonePlan(segment_limit=60, batch_size=3))
    house.spoken(LONG)
    before = len(house.provider.engine.given)
    edited = house.spoken(LONG.replace("número 17 do", "número dezessete do"))
    assert len(house.provider.engine.given) - before == 1
    alone = House(TonePlan(segment_limit=60, batch_size=3), house.limits)
    assert np.array_equal(house.audio(edited).samples, alone.audio(alone.spoken(edited.request.text)).samples)


@pytest.mark.parametrize("when", ["before", "after"])
def test_two_jobs_that_share_segments_do_not_need_each_other(when):
    house = House(TonePlan(segment_limit=60, batch_size=3))
    first = house.spoken(LONG)
    if when == "before":
        house.delete_job(first.id)
        second = house.spoken(LONG)
        assert second.segments.cached == 0
    else:
        second = house.spoken(LONG)
        assert second.segments.cached == second.segments.total
        house.delete_job(first.id)
    assert audio_bytes(house, second) == WHOLE[3]
    third = house.spoken(LONG)
    assert audio_bytes(house, third) == WHOLE[3]
