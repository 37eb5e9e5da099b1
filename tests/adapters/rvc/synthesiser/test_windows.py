"""The vocoder works in windows that nobody hears."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.converters.rvc.synthesiser import Synthesiser, spans
from tests.adapters.rvc.synthesiser.voices import distance, heard, voice
from tests.instruments import tiny_rvc

KINDS = [(version, rate, f0) for version, rate in tiny_rvc.UPSAMPLINGS for f0 in (True, False)]


def latents_of(frames: int) -> torch.Tensor:
    """What the vocoder hears: the same in every run."""
    return torch.randn(16, frames, generator=torch.Generator().manual_seed(0))


@given(frames=st.integers(0, 100_000), largest=st.integers(1, 40).map(lambda each: 16 * each))
def test_windows_cut_every_frame_once_in_order_and_few_widths_are_computed(frames: int, largest: int) -> None:
    found = spans.windows(frames, largest)
    assert [start for start, _ in found] == [0, *(stop for _, stop in found)][: len(found)]
    assert (found[-1][1] if found else 0) == frames
    assert all(0 < stop - start <= largest for start, stop in found)
    assert len({spans.rounded(stop - start) for start, stop in found}) <= 2
    assert sum(spans.rounded(stop - start) for start, stop in found) < frames + spans.STEP_FRAMES


@pytest.mark.parametrize(("version", "rate", "f0"), KINDS)
def test_speech_in_windows_sounds_as_in_one(version, rate, f0) -> None:
    of = voice(version, rate, f0=f0)
    content, pitch = heard(of, 70)
    synthesiser = Synthesiser(of)
    whole = synthesiser.convert(content, pitch, seed=2, window_frames=1_600)
    assert distance(synthesiser.convert(content, pitch, seed=2, window_frames=32), whole) < 2e-6


@settings(max_examples=10, deadline=None)
@given(frames=st.integers(1, 120), window=st.integers(1, 8).map(lambda each: 16 * each))
def test_wherever_the_cuts_fall_the_sound_is_the_same(frames: int, window: int) -> None:
    of = voice()
    content, pitch = heard(of, frames)
    synthesiser = Synthesiser(of)
    whole = synthesiser.convert(content, pitch, seed=2, window_frames=1_600)
    assert distance(synthesiser.convert(content, pitch, seed=2, window_frames=window), whole) < 2e-6


def test_too_little_round_a_window_would_be_heard_so_the_tests_above_can_fail() -> None:
    of = voice()
    # As if nothing lay outside of a window: every window is an utterance of its own.
    vocoder = Synthesiser(of)._vocoder
    latents, source = latents_of(96), torch.zeros(96 * 400)
    speaker = torch.zeros(16)
    joined = vocoder(latents, speaker, source)
    apart = torch.cat(
        [vocoder(latents[:, :48], speaker, source[: 48 * 400]), vocoder(latents[:, 48:], speaker, source[48 * 400 :])]
    )
    assert distance(joined, apart) > 1e-3


def test_a_plan_takes_the_frames_that_its_samples_depend_on_and_hardly_more() -> None:
    of = voice("v2", 40_000)
    frames = spans.plan(of.config, 32).frames
    before, behind = -frames[0], frames[1] - 32
    assert max(before, behind) <= 14
    vocoder = Synthesiser(of)._vocoder
    latents, source, speaker = latents_of(96), torch.zeros(96 * 400), torch.zeros(16)
    kept = slice(32 * 400, 64 * 400)
    base = vocoder(latents, speaker, source)[kept]

    def heard_from(at: int) -> bool:
        changed = latents.clone()
        changed[:, at] += 1
        return not torch.equal(vocoder(changed, speaker, source)[kept], base)

    assert not heard_from(32 - before - 1)
    assert heard_from(32 - before + 3)
    assert heard_from(64 + behind - 4)
    assert not heard_from(64 + behind)


class Widest(torch.overrides.TorchFunctionMode):
    """Remembers the largest tensor that a function of torch gave."""

    numbers = 0

    def __torch_function__(self, function, types, args=(), kwargs=None):
        given = function(*args, **(kwargs or {}))
        if isinstance(given, torch.Tensor):
            self.numbers = max(self.numbers, given.numel())
        return given


def test_no_activation_of_the_vocoder_grows_with_the_utterance() -> None:
    of = voice()
    vocoder = Synthesiser(of)._vocoder

    def widest(frames: int) -> int:
        latents, source = latents_of(frames), torch.zeros(frames * 400)
        with Widest() as mode, torch.inference_mode():
            vocoder(latents, torch.zeros(16), source)
        return mode.numbers

    # A level of a window is as wide as the 409 600 samples in the end.
    assert widest(1_024) == widest(512)
