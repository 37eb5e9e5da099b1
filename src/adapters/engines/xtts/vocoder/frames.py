"""From latents to the frames that the generator takes: upstream's three linear interpolations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional as F  # noqa: N812 - the field's name for it

#: Room for the rounding of `F.interpolate`, which finds its places in float32: at 10 000 positions it is off by 0.001.
_MARGIN = 0.01
#: `Xtts.inference` divides by no less (TTS/tts/models/xtts.py).
_SLOWEST = 0.05


@dataclass(frozen=True, slots=True)
class FrameRate:
    """The factors by which latents are stretched, one after another; one of them each time is `F.interpolate` with mode linear.

    The first is the speed, of `Xtts.inference`; the others those of `HifiDecoder.forward`: from tokens to hops, and from
    22 050 to 24 000 Hz. They cannot be joined to one: every interpolation rounds off the corners of the one before.
    """

    factors: tuple[float, ...]

    @classmethod
    def of(cls, hifigan: Any, speed: float) -> FrameRate:
        """The factors of a `HifiDecoder` at this speed; 2 is twice as fast."""
        stretch = 1.0 / max(speed, _SLOWEST)
        factors = [] if stretch == 1.0 else [stretch]
        factors.append(hifigan.ar_mel_length_compression / hifigan.output_hop_length)
        if hifigan.output_sample_rate != hifigan.input_sample_rate:
            factors.append(hifigan.output_sample_rate / hifigan.input_sample_rate)
        return cls(tuple(factors))

    @property
    def per_latent(self) -> float:
        """Frames that one latent becomes, about."""
        return math.prod(self.factors)

    def count(self, latents: int) -> int:
        """Frames of so many latents."""
        for factor in self.factors:
            latents = math.floor(latents * factor)
        return latents

    def settled(self, latents: int) -> int:
        """How many of the frames of the first `latents` latents no later latent can change.

        Position i of a stretched sequence lies between the input's neighbours of (i + 0.5) / factor - 0.5. The last one of the
        input is its own right neighbour at the end of the sequence, and gets another one once the sequence goes on.

        `F.interpolate` copies where the stretched sequence has the length of its input, whatever the factor: a factor barely
        above 1 does so up to some length, and nothing is settled before that is passed. At speed 0.95 that takes 19 latents.
        """
        length = known = latents
        for factor in self.factors:
            stretched = math.floor(length * factor)
            if stretched == length:
                return 0
            length = stretched
            known = max(0, min(length, math.ceil((known - 0.5) * factor - 0.5 - _MARGIN)))
        return known

    def frames(self, latents: torch.Tensor) -> torch.Tensor:
        """Shape (C, count(n)) of latents of shape (n, C), by the very calls that upstream makes, so the rounding is the same.

        All latents from the first are needed: the places are counted from there.
        """
        stretched = latents.T[None]
        for factor in self.factors:
            stretched = F.interpolate(stretched, scale_factor=[factor], mode="linear")
        return stretched[0]
