"""The end of an utterance: silence and stray sounds behind the last word are cut.

Works on frames of 10 ms from the start of the utterance, so the cut does not depend on how the samples come in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from voicecore.audio import Samples
from voicecore.errors import require

_FRAME_S = 0.01
#: A frame is quiet 40 dB below the loudest one so far, or below -55 dBFS. Fricatives lie some 25 dB below vowels.
_BELOW_LOUDEST, _FLOOR = 10 ** (-40 / 20), 10 ** (-55 / 20)
#: Pauses within a sentence of XTTS stay below: what comes behind a longer one may be a stray sound.
_LONG_SILENCE_S = 0.7
#: The longest stray sound. The shortest word that stands alone behind a pause ("é", "no") is longer with its decay.
_BLIP_S = 0.15
#: Left behind the last sound, so that its decay is not clipped; its end is faded.
_KEPT_S, _FADE_S = 0.12, 0.008


@dataclass(frozen=True, slots=True, eq=False)
class Trimmed:
    """An utterance without its tail.

    Attributes:
        samples: shape (n,), float32.
        cut_samples: how many were cut.
        cut_sounds: how many stray sounds were among them.
    """

    samples: Samples
    cut_samples: int
    cut_sounds: int


class TailGate:
    """Lets the samples of one utterance through, save what might be a tail. All that comes out, joined, is `trim_tail`'s.

    In speech it holds back nothing but 10 ms; in a pause, the pause beyond its first tenth of a second.

    Attributes:
        cut_samples, cut_sounds: as in `Trimmed`, once finished.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        require(sample_rate_hz >= 1000, "The sample rate must be at least 1000 Hz.")
        self._frame = round(_FRAME_S * sample_rate_hz)
        self._kept, self._fade = round(_KEPT_S * sample_rate_hz), round(_FADE_S * sample_rate_hz)
        self._silence, self._blip = round(_LONG_SILENCE_S * sample_rate_hz), round(_BLIP_S * sample_rate_hz)
        self._held: Samples = np.zeros(0, np.float32)
        self._out = 0  # samples given out: where `held` begins
        self._judged = 0  # samples looked at
        self._loudest = 0.0
        self._speech_end = 0  # end of the last sound that is speech
        self._sound: tuple[int, int] | None = None  # a sound behind a long silence, not yet known to be speech
        self._stray = 0
        self.cut_samples = 0
        self.cut_sounds = 0

    def push(self, samples: Samples) -> Samples:
        """Take in samples; what may go out now."""
        self._held = np.concatenate([self._held, np.asarray(samples, np.float32)])
        end = self._out + len(self._held)
        while self._judged + self._frame <= end:
            self._judge(self._judged + self._frame)
        return self._release(min(self._judged, self._speech_end + self._kept - self._fade))

    def finish(self) -> Samples:
        """The rest, without the tail; its last 8 ms are faded if there was one."""
        end = self._out + len(self._held)
        if self._judged < end:
            self._judge(end)
        stop = self._speech_end + self._kept
        if end <= stop:
            return self._release(end)
        rest = self._release(stop)
        self.cut_samples = end - stop
        self.cut_sounds = self._stray + (self._sound is not None)
        faded = min(self._fade, len(rest))
        rest[len(rest) - faded :] *= np.linspace(1, 0, faded, dtype=np.float32)
        self._held = np.zeros(0, np.float32)
        return rest

    def _release(self, until: int) -> Samples:
        count = max(0, until - self._out)
        given, self._held = self._held[:count].copy(), self._held[count:]
        self._out += count
        return given

    def _judge(self, end: int) -> None:
        frame = self._held[self._judged - self._out : end - self._out].astype(np.float64)
        start, self._judged = self._judged, end
        level = float(np.sqrt(np.mean(frame**2)))
        self._loudest = max(self._loudest, level)
        if level < max(_FLOOR, self._loudest * _BELOW_LOUDEST):
            return
        if self._speech_end == 0 or (self._sound is None and start - self._speech_end < self._silence):
            self._speech_end = end
            return
        if self._sound is not None and start - self._sound[1] < self._silence:
            self._sound = (self._sound[0], end)
        else:
            self._stray += self._sound is not None
            self._sound = (start, end)
        if self._sound[1] - self._sound[0] > self._blip:  # too long for a stray sound: all of it was speech
            self._speech_end, self._sound, self._stray = end, None, 0


def trim_tail(samples: Samples, sample_rate_hz: int) -> Trimmed:
    """An utterance, shape (n,), without the silence at its end, and without sounds of up to 0.15 s behind 0.7 s of silence there.

    Speech that a pause of less than 0.7 s interrupts is one piece and never cut; 0.12 s are left behind it. An utterance
    without a sound keeps 0.12 s. Raises `InvalidInput` for a sample rate below 1000 Hz.
    """
    gate = TailGate(sample_rate_hz)
    first = gate.push(samples)
    return Trimmed(np.concatenate([first, gate.finish()]), gate.cut_samples, gate.cut_sounds)
