"""What the vocoder's sound grows from: a sine at the pitch, and noise (Wang et al. 2019, arXiv 1904.12088: NSF).

Made once for a whole utterance, so that the phase goes on from window to window.
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from adapters.converters.rvc.values import VoiceConfig

from .weights import Weights

#: Amplitude of the sine, and the standard deviation of the noise beside it (models.py: `SineGen`). Where nothing is voiced,
#: the noise alone has a third of the sine's amplitude.
_SINE, _NOISE = 0.1, 0.003


class Source:
    """Upstream's `m_source`, which has no overtones in RVC."""

    def __init__(self, weights: Weights, config: VoiceConfig) -> None:
        self._weight = weights("dec.m_source.l_linear.weight")[0, 0]
        self._bias = weights("dec.m_source.l_linear.bias")[0]
        self._rate_hz = config.sample_rate_hz
        self._per_frame = config.samples_per_frame

    def __call__(self, f0_hz: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """The source signal in [-1, 1], shape (T x samples per frame,).

        Args:
            f0_hz: shape (T,); 0 where unvoiced.
            noise: standard normal numbers, one for each sample.
        """
        voiced = (f0_hz > 0).float().repeat_interleave(self._per_frame)
        amplitude = voiced * _NOISE + (1 - voiced) * (_SINE / 3)
        sine = torch.sin(self._turns(f0_hz) * (2 * math.pi)).mul_(_SINE)
        signal = sine.mul_(voiced).add_(amplitude.mul_(noise))
        return torch.tanh_(signal.mul_(self._weight).add_(self._bias))

    def _turns(self, f0_hz: torch.Tensor) -> torch.Tensor:
        """The sine's phase in turns, near 0..1 where the sum of the steps would grow without end.

        Upstream interpolates the phase between frames to find where it passes a whole turn, and takes a turn off there. Where
        exactly that is does not matter to the sine, but to the rounding: so it is done as upstream does it.
        """
        steps = (f0_hz / self._rate_hz) % 1
        reached = torch.cumsum(steps, dim=0) * self._per_frame
        between = F.interpolate(reached[None, None], scale_factor=self._per_frame, mode="linear", align_corners=True)
        between = between[0, 0].remainder_(1)
        moves = steps.repeat_interleave(self._per_frame)
        moves[1:] -= (between[1:] < between[:-1]).float()
        return torch.cumsum(moves, dim=0)
