"""Long speech goes through in pieces that nobody hears."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.converters.openvoice import OpenVoiceConverter
from adapters.converters.openvoice.network import context_frames
from adapters.converters.openvoice.noise import noise
from adapters.converters.openvoice.windows import windows
from tests.instruments.tiny_openvoice import SAMPLE_RATE_HZ, tiny_network
from voicecore.audio import Audio
from voicecore.engine_settings import EngineSettings
from voicecore.testing.contracts.voice_converter import buzz
from voicecore.tone_colour import ToneSettings


@given(frames=st.integers(0, 5_000), kept=st.integers(1, 700), context=st.integers(0, 300))
def test_windows_keep_every_frame_once_in_order_with_all_the_context_there_is(
    frames: int, kept: int, context: int
) -> None:
    found = list(windows(frames, kept, context))
    assert [frame for each in found for frame in range(each.start, each.stop)] == list(range(frames))
    for each in found:
        assert each.first == max(0, each.start - context)
        assert each.last == min(frames, each.stop + context)
        assert each.last - each.first <= kept + 2 * context


@given(seed=st.integers(0, 2**32 - 1), first=st.integers(0, 2_000), length=st.integers(0, 600))
def test_a_stretch_of_noise_is_the_same_wherever_it_begins(seed: int, first: int, length: int) -> None:
    whole = noise(seed, 2, 0, first + length)
    assert np.array_equal(noise(seed, 2, first, first + length), whole[:, first:])


def test_noise_is_standard_normal_and_differs_by_seed_and_channel() -> None:
    drawn = noise(1, 16, 0, 10_000)
    assert abs(float(drawn.mean())) < 0.02
    assert float(drawn.std()) == pytest.approx(1.0, abs=0.02)
    assert not np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn, noise(2, 16, 0, 10_000))


@pytest.mark.parametrize("seconds", [1.9, 4.7])
def test_speech_in_pieces_sounds_as_in_one(models_dir: Path, seconds: float) -> None:
    settings = EngineSettings(models_dir=models_dir, device="cpu")
    audio = buzz(seconds)
    with (
        OpenVoiceConverter.open(settings, window_s=600) as whole,
        OpenVoiceConverter.open(settings, window_s=0.7) as pieces,
    ):
        tone = ToneSettings(target=whole.learn([buzz(6.0, hz=220.0)]), tau=0.5)
        difference = whole.convert(audio, tone)[0].samples - pieces.convert(audio, tone)[0].samples
    assert np.abs(difference).max() < 1e-5


def test_too_little_context_would_be_heard_so_the_test_above_can_fail(models_dir: Path) -> None:
    audio = buzz(1.9)
    with OpenVoiceConverter.open(EngineSettings(models_dir=models_dir, device="cpu"), window_s=0.7) as pieces:
        tone = ToneSettings(target=pieces.learn([buzz(6.0, hz=220.0)]))
        good = pieces.convert(audio, tone)[0].samples
        pieces._passes._context = 4
        assert np.abs(good - pieces.convert(audio, tone)[0].samples).max() > 1e-3


def test_no_sound_reaches_further_than_the_context(models_dir: Path) -> None:
    reach_s = context_frames(tiny_network()) * 256 / SAMPLE_RATE_HZ
    assert 1.2 < reach_s < 1.5
    samples = buzz(4.0).samples.copy()
    changed = samples.copy()
    changed[:1_000] = 0.3
    with OpenVoiceConverter.open(EngineSettings(models_dir=models_dir, device="cpu")) as converter:
        voice = converter.learn([buzz(6.0)])
        tone = ToneSettings(target=voice, source=voice)
        one, other = (converter.convert(Audio(each, SAMPLE_RATE_HZ), tone)[0].samples for each in (samples, changed))
    differing = np.flatnonzero(one != other)
    assert differing[0] < 1_000
    assert differing[-1] < 1_000 + reach_s * SAMPLE_RATE_HZ
