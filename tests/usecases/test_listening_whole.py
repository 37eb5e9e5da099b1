"""A follower gets the whole sound, whatever the relay loses, doubles or delays, and whenever the follower comes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.usecases.conftest import House, request

from adapters.relays.memory import MemoryRelay
from voicecore import blobkeys
from voicecore.audio import Audio, pcm16_bytes
from voicecore.job import JobResult
from voicecore.pipeline import SegmentSound
from voicecore.ports import LiveChunk
from voicecore.usecases import listening
from voicecore.usecases.listen import Listen

RATE = 8_000
FATES = ("heard", "lost", "doubled", "late")


@dataclass
class BadRelay(MemoryRelay):
    """Does with every chunk what fate wants; what is late comes after the next one."""

    fates: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.late: list[LiveChunk] = []

    def publish(self, job_id, chunk):
        fate = self.fates.pop() if self.fates else "heard"
        late, self.late = self.late, [chunk] if fate == "late" else []
        for each in [chunk] * {"heard": 1, "doubled": 2}.get(fate, 0) + late:
            super().publish(job_id, each)


@dataclass(frozen=True)
class Part:
    """A segment: its chunks and the samples of its pause."""

    chunks: tuple[int, ...]
    pause: int


PARTS = st.lists(
    st.builds(Part, st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple), st.integers(0, 3)),
    min_size=1, max_size=5,
)  # fmt: skip


class Play:
    """A worker whose every step a test calls, over true stores."""

    def __init__(self, parts: list[Part], relay: MemoryRelay, *, caching: bool = True) -> None:
        self.house, self.parts, self.relay = House(), parts, relay
        noise = np.random.default_rng(7)
        self.sounds = [noise.uniform(-1, 1, sum(part.chunks)).astype(np.float32) for part in parts]
        pauses = [np.zeros(part.pause, np.float32) for part in parts]
        self.whole = np.concatenate([piece for both in zip(self.sounds, pauses, strict=True) for piece in both])
        self.keys = [blobkeys.segment("female_generic", f"{number:064d}") for number in range(len(parts))]
        self.caching = caching
        self.job = self.house.submit(request("Bom dia."))
        self.listen = Listen(self.house.store, relay, self.house.blobs, self.house.cache, self.house.ids)

    def attempt(self):
        """The steps of one attempt, to be called one by one; it may be left anywhere."""
        self.house.clock.advance(timedelta(minutes=1))
        limits = {"max_tries": 99, "keep": timedelta(hours=1)}
        job = self.house.store.claim("worker", timedelta(seconds=30), **limits)
        rows = [
            {"start": 0, "end": 1, "key": key, "pause_s": part.pause / RATE}
            for key, part in zip(self.keys, self.parts, strict=True)
        ]
        body = {"sample_rate_hz": RATE, "segments": rows}
        self.house.blobs.put(blobkeys.plan(job.id), [json.dumps(body).encode()])
        place = 0
        for part, sound, key in zip(self.parts, self.sounds, self.keys, strict=True):
            begin = 0
            for number, size in enumerate(part.chunks):
                samples = sound[begin : begin + size]
                begin += size
                if number == len(part.chunks) - 1:
                    samples = np.concatenate([samples, np.zeros(part.pause, np.float32)])
                    if self.caching:
                        self.house.cache.keep(key, SegmentSound(sound))
                self.relay.publish(job.id, LiveChunk(place, samples, RATE, "", job.attempt))
                place += len(samples)
                yield
        master = blobkeys.master(job.id, job.attempt)
        self.house.blobs.put(master, [Audio(self.whole, RATE).wav_bytes()])
        result = JobResult(audio_key=master, duration_s=len(self.whole) / RATE, sample_rate_hz=RATE, file_size=1)
        self.house.store.finish(job.completed(result, self.house.clock.now(), timedelta(hours=1)))
        self.relay.end(job.id)


class Follower:
    """Takes some of the sound at a time."""

    def __init__(self, play: Play) -> None:
        self.sound = play.listen.open(play.job.id, keep=True)
        self.chunks: list[LiveChunk] = []

    def look(self, times: int) -> None:
        for _ in range(times):
            if self.sound.heard_all:
                return
            chunk = next(self.sound, None)
            if chunk is not None:
                self.chunks.append(chunk)

    def to_the_end(self) -> None:
        self.chunks += [chunk for chunk in self.sound if chunk is not None]


def heard_exactly(follower: Follower, whole: np.ndarray) -> None:
    place = 0
    for chunk in follower.chunks:
        assert chunk.start == place
        assert chunk.sample_rate_hz == RATE
        assert len(chunk.samples)
        place += len(chunk.samples)
    assert b"".join(pcm16_bytes(chunk.samples) for chunk in follower.chunks) == pcm16_bytes(whole)
    assert follower.sound.heard_all


@pytest.fixture(autouse=True, scope="module")
def impatient():
    """Nobody waits where everything is done step by step."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(listening, "TICK_S", 0.0)
        yield


@settings(max_examples=150, deadline=None)
@given(data=st.data(), parts=PARTS, caching=st.booleans())
def test_whatever_is_lost_doubled_or_late_the_sound_is_whole_and_in_order(data, parts, caching):
    steps = sum(len(part.chunks) for part in parts)
    dying = data.draw(st.lists(st.integers(0, steps - 1), max_size=2), label="attempts die after")
    relay = BadRelay(fates=data.draw(st.lists(st.sampled_from(FATES), max_size=3 * steps), label="fates"))
    play = Play(parts, relay, caching=caching)
    joins = data.draw(st.integers(0, sum(dying) + steps), label="joins at")
    follower = Follower(play) if joins == 0 else None
    done = 0
    for length in [*dying, steps + 1]:
        attempt = play.attempt()
        for _ in range(length):
            next(attempt, None)
            done += 1
            if follower is None and done >= joins:
                follower = Follower(play)
            if follower is not None:
                follower.look(data.draw(st.integers(0, 3), label="looks"))
    follower = follower or Follower(play)
    follower.to_the_end()
    heard_exactly(follower, play.whole)


def test_who_comes_late_has_the_finished_segments_at_once():
    play = Play([Part((3, 3), 2), Part((4,), 1), Part((5, 5), 0)], MemoryRelay())
    attempt = play.attempt()
    for _ in range(4):
        next(attempt)
    follower = Follower(play)
    follower.look(4)
    assert sum(len(chunk.samples) for chunk in follower.chunks) == 6 + 2 + 4 + 1
    list(attempt)
    follower.to_the_end()
    heard_exactly(follower, play.whole)


def test_a_chunk_is_given_before_its_segment_is_finished():
    play = Play([Part((3, 3), 2)], MemoryRelay())
    follower = Follower(play)
    attempt = play.attempt()
    next(attempt)
    follower.look(1)
    assert [len(chunk.samples) for chunk in follower.chunks] == [3]


def test_what_a_slow_follower_lost_comes_from_the_blobs():
    parts = [Part((1,), 0)] * 400
    play = Play(parts, MemoryRelay())
    follower = Follower(play)
    list(play.attempt())
    follower.to_the_end()
    heard_exactly(follower, play.whole)


def test_an_attempt_that_lost_the_job_is_not_heard_any_more():
    play = Play([Part((3, 3), 0), Part((2,), 0)], MemoryRelay())
    follower = Follower(play)
    first, second = play.attempt(), None
    next(first)
    second = play.attempt()
    next(second)
    follower.look(3)
    stale = LiveChunk(3, np.ones(9, np.float32), RATE, "", 1)
    play.relay.publish(play.job.id, stale)
    list(second)
    follower.to_the_end()
    heard_exactly(follower, play.whole)
