"""What every `Relay` does."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from voicecore.audio import Samples
from voicecore.job import JobId
from voicecore.ports import Ear, LiveChunk, Relay

#: Long enough for anything to arrive; only a failing test waits for it.
PATIENCE_S = 60.0
JOB, OTHER = JobId("job_1"), JobId("job_2")

_SOUND = arrays(np.float32, st.integers(0, 500), elements=st.floats(-1, 1, width=32))


def live_chunk(start: int, samples: Samples | None = None) -> LiveChunk:
    return LiveChunk(start, np.full(3, 0.25, dtype=np.float32) if samples is None else samples, 24_000)


@dataclass(frozen=True, slots=True)
class RelayEnds:
    """Where sound goes in, and where it comes out: one relay, or two in two processes."""

    inlet: Relay
    outlet: Relay

    def follow(self, job_id: JobId = JOB) -> Ear:
        """A new follower of whom the inlet has heard."""
        ear = self.outlet.follow(job_id)
        deadline = time.monotonic() + PATIENCE_S
        while not self.inlet.followed(job_id):
            assert time.monotonic() < deadline, "the inlet never heard of the follower"
            time.sleep(0.01)
        return ear

    def publish(self, *starts: int, job_id: JobId = JOB) -> None:
        for start in starts:
            self.inlet.publish(job_id, live_chunk(start))


def heard(ear: Ear, patience_s: float = PATIENCE_S) -> Iterator[LiveChunk]:
    """What the ear hears until it is over, or nothing comes for so long."""
    while (chunk := ear.hear(patience_s)) is not None:
        yield chunk


def starts(ear: Ear, patience_s: float = PATIENCE_S) -> list[int]:
    return [chunk.start for chunk in heard(ear, patience_s)]


def first(ear: Ear) -> LiveChunk:
    chunk = ear.hear(PATIENCE_S)
    assert chunk is not None
    return chunk


class RelayContract:
    """Subclass it, override `make_ends`, run pytest."""

    def make_ends(self) -> RelayEnds:
        """A new relay that nobody follows, as seen by a worker and by a listener."""
        raise NotImplementedError

    @pytest.fixture
    def ends(self) -> Iterator[RelayEnds]:
        ends = self.make_ends()
        yield ends
        ends.inlet.close()
        ends.outlet.close()

    def test_chunks_come_in_order_until_the_end(self, ends: RelayEnds) -> None:
        chunks = ends.follow()
        ends.publish(*range(0, 60, 3))
        ends.inlet.end(JOB)
        assert starts(chunks) == list(range(0, 60, 3))

    def test_a_chunk_comes_while_the_job_still_runs(self, ends: RelayEnds) -> None:
        chunks = ends.follow()
        for start in (0, 3, 6):
            ends.publish(start)
            assert first(chunks).start == start

    def test_a_waiting_follower_is_woken(self, ends: RelayEnds) -> None:
        chunks = ends.follow()
        got: list[int] = []
        follower = threading.Thread(target=lambda: got.extend(starts(chunks)))
        follower.start()
        ends.publish(0, 3)
        ends.inlet.end(JOB)
        follower.join(PATIENCE_S)
        assert got == [0, 3]

    def test_two_followers_hear_the_same(self, ends: RelayEnds) -> None:
        one, other = ends.follow(), ends.follow()
        ends.publish(0, 3, 6)
        ends.inlet.end(JOB)
        assert starts(one) == starts(other) == [0, 3, 6]

    def test_who_comes_later_hears_only_what_comes_then(self, ends: RelayEnds) -> None:
        early = ends.follow()
        ends.publish(0, 3)
        late = ends.follow()
        ends.publish(6, 9)
        ends.inlet.end(JOB)
        assert starts(late) == [6, 9]
        assert starts(early) == [0, 3, 6, 9]

    def test_jobs_never_mix(self, ends: RelayEnds) -> None:
        one, other = ends.follow(JOB), ends.follow(OTHER)
        ends.publish(0, 3, job_id=JOB)
        ends.publish(100, job_id=OTHER)
        ends.inlet.end(JOB)
        assert starts(one) == [0, 3]
        ends.publish(103, job_id=OTHER)
        ends.inlet.end(OTHER)
        assert starts(other) == [100, 103]

    def test_an_attempt_that_begins_again_is_heard_again(self, ends: RelayEnds) -> None:
        chunks = ends.follow()
        ends.publish(0, 3, 0, 3, 6)
        ends.inlet.end(JOB)
        assert starts(chunks) == [0, 3, 0, 3, 6]

    @pytest.mark.parametrize("patience_s", [0.0, 0.05, -1.0])
    def test_patience_ends(self, ends: RelayEnds, patience_s: float) -> None:
        before = time.monotonic()
        assert starts(ends.follow(), patience_s) == []
        assert time.monotonic() - before >= patience_s

    def test_an_ear_hears_on_after_a_silence(self, ends: RelayEnds) -> None:
        ear = ends.follow()
        assert ear.hear(0.05) is None
        assert not ear.over
        ends.publish(0)
        assert first(ear).start == 0
        ends.inlet.end(JOB)
        assert ear.hear(PATIENCE_S) is None
        assert ear.over

    def test_an_ear_is_not_over_before_it_heard_all(self, ends: RelayEnds) -> None:
        ear = ends.follow()
        ends.publish(0, 3)
        ends.inlet.end(JOB)
        assert first(ear).start == 0
        assert not ear.over
        assert first(ear).start == 3
        assert ear.hear(PATIENCE_S) is None
        assert ear.over

    def test_a_closed_ear_hears_nothing_more_and_hinders_nobody(self, ends: RelayEnds) -> None:
        gone, stays = ends.follow(), ends.follow()
        ends.publish(0)
        assert first(gone).start == 0
        gone.close()
        gone.close()
        ends.publish(3)
        ends.inlet.end(JOB)
        assert gone.hear(PATIENCE_S) is None
        assert gone.over
        assert starts(stays) == [0, 3]

    def test_closing_wakes_who_waits(self, ends: RelayEnds) -> None:
        ear = ends.follow()
        got: list[LiveChunk | None] = []
        waiting = threading.Thread(target=lambda: got.append(ear.hear(PATIENCE_S)))
        waiting.start()
        ear.close()
        waiting.join(PATIENCE_S)
        assert got == [None]

    def test_voice_and_attempt_are_passed_on(self, ends: RelayEnds) -> None:
        ear = ends.follow()
        nothing = np.zeros(0, dtype=np.float32)
        ends.inlet.publish(JOB, LiveChunk(0, nothing, 40_000, "model_1", 3))
        chunk = first(ear)
        assert (chunk.sample_rate_hz, chunk.voice, chunk.attempt) == (40_000, "model_1", 3)

    def test_at_first_nobody_follows(self, ends: RelayEnds) -> None:
        assert not ends.inlet.followed(JOB)
        chunks = ends.follow(JOB)
        assert not ends.inlet.followed(OTHER)
        del chunks

    def test_what_is_said_to_nobody_is_heard_by_nobody(self, ends: RelayEnds) -> None:
        ends.publish(0, 3)
        ends.inlet.end(JOB)
        assert starts(ends.follow(), 0.05) == []

    def test_a_follower_that_left_hinders_nobody(self, ends: RelayEnds) -> None:
        gone, stays = ends.follow(), ends.follow()
        ends.publish(0)
        assert first(gone).start == 0
        del gone
        gc.collect()
        ends.publish(3)
        ends.inlet.end(JOB)
        assert starts(stays) == [0, 3]

    def test_a_slow_follower_may_lose_chunks_but_sees_it_and_hears_the_newest(self, ends: RelayEnds) -> None:
        chunks = ends.follow()
        ends.publish(*range(0, 3_000, 3))
        ends.publish(3_000)
        ends.inlet.end(JOB)
        heard = starts(chunks)
        assert heard == sorted(heard)
        assert heard[-1:] == [3_000]

    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(sound=st.lists(_SOUND, max_size=4), rate=st.sampled_from([8_000, 24_000, 48_000]))
    def test_samples_are_bit_identical(self, sound: list[Samples], rate: int) -> None:
        ends = self.make_ends()
        chunks = ends.follow()
        for number, samples in enumerate(sound):
            ends.inlet.publish(JOB, LiveChunk(number * 1_000, samples, rate))
        ends.inlet.end(JOB)
        got = list(heard(chunks))
        assert [(chunk.start, chunk.sample_rate_hz) for chunk in got] == [
            (number * 1_000, rate) for number in range(len(sound))
        ]
        assert all(chunk.samples.dtype == np.float32 for chunk in got)
        # Bytes, since 0.0 == -0.0.
        assert [chunk.samples.tobytes() for chunk in got] == [samples.tobytes() for samples in sound]
        ends.inlet.close()
        ends.outlet.close()

    def test_a_publisher_may_use_its_array_again(self, ends: RelayEnds) -> None:
        chunks = ends.follow()
        samples = np.zeros(4, dtype=np.float32)
        ends.inlet.publish(JOB, live_chunk(0, samples))
        samples[:] = 1
        assert first(chunks).samples.tolist() == [0, 0, 0, 0]

    def test_a_closed_relay_ends_its_followers_and_says_nothing(self, ends: RelayEnds) -> None:
        chunks = ends.follow()
        ends.outlet.close()
        ends.inlet.close()
        ends.publish(0)
        ends.inlet.end(JOB)
        assert starts(chunks) == []

    def test_closing_twice_is_harmless(self, ends: RelayEnds) -> None:
        ends.inlet.close()
        ends.inlet.close()
