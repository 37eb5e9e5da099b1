"""What is used of a reference, and which references are refused with what to do about it."""

from __future__ import annotations

import numpy as np
import pytest

from adapters.engines.xtts.conditioning.clip import RATE_HZ, SPEECH_LEVEL_DB, clipped
from adapters.engines.xtts.conditioning.reference import USED_S, listen
from tests.adapters.xtts.conditioning.babble import babble
from voicecore.audio import Audio, Samples, silence
from voicecore.errors import InvalidAudio

_RATE = 24_000


def _audio(*parts: Samples, rate_hz: int = _RATE) -> Audio:
    return Audio(np.clip(np.concatenate(parts), -1, 1).astype(np.float32), rate_hz)


def _noise(seconds: float, level: float = 0.1, seed: int = 0) -> Samples:
    return (level * np.random.default_rng(seed).standard_normal(round(seconds * _RATE))).clip(-1, 1).astype(np.float32)


def _music(seconds: float) -> Samples:
    """Chords of plucked strings, two a second."""
    random = np.random.default_rng(0)
    time_s = np.arange(round(seconds * _RATE)) / _RATE
    sound = np.zeros(len(time_s))
    for beat in range(int(2 * seconds)):
        since = np.maximum(0.0, time_s - beat / 2)
        for semitone in random.choice([0, 3, 5, 7, 10, 12, 15], 3, replace=False):
            for harmonic in range(1, 6):
                sound += (
                    (since > 0)
                    * np.exp(-4 * since)
                    * np.sin(2 * np.pi * 220 * 2 ** (semitone / 12) * harmonic * since)
                    / harmonic
                )
    return np.asarray(0.5 * sound / np.abs(sound).max(), np.float32)


@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 44_100, 48_000, 96_000])
def test_speech_of_any_rate_is_taken_and_brought_to_one_level(rate_hz: int) -> None:
    heard = listen([babble(8, rate_hz=rate_hz, level=0.05)])
    assert heard.usable_s == pytest.approx(8, abs=1.0)
    assert heard.source_rate_hz == rate_hz
    power = np.square(heard.speech.reshape(-1)[: len(heard.speech) // 441 * 441].reshape(-1, 441)).mean(axis=1)
    loud = power[power > np.percentile(power, 95) * 1e-3]
    assert 10 * np.log10(loud.mean()) == pytest.approx(SPEECH_LEVEL_DB, abs=0.5)
    assert np.abs(heard.speech).max() <= 0.951


def test_at_most_half_a_minute_is_used_of_all_clips_and_of_each() -> None:
    heard = listen([babble(33), babble(10, seed=1), babble(31, seed=2)])
    assert heard.usable_s > 40
    assert USED_S - 3 < len(heard.speech) / RATE_HZ <= USED_S
    lengths_s = [len(each) / RATE_HZ for each in heard.by_clip]
    assert len(lengths_s) == 3
    assert max(lengths_s) <= USED_S
    assert lengths_s[1] == pytest.approx(10, abs=1.5)


def test_silence_before_after_and_between_is_cut_out() -> None:
    quiet = silence(4, _RATE)
    heard = listen([_audio(quiet, babble(4).samples, quiet, babble(4, seed=1).samples, quiet)])
    assert heard.usable_s == pytest.approx(8, abs=1.0)
    assert len({stretch.span for stretch in heard.stretches}) == len(heard.stretches) >= 2


def test_the_clean_part_is_chosen_before_the_noisy_one() -> None:
    noisy = babble(20, seed=1).samples + _noise(20, 0.03)
    heard = listen([_audio(noisy, silence(1, _RATE), babble(20, seed=2).samples)])
    left_out = [stretch for stretch in heard.stretches if stretch not in heard.chosen]
    assert left_out
    assert all(stretch.span.start_s < 20 for stretch in left_out)


def test_a_short_clip_is_no_speaker_embedding_of_its_own_but_is_heard() -> None:
    heard = listen([babble(12), babble(1.2, seed=1)])
    assert len(heard.by_clip) == 1
    assert {stretch.clip for stretch in heard.chosen} == {0, 1}


def test_many_clips_that_are_each_too_short_make_one_embedding_together() -> None:
    heard = listen([babble(1.6, seed=seed) for seed in range(6)])
    assert len(heard.by_clip) == 1
    assert len(heard.by_clip[0]) / RATE_HZ == pytest.approx(heard.usable_s, abs=0.01)


def test_clips_without_speech_are_counted_and_left_out() -> None:
    heard = listen([Audio(silence(5, 8_000), 8_000), babble(8), Audio(_noise(5), _RATE)])
    assert heard.left_out == 2
    assert heard.source_rate_hz == _RATE
    assert {stretch.clip for stretch in heard.stretches} == {1}


def test_equal_clips_give_equal_samples() -> None:
    clips = [babble(8), babble(8, seed=1)]
    assert np.array_equal(listen(clips).speech, listen(clips).speech)


@pytest.mark.parametrize("clips", [[], [babble(4.9)], [babble(2), babble(2)], [Audio(silence(0, _RATE), _RATE)]])
def test_less_than_five_seconds_are_refused_with_their_length(clips: list[Audio]) -> None:
    length_s = sum(clip.duration_s for clip in clips)
    with pytest.raises(InvalidAudio, match=rf"lasts {length_s:.1f} s; give 5 to 300 s"):
        listen(clips)


def test_more_than_five_minutes_are_refused_with_their_length() -> None:
    minute = Audio(np.tile(_noise(1), 101), _RATE)
    with pytest.raises(InvalidAudio, match=r"lasts 303\.0 s; give at most 300 s"):
        listen([minute] * 3)


def test_long_recordings_with_little_speech_are_refused_with_both_lengths() -> None:
    with pytest.raises(InvalidAudio, match=r"lasts 12\.0 s but holds only [23]\.\d s of speech"):
        listen([_audio(silence(4, _RATE), babble(3).samples, silence(5, _RATE))])


@pytest.mark.parametrize("level", [0.0, 0.0004])
def test_a_silent_reference_is_refused_with_its_level(level: float) -> None:
    with pytest.raises(InvalidAudio, match=r"silent: it reaches -\d+ dB and speech starts at -60 dB"):
        listen([Audio(babble(10).samples * np.float32(level), _RATE)])


_TIME_S = np.arange(12 * _RATE) / _RATE
_PULSE = (1 + np.sin(2 * np.pi * 3 * _TIME_S)) / 2


@pytest.mark.parametrize(
    "samples",
    [
        _noise(12),
        np.cumsum(_noise(12, 0.001)),
        _noise(12) * _PULSE,
        0.5 * np.sin(2 * np.pi * 440 * _TIME_S),
        0.5 * np.sin(2 * np.pi * (100 + 20 * _TIME_S) * _TIME_S),
        0.3 * np.sin(2 * np.pi * 140 * _TIME_S) * _PULSE + _noise(12, 0.01),
        0.3 * np.sin(2 * np.pi * 100 * _TIME_S) * _PULSE + _noise(12, 0.01),
        _music(12),
    ],
    ids=["white noise", "brown noise", "pulsing noise", "tone", "sweep", "pulsing tone", "pulsing low tone", "music"],
)
def test_what_is_no_voice_is_refused(samples: Samples) -> None:
    with pytest.raises(InvalidAudio, match="No voice was found"):
        listen([_audio(samples)])


def test_samples_on_flat_tops_are_clipped_whatever_the_level_and_others_are_not() -> None:
    loud = babble(8).samples * 10
    assert clipped(np.clip(loud, -1, 1)).mean() == pytest.approx(np.mean(np.abs(loud) >= 1), abs=0.03)
    assert np.array_equal(clipped(np.clip(loud, -1, 1) * np.float32(0.3)), clipped(np.clip(loud, -1, 1)))
    assert clipped(babble(8).samples).mean() < 1e-3
    assert not clipped(np.zeros(100, np.float32)).any()
    assert clipped(np.zeros(0, np.float32)).size == 0
