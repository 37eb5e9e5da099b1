"""A file that a reader has opened: what its header says, and its sound in blocks; and the checks that all formats share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adapters.audio.wire import MAX_PEAK, Order, too_long
from voicecore.audio import Samples
from voicecore.errors import InvalidAudio


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An open file.

    Attributes:
        sample_rate_hz: by the header, or by the first decoded frame; not yet checked.
        channels: likewise.
        claimed_frames: length by the header, where the format promises one; None where it does not.
        blocks: float32, shape (frames, channels), at most `wire.BLOCK_FRAMES` each; a reader decodes as it is asked.
    """

    sample_rate_hz: int
    channels: int
    claimed_frames: int | None
    blocks: Iterator[NDArray[np.float32]]


def admitted(opened: Opened, order: Order) -> Iterator[Samples]:
    """The sound of `opened`, mixed to mono by the mean, as long as it keeps to the order's limits.

    A claimed length can refuse a file early but never admits one: what counts is what was decoded.

    Raises:
        InvalidAudio: for a rate, a number of channels or a length beyond the limits, for values that are not finite or
            beyond ±`MAX_PEAK`, for no sound at all, and for less sound than the header promises.
    """
    _check_header(opened, order)
    limit = int(order.max_duration_s * opened.sample_rate_hz)
    frames = 0
    for block in opened.blocks:
        frames += len(block)
        if frames > limit:
            raise too_long(order.max_duration_s)
        yield _mono(block)
    if frames == 0:
        raise InvalidAudio("The file holds no sound: it has no samples at all.")
    if opened.claimed_frames is not None and frames < opened.claimed_frames:
        raise InvalidAudio(
            f"The file is truncated: its header promises {opened.claimed_frames} samples per channel and {frames} are "
            "there; send the whole file."
        )


def _check_header(opened: Opened, order: Order) -> None:
    rate, channels = opened.sample_rate_hz, opened.channels
    if not order.min_sample_rate_hz <= rate <= order.max_sample_rate_hz:
        raise InvalidAudio(
            f"The sample rate is {rate} Hz; send audio between {order.min_sample_rate_hz} and "
            f"{order.max_sample_rate_hz} Hz."
        )
    if not 1 <= channels <= order.max_channels:
        raise InvalidAudio(
            f"The file has {channels} channels; the limit is {order.max_channels}: send mono or mix it down first."
        )
    if opened.claimed_frames is not None and opened.claimed_frames > order.max_duration_s * rate:
        raise too_long(order.max_duration_s)


def _mono(block: NDArray[np.float32]) -> Samples:
    # One look at the sum finds NaN and infinity (also both infinities, which numpy would warn of); float64, so that it cannot
    # overflow by itself.
    with np.errstate(invalid="ignore"):
        total = block.sum(dtype=np.float64)
    if not np.isfinite(total):
        raise InvalidAudio("The audio holds values that are not finite numbers (NaN or infinity); export it again.")
    peak = max(float(block.max()), -float(block.min())) if block.size else 0.0
    if peak > MAX_PEAK:
        raise InvalidAudio(
            f"The audio peaks at {peak:.3g}, and full scale is 1: scale the samples into [-1, 1] and send it again."
        )
    mono: Samples = block[:, 0] if block.shape[1] == 1 else block.mean(axis=1, dtype=np.float32)
    return mono
