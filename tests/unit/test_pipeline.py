"""Segments in, sound out: order, batches, caches, abandonment."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecore.audio import AudioChunk
from voicecore.engine import Utterance
from voicecore.errors import EngineFailed
from voicecore.language import Language
from voicecore.pipeline import SegmentSound, speak
from voicecore.testing.tone import SAMPLE_RATE_HZ, ToneEngine, TonePlan
from voicecore.text import Segment

PT = Language("pt", "BR")


def segments(*texts, pause=0.0):
    return [
        Segment(index=number, start=number, end=number + 1, text=text, pause_after_s=pause)
        for number, text in enumerate(texts)
    ]


def utter(segment):
    return Utterance(id=f"u{segment.index}", text=segment.text, language=PT, voice="female_generic")


class Backwards(ToneEngine):
    """Finishes the utterance admitted last first."""

    def step(self):
        if not self._queue:
            return ()
        name = list(self._queue)[-1]
        samples = self._queue[name].pop(0)
        last = not self._queue[name]
        if last:
            del self._queue[name]
        times = self._times.pop(name, None) if last else None
        return [AudioChunk(name, samples, SAMPLE_RATE_HZ, last=last, times=times)]


class Stuck(ToneEngine):
    def step(self):
        return ()


@given(
    st.lists(st.text("abcdef", max_size=6), max_size=8),
    st.integers(1, 5),
    st.integers(0, 3),
    st.sets(st.integers(0, 7)),
    st.booleans(),
)
def test_the_sound_is_the_same_whatever_the_batch_the_chunks_and_the_cache(texts, batch, per_chunk, cached, backwards):
    plain = ToneEngine(TonePlan(batch_size=1))
    expected = [np.concatenate([c.samples for c in speak(plain, [s], utter)]) for s in segments(*texts, pause=0.01)]
    kind = Backwards if backwards else ToneEngine
    engine = kind(TonePlan(batch_size=batch, letters_per_chunk=per_chunk))
    known = {}
    for segment in segments(*texts):
        if segment.index in cached and segment.text:
            (spoken,) = speak(plain, [segment], utter)
            known[segment.index] = SegmentSound(spoken.samples, spoken.times)
    kept = {}
    chunks = list(
        speak(
            engine, segments(*texts, pause=0.01), utter,
            recall=lambda s: known.get(s.index), keep=lambda s, sound: kept.__setitem__(s.index, sound),
        )
    )  # fmt: skip
    assert [c.segment.index for c in chunks if c.last] == list(range(len(texts)))
    assert [c.segment.index for c in chunks] == sorted(c.segment.index for c in chunks)
    for index, sound in enumerate(expected):
        heard = np.concatenate([c.samples for c in chunks if c.segment.index == index])
        assert np.array_equal(heard, sound)
    assert {c.segment.index for c in chunks if c.cached} == set(known)
    told = {c.segment.index: [(w.start, w.end) for w in c.times.words] for c in chunks if c.last}
    assert told == {index: [(0, len(text))] if text else [] for index, text in enumerate(texts)}
    assert not [c for c in chunks if c.times.words and not c.last]
    assert set(kept) == {n for n, text in enumerate(texts) if text} - set(known)


def test_the_first_sound_comes_before_the_second_segment_is_made():
    engine = ToneEngine(TonePlan(batch_size=1))
    seen = []
    run = speak(engine, segments("aaa", "bbb"), lambda s: seen.append(s.index) or utter(s))
    assert next(run).segment.index == 0
    assert seen == [0]


def test_closing_the_generator_drops_what_was_admitted():
    engine = ToneEngine(TonePlan(batch_size=3, letters_per_chunk=1))
    run = speak(engine, segments("aaaa", "bbbb", "cccc"), utter)
    next(run)
    run.close()
    assert list(engine.step()) == []


def test_an_engine_that_makes_no_progress_is_an_error_not_an_endless_loop():
    with pytest.raises(EngineFailed, match="no progress"):
        list(speak(Stuck(), segments("aaa"), utter))


def test_an_engines_failure_reaches_the_caller():
    engine = ToneEngine(TonePlan(fail_on="b"))
    run = speak(engine, segments("aaa", "bbb"), utter)
    with pytest.raises(EngineFailed):
        list(run)


def test_a_segment_without_speech_is_a_pause_and_takes_no_engine_time():
    engine = ToneEngine()
    chunks = list(speak(engine, segments("", pause=0.5), utter))
    assert [len(chunk.samples) for chunk in chunks] == [SAMPLE_RATE_HZ // 2]


def test_a_look_up_before_each_step_can_end_the_run_though_no_sound_is_ready_and_leaves_the_engine_free():
    class Slow(ToneEngine):
        def step(self):
            return ()

    class CalledOff(Exception):
        pass

    looks = iter(range(4))

    def look_up():
        if next(looks, None) is None:
            raise CalledOff

    engine = Slow(TonePlan(batch_size=1))
    with pytest.raises(CalledOff):
        list(speak(engine, segments("abc"), utter, look_up=look_up))
    engine.admit(utter(segments("abc")[0]))
