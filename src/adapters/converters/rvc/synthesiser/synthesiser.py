"""The whole synthesiser: content features and pitch in, the target's voice out."""

from __future__ import annotations

import torch

from adapters.converters.rvc.f0.coarse import coarse_pitch
from adapters.converters.rvc.values import Voice
from voicecore.engine_settings import Precision
from voicecore.errors import InvalidInput

from .flow import Flow
from .source import Source
from .spans import WINDOW_FRAMES, Span
from .text_encoder import TextEncoder
from .vocoder import Vocoder
from .weights import Weights

#: How far the latents are drawn from their mean (models.py: `infer`).
_TEMPERATURE = 0.66666


class Synthesiser:
    """RVC's `SynthesizerTrnMs{256,768}NSFsid{,_nono}` at inference; equals it to 1e-4 for the same numbers drawn.

    Args:
        precision: `exact` is upstream's sound; `bf16` runs the vocoder in bfloat16, the rest (3 % of the work) stays in float32.

    Raises:
        ModelCorrupt: the voice's tensors do not fit its config.
        InvalidInput: for int8.
    """

    def __init__(
        self, voice: Voice, *, device: torch.device | str = "cpu", precision: Precision = Precision.EXACT
    ) -> None:
        if precision is Precision.INT8:
            raise InvalidInput("RVC has no int8; set the precision to exact or bf16.", field="precision")
        self._config = voice.config
        self._device = torch.device(device)
        dtype = torch.bfloat16 if precision is Precision.BF16 else torch.float32
        with torch.inference_mode():
            weights = Weights(voice, self._device)
            self._encoder = TextEncoder(weights, voice.config)
            self._flow = Flow(weights, voice.config)
            self._source = Source(weights, voice.config) if voice.config.f0 else None
            self._vocoder = Vocoder(weights, voice.config, dtype=dtype)
            self._speakers = weights("emb_g.weight")
            self.nbytes = self._vocoder.nbytes + weights.nbytes("enc_p.", "flow.", "emb_g.")

    @torch.inference_mode()
    def convert(
        self,
        content: torch.Tensor,
        f0_hz: torch.Tensor | None,
        *,
        seed: int,
        speaker: int = 0,
        kept: Span | None = None,
        window_frames: int = WINDOW_FRAMES,
    ) -> torch.Tensor:
        """Samples in [-1, 1] at the voice's rate, shape (T x samples per frame,), float32, on the device.

        The same input and seed give the same sound. The numbers drawn are those that upstream draws after
        `torch.manual_seed(seed)` on a processor; no generator of anybody else is touched.

        Args:
            content: content features at 100 frames a second, shape (T, content width).
            f0_hz: pitch of each frame in Hz, 0 where unvoiced, shape (T,); None for a voice that follows none.
            seed: 0..2^64 - 1.
            speaker: row of the table of speakers.
            kept: the frames [start, stop) whose samples are wanted, all T if None; they sound as they would among all of them.
            window_frames: frames that the vocoder makes at once; the sound does not change.

        Raises:
            InvalidInput: shapes that do not fit the voice, values that are not finite, or an unknown speaker.
        """
        content, f0_hz = self._checked(content, f0_hz, speaker)
        frames = len(content)
        begin, stop = kept or (0, frames)
        if not 0 <= begin <= stop <= frames:
            raise InvalidInput(f"Frames {begin} to {stop} are wanted of {frames}.")
        if begin == stop:
            return torch.zeros(0, device=self._device)
        generator = torch.Generator().manual_seed(seed)
        colour = self._speakers[speaker]
        coarse = None if f0_hz is None else torch.from_numpy(coarse_pitch(f0_hz.cpu().numpy())).to(self._device)
        mean, log_scale = self._encoder(content, coarse)
        drawn = torch.randn(self._config.inter_channels, frames, generator=generator).to(self._device)
        latents = self._flow(mean + log_scale.exp() * drawn * _TEMPERATURE, colour)
        source = None
        if f0_hz is not None and self._source is not None:
            # Upstream draws the phase that overtones begin with, and RVC has none.
            torch.rand(1, generator=generator)
            noise = torch.randn(frames * self._config.samples_per_frame, generator=generator)
            source = self._source(f0_hz, noise.to(self._device))
        return self._vocoder(latents, colour, source, kept=(begin, stop), window=window_frames)

    def _checked(
        self, content: torch.Tensor, f0_hz: torch.Tensor | None, speaker: int
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        width = self._config.content_width
        if content.ndim != 2 or content.shape[1] != width:
            raise InvalidInput(f"The voice hears {width} content features a frame, not {tuple(content.shape)}.")
        if not 0 <= speaker < self._config.speakers:
            raise InvalidInput(f"The voice has the speakers 0 to {self._config.speakers - 1}, not {speaker}.")
        if self._config.f0 != (f0_hz is not None):
            raise InvalidInput("The voice follows a pitch." if self._config.f0 else "The voice follows no pitch.")
        if f0_hz is not None and f0_hz.shape != content.shape[:1]:
            raise InvalidInput(f"There are {len(content)} frames of content and {tuple(f0_hz.shape)} of pitch.")
        for what, each in (("content", content), ("pitch", f0_hz)):
            if each is not None and not bool(torch.isfinite(each).all()):
                raise InvalidInput(f"The {what} has a value that is not a finite number.")
        if f0_hz is not None and bool((f0_hz < 0).any()):
            raise InvalidInput("The pitch has a value below 0 Hz; 0 says unvoiced.")
        placed = content.to(self._device, torch.float32)
        return placed, None if f0_hz is None else f0_hz.to(self._device, torch.float32)
