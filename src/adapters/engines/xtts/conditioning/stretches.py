"""The best half minute of a reference: speech cut at its pauses, every stretch measured, the best ones chosen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voicecore.audio import Samples

from .clip import RATE_HZ, HeardClip
from .pitch import f0_contour
from .voice_activity import Span

#: Speech without a pause is cut at its quietest place between these lengths, so that good and bad parts of it can be told apart.
_SHORTEST_CUT_S, _LONGEST_S = 2.5, 6.0
#: The noise of a stretch is the level that a tenth of the frames in and around it stay below.
_NOISE_PERCENTILE = 10.0
_SURROUNDINGS_S = 1.0
#: Beyond this a better SNR is no better for cloning.
_BEST_SNR_DB = 35.0
#: What one hundred per cent of voiced frames, and one per cent of clipped samples, weigh against 1 dB of SNR. Our choice: half a
#: stretch of whisper costs as much as 5 dB, audible clipping as much as 4.
_VOICED_DB, _CLIPPED_DB_PER_CENT = 10.0, 4.0
_FRAME = RATE_HZ // 50


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Stretch:
    """A piece of speech between two pauses.

    Attributes:
        clip: index of the clip it is from.
        span: where in that clip.
        samples: float32, 22 050 Hz.
        snr_db: level of the stretch over the quiet moments in and around it, 0..60; an estimate.
        clipped: share of clipped samples, 0..1.
        f0: F0 in Hz of its frames (every 20 ms), 0 where unvoiced.
    """

    clip: int
    span: Span
    samples: Samples
    snr_db: float
    clipped: float
    f0: npt.NDArray[np.float32]

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / RATE_HZ

    @property
    def score_db(self) -> float:
        """How well it serves: SNR plus what voicing adds less what clipping costs."""
        voiced = float(np.mean(self.f0 > 0)) if self.f0.size else 0.0
        return min(self.snr_db, _BEST_SNR_DB) + _VOICED_DB * voiced - _CLIPPED_DB_PER_CENT * 100 * self.clipped


def stretches_of(clips: Sequence[HeardClip]) -> list[Stretch]:
    """All stretches of all clips, in the order in which they were spoken; together they hold every span."""
    found: list[Stretch] = []
    for index, clip in enumerate(clips):
        power = _frame_power(clip.samples)
        found += [_measured(index, clip, span, power) for whole in clip.spans for span in _cut(whole, power)]
    return found


def best(stretches: Sequence[Stretch], limit_s: float) -> list[Stretch]:
    """The best of `stretches` that fit into `limit_s` seconds together, in the order in which they were spoken.

    Equal inputs give equal choices: ties go to the earlier stretch.
    """
    order = sorted(range(len(stretches)), key=lambda index: (-stretches[index].score_db, index))
    chosen: list[int] = []
    left = round(limit_s * RATE_HZ)
    for index in order:
        if len(stretches[index].samples) <= left:
            chosen.append(index)
            left -= len(stretches[index].samples)
    return [stretches[index] for index in sorted(chosen)]


def _cut(span: Span, power: npt.NDArray[np.float64]) -> Iterator[Span]:
    """`span` in pieces of at most `_LONGEST_S`, cut in the middle of the quietest frame of 20 ms that the lengths allow."""
    start_s = span.start_s
    while span.end_s - start_s > _LONGEST_S:
        # The rest must not become a splinter either.
        latest_s = min(start_s + _LONGEST_S, span.end_s - 0.5)
        first, last = (round(at_s * RATE_HZ / _FRAME) for at_s in (start_s + _SHORTEST_CUT_S, latest_s))
        quietest = first + int(np.argmin(power[first:last]))
        end_s = (quietest + 0.5) * _FRAME / RATE_HZ
        yield Span(start_s, end_s)
        start_s = end_s
    yield Span(start_s, span.end_s)


def _measured(index: int, clip: HeardClip, span: Span, power: npt.NDArray[np.float64]) -> Stretch:
    samples = clip.cut(span)
    around = power[
        max(0, round((span.start_s - _SURROUNDINGS_S) * RATE_HZ / _FRAME)) : round(
            (span.end_s + _SURROUNDINGS_S) * RATE_HZ / _FRAME
        )
    ]
    level = float(np.mean(np.square(samples, dtype=np.float64))) + 1e-12
    noise = float(np.percentile(around, _NOISE_PERCENTILE)) + 1e-12
    return Stretch(
        clip=index,
        span=span,
        samples=samples,
        snr_db=float(np.clip(10 * np.log10(level / noise), 0.0, 60.0)),
        clipped=clip.clipped_share(span),
        f0=f0_contour(samples, RATE_HZ),
    )


def _frame_power(samples: Samples) -> npt.NDArray[np.float64]:
    whole = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    return np.asarray(np.mean(np.square(whole, dtype=np.float64), axis=1))
