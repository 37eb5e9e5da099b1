"""A sentence that is vocoded while it is still being decoded."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import torch

from voicecore.audio import Samples
from voicecore.engine_settings import Precision
from voicecore.errors import Conflict

from .frames import FrameRate
from .network import Colour, Network

#: Longer stretches are made in windows of so many latents (3 s), so that a sentence of 28 s needs no more memory than one of 3.
#: The halo that is computed twice costs a few hundredths. A window of 64 tokens and its look-ahead are one stretch.
_WINDOW_LATENTS = 68


class Vocoder:
    """Makes sound of latents.

    Args:
        hifigan: upstream's `HifiDecoder`; its generator moves to the device; in `exact` the weights are shared with it.
        device: where the sound is made.
        precision: `exact` gives upstream's samples to 1e-5; the others run in bfloat16.

    Attributes:
        tokens_vocoded_total: latents that went through the network, those that several windows share counted in each.
    """

    def __init__(self, hifigan: Any, *, device: torch.device | str, precision: Precision) -> None:
        dtype = torch.float32 if precision is Precision.EXACT else torch.bfloat16
        self._hifigan = hifigan
        self._device = torch.device(device)
        with torch.inference_mode():
            self.network = Network(hifigan.waveform_decoder.to(self._device), dtype=dtype)
        self.tokens_vocoded_total = 0

    @torch.inference_mode()
    def open(self, speaker: torch.Tensor, speed: float) -> VocoderStream:
        """A stream for one utterance.

        Args:
            speaker: speaker embedding, 512 numbers in any shape.
            speed: 2 is twice as fast; values below 0.05 count as 0.05, as upstream.
        """
        colour = self.network.colour(speaker.reshape(-1).to(self._device, torch.float32))
        return VocoderStream(self, FrameRate.of(self._hifigan, speed), colour)

    def window(self, frames: torch.Tensor, start: int, stop: int, rate: FrameRate, colour: Colour) -> torch.Tensor:
        """Samples `start` to `stop`, shape (stop - start,), of a sequence whose known frames are `frames`, shape (C, n)."""
        plan = self.network.shape.plan(start, stop, frames.shape[1])
        first, last = plan.frames
        self.tokens_vocoded_total += math.ceil((last - first) / rate.per_latent)
        return self.network(frames, plan, colour)


class VocoderStream:
    """The sound of one utterance, as far as its latents are known. Made by `Vocoder.open`.

    Attributes:
        tokens_pushed: latents taken in.
        samples_taken: samples given out.
    """

    def __init__(self, vocoder: Vocoder, rate: FrameRate, colour: Colour) -> None:
        self._vocoder, self._rate, self._colour = vocoder, rate, colour
        self._latents: list[torch.Tensor] = []
        self.tokens_pushed = 0
        self.samples_taken = 0
        self._closed = False

    @property
    def samples_ready(self) -> int:
        """How many samples `take` would give now without `final`; costs nothing to ask."""
        shape = self._vocoder.network.shape
        return max(0, shape.settled_samples(self._rate.settled(self.tokens_pushed)) - self.samples_taken)

    @property
    def samples_pending(self) -> int:
        """How many samples the latents taken in so far would still give if none came after them."""
        return self._rate.count(self.tokens_pushed) * self._vocoder.network.shape.hop - self.samples_taken

    def push(self, latents: torch.Tensor) -> None:
        """Take in latents of shape (n, C). Raises `Conflict` after the final `take`."""
        if self._closed:
            raise Conflict("This utterance is closed: open another stream for more latents.")
        self._latents.append(latents)
        self.tokens_pushed += len(latents)

    @torch.inference_mode()
    def take(self, *, final: bool) -> Samples:
        """Every sample, at 24 kHz, that later latents cannot change, since the last call; with `final` all the rest.

        All calls joined are upstream's waveform of all latents, wherever the calls fell. Raises `Conflict` after the final one.
        """
        if self._closed:
            raise Conflict("This utterance is closed: open another stream for more latents.")
        self._closed = final
        wanted = self.samples_pending if final else self.samples_ready
        if wanted <= 0:
            return np.zeros(0, np.float32)
        self._latents = [torch.cat(self._latents)]
        frames = self._rate.frames(self._latents[0].to(torch.float32))
        if not final:
            frames = frames[:, : self._rate.settled(self.tokens_pushed)]
        stop = self.samples_taken + wanted
        step = math.ceil(_WINDOW_LATENTS * self._rate.per_latent) * self._vocoder.network.shape.hop
        windows = math.ceil(wanted / step)
        edges = [self.samples_taken + wanted * each // windows for each in range(windows)] + [stop]
        parts = [
            self._vocoder.window(frames, start, end, self._rate, self._colour)
            for start, end in itertools.pairwise(edges)
        ]
        self.samples_taken = stop
        return torch.cat(parts).cpu().numpy()
