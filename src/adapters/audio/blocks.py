"""Sound on its way into an encoder: checked, at a rate the encoder takes, in pieces that it survives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from adapters.audio.libraries import load
from adapters.audio.wire import BLOCK_FRAMES
from voicecore.audio import Audio, Samples
from voicecore.errors import InvalidAudio


def checked(blocks: Iterable[Samples], sample_rate_hz: int) -> Iterator[Samples]:
    """The same sound in blocks of 1 to `BLOCK_FRAMES` samples.

    libsndfile 1.2.2 crashes the process on one Vorbis write of some 2.9 million frames (its issue 1095).

    Raises:
        InvalidAudio: for a block that `Audio` would refuse, or if there is not one sample in all of them.
    """
    any_sound = False
    for block in blocks:
        samples = Audio(block, sample_rate_hz).samples
        for start in range(0, len(samples), BLOCK_FRAMES):
            any_sound = True
            yield samples[start : start + BLOCK_FRAMES]
    if not any_sound:
        raise InvalidAudio("There is no sound to write: the audio has no samples.")


def at_rate(blocks: Iterable[Samples], from_hz: int, to_hz: int) -> Iterator[Samples]:
    """The same sound at another rate, by soxr's streaming resampler, whose delay it takes off itself."""
    if from_hz == to_hz:
        yield from blocks
        return
    stream = load("soxr").ResampleStream(from_hz, to_hz, 1, dtype="float32")
    for block in blocks:
        if len(out := stream.resample_chunk(block)):
            yield np.clip(out, -1.0, 1.0)
    if len(out := stream.resample_chunk(np.zeros(0, np.float32), last=True)):
        yield np.clip(out, -1.0, 1.0)


def nearest_rate(rate_hz: int, accepted: tuple[int, ...]) -> int:
    """The smallest accepted rate that loses nothing, or the largest one."""
    return min((each for each in accepted if each >= rate_hz), default=max(accepted))
