"""Sound on its way into an encoder: checked, at a rate the encoder takes, in pieces that it survives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from adapters.audio.libraries import load
from voicecore.audio import Audio, Samples
from voicecore.errors import InvalidAudio

#: About a third of a second of speech, the delay of a stream; soundfile's cost per write is nothing beside it.
_PIECE_FRAMES = 8_192


def checked(blocks: Iterable[Samples], sample_rate_hz: int) -> Iterator[Samples]:
    """The same sound in blocks of `_PIECE_FRAMES` samples; the last one is what is left.

    Equal pieces, since a Vorbis encoder makes other bytes of the same sound when it comes in other portions, and a file is
    to be a function of its sound. Small ones, since libsndfile 1.2.2 crashes the process on one Vorbis write of some
    2.9 million frames (its issue 1095).

    Raises:
        InvalidAudio: for a block that `Audio` would refuse, or if there is not one sample in all of them.
    """
    held = np.zeros(0, np.float32)
    any_sound = False
    for block in blocks:
        held = np.concatenate([held, Audio(block, sample_rate_hz).samples])
        any_sound = any_sound or held.size > 0
        whole = len(held) - len(held) % _PIECE_FRAMES
        for start in range(0, whole, _PIECE_FRAMES):
            yield held[start : start + _PIECE_FRAMES]
        held = held[whole:]
    if not any_sound:
        raise InvalidAudio("There is no sound to write: the audio has no samples.")
    if held.size:
        yield held


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
