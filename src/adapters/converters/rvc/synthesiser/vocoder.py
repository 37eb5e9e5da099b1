"""From latents to sound, in windows: HiFi-GAN (Kong et al. 2020, arXiv 2010.05646), with NSF's source where there is pitch.

Upstream's `Generator` and `GeneratorNSF` (models.py) run over the whole utterance. In windows the activations stay in the
processor's cache, memory does not grow with the utterance, and the samples are the same: every level is computed exactly as far as
the window needs it, and what lies outside of the utterance is kept zero, as the layers' own padding would have it.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from adapters.converters.rvc.values import VoiceConfig

from .convolution import Convolution, Upsampling, activations, by_position, in_order
from .resblock import ResidualBlock, ended
from .shapes import noise_strides
from .spans import WINDOW_FRAMES, Plan, Span, plan, rounded, windows
from .weights import Weights

#: Slope of the leaky rectifiers between the layers, and of the one before the last convolution, where upstream gives none
#: and so takes torch's (modules.py: LRELU_SLOPE, and the bare `F.leaky_relu(x)`).
_SLOPE, _LAST_SLOPE = 0.1, 0.01


class Vocoder:
    """Upstream's `dec` at a precision.

    Args:
        dtype: float32 gives upstream's samples; bfloat16 is faster on processors that have it.
    """

    def __init__(self, weights: Weights, config: VoiceConfig, *, dtype: torch.dtype) -> None:
        self._config = config
        self._dtype = dtype
        self._first = Convolution(weights("dec.conv_pre.weight"), weights("dec.conv_pre.bias"), dtype=dtype)
        self._colour = weights("dec.cond.weight")[:, :, 0], weights("dec.cond.bias")
        self._stages = [_Stage(weights, config, at, dtype) for at in range(len(config.upsample_rates))]
        # Its sum is what is heard: it stays in float32.
        self._last = Convolution(weights("dec.conv_post.weight"), None, dtype=torch.float32)

    @property
    def nbytes(self) -> int:
        """Memory of the weights."""
        return self._first.nbytes + self._last.nbytes + sum(each.nbytes for each in self._stages)

    def __call__(
        self,
        latents: torch.Tensor,
        speaker: torch.Tensor,
        source: torch.Tensor | None,
        *,
        kept: Span | None = None,
        window: int = WINDOW_FRAMES,
    ) -> torch.Tensor:
        """Samples in [-1, 1], shape (frames kept x samples per frame,), float32, of latents of shape (inter_channels, T).

        Args:
            speaker: speaker embedding, shape (speaker_channels,).
            source: signal of `Source`, shape (T x samples per frame,); None for a voice without pitch.
            kept: the frames whose samples are wanted, all if None. The others are heard round them, but not made.
            window: frames that are computed together; the sound does not change.
        """
        begin, stop = kept or (0, latents.shape[1])
        per_frame = self._config.samples_per_frame
        bias = torch.addmv(self._colour[1], self._colour[0], speaker) + self._first.bias
        plans: dict[int, Plan] = {}
        made = torch.empty((stop - begin) * per_frame, device=latents.device)
        for low, high in windows(stop - begin, window):
            width = rounded(high - low)
            spans = plans.setdefault(width, plan(self._config, width))
            samples = self._window(latents, bias, source, spans, begin + low)
            made[low * per_frame : high * per_frame] = samples[: (high - low) * per_frame]
        return made

    def _window(
        self, latents: torch.Tensor, bias: torch.Tensor, source: torch.Tensor | None, spans: Plan, start: int
    ) -> torch.Tensor:
        """The samples of the window that begins at frame `start`."""
        first, end = spans.stages[0].entering[0] + start, latents.shape[1]
        x = in_order(_cut(latents, spans.frames[0] + start, spans.frames[1] + start).to(self._dtype))
        x = ended(self._first(x, bias=bias.to(self._dtype)), first, end)
        leaving = [*(each.entering for each in spans.stages[1:]), spans.last]
        for stage, span, leave in zip(self._stages, spans.stages, leaving, strict=True):
            start, end = start * stage.rate, end * stage.rate
            heard = None
            if source is not None:
                offset = start * stage.noise_stride
                heard = _cut(source[None], span.source[0] + offset, span.source[1] + offset)[0].to(self._dtype)
            x = stage.raised(x, span.entering[0], span.inner, heard)
            x = stage.blocks(ended(x, span.inner[0] + start, end), span.inner[0] + start, end, leave[1] - leave[0])
        return torch.tanh_(self._last(F.leaky_relu_(x.float(), _LAST_SLOPE)))[0, 0, 0]


class _Stage:
    """One upsampling, the source's part in it, and its parallel residual blocks."""

    def __init__(self, weights: Weights, config: VoiceConfig, at: int, dtype: torch.dtype) -> None:
        self.rate = config.upsample_rates[at]
        self.noise_stride = noise_strides(config)[at]
        self._padding = (config.upsample_kernel_sizes[at] - self.rate) // 2
        bias = weights(f"dec.ups.{at}.bias")
        self._noise = None
        if config.f0:
            name = f"dec.noise_convs.{at}"
            # Of one channel: a product with the stretches of the source that positions hear, shape (samples, channels).
            self._noise = weights(f"{name}.weight")[:, 0].T.to(dtype).contiguous()
            bias = bias + weights(f"{name}.bias")
        self._up = Upsampling(weights(f"dec.ups.{at}.weight"), bias, self.rate, dtype=dtype)
        count = len(config.resblock_kernel_sizes)
        self._blocks = [
            ResidualBlock(weights, f"dec.resblocks.{at * count + each}", config, each, dtype) for each in range(count)
        ]

    @property
    def nbytes(self) -> int:
        """Memory of the weights."""
        noise = 0 if self._noise is None else self._noise.nbytes
        return self._up.nbytes + noise + sum(each.nbytes for each in self._blocks)

    def raised(self, x: torch.Tensor, at: int, inner: tuple[int, int], source: torch.Tensor | None) -> torch.Tensor:
        """Positions `inner` at the higher rate, shape (1, channels, 1, n), of x that begins at position `at` of the lower one."""
        x = self._up(F.leaky_relu_(x, _SLOPE))
        begin = inner[0] - (at + self._up.taps - 1) * self.rate + self._padding
        x = x[..., begin : begin + inner[1] - inner[0]]
        if source is None or self._noise is None:
            return x
        heard = source.unfold(0, len(self._noise), self.noise_stride)[: x.shape[3]]
        return activations(torch.addmm(by_position(x), heard, self._noise))

    def blocks(self, x: torch.Tensor, at: int, end: int, width: int) -> torch.Tensor:
        """Mean of the residual blocks, `width` positions in the middle of x, which begins at position `at` of `end`."""
        total = self._blocks[0](x, at, end, width)
        for block in self._blocks[1:]:
            total += block(x, at, end, width)
        return total.div_(len(self._blocks))


def _cut(x: torch.Tensor, start: int, stop: int) -> torch.Tensor:
    """Positions `start` to `stop` of x of shape (C, n), zeros outside of it."""
    known = x[:, max(0, start) : max(0, stop)]
    before = min(stop, 0) - min(start, 0)
    return F.pad(known, (before, stop - start - before - known.shape[1]))
