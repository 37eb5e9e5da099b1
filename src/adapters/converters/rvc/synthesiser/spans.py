"""Which positions of each layer a window of frames needs: arithmetic over the shape of the vocoder, without its numbers.

A level is a sequence inside the vocoder: level 0 are the latents, level i what the i-th upsampling makes, and the last one are the
samples. A span is half open, counts positions of its level, and is relative to the window's first frame: so every window of a
width has the very same spans, some of which lie before the utterance's beginning or behind its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.converters.rvc.values import VoiceConfig

from .shapes import END_KERNEL, RESBLOCK_LAYERS, noise_strides

Span = tuple[int, int]

#: Frames of a window. In longer ones the activations leave the processor's cache; of shorter ones more is computed twice.
WINDOW_FRAMES = 256
#: And of long speech: up to 5 % slower, and half the memory of each window, whose remains lie between other things.
LONG_WINDOW_FRAMES = 128
#: Widths of windows are multiples of this: oneDNN compiles its convolutions for each width anew.
STEP_FRAMES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSpans:
    """Of one upsampling.

    Attributes:
        entering: what enters it.
        inner: what of it enters the residual blocks.
        source: the samples of the source signal that its noise convolution hears; empty without pitch.
    """

    entering: Span
    inner: Span
    source: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The spans of a window.

    Attributes:
        frames: the latents it takes.
        last: what the last residual blocks give.
        samples: what it makes.
    """

    frames: Span
    stages: tuple[StageSpans, ...]
    last: Span
    samples: Span


def plan(config: VoiceConfig, frames: int) -> Plan:
    """The spans of a window of so many frames. Nothing that is cut off there can change its samples."""
    samples = 0, frames * config.samples_per_frame
    last = wanted = _wider(samples, END_KERNEL // 2)
    halo = max(block_halos(config))
    stages: list[StageSpans] = []
    for at in reversed(range(len(config.upsample_rates))):
        rate, kernel = config.upsample_rates[at], config.upsample_kernel_sizes[at]
        padding = (kernel - rate) // 2
        inner = _wider(wanted, halo)
        # Output o comes from the inputs (o + padding) // rate, and so many taps before it (convolution.py: `Upsampling`).
        taps = -(-kernel // rate)
        wanted = (inner[0] + padding) // rate - taps + 1, (inner[1] - 1 + padding) // rate + 1
        stages.insert(0, StageSpans(entering=wanted, inner=inner, source=_source(config, at, inner)))
    return Plan(frames=_wider(wanted, END_KERNEL // 2), stages=tuple(stages), last=last, samples=samples)


def block_halos(config: VoiceConfig) -> list[int]:
    """How far each of the parallel residual blocks looks to either side."""
    prefixes, count = RESBLOCK_LAYERS[config.resblock]
    # In blocks of kind 1 every dilated convolution has a plain one behind it.
    return [
        sum((kernel - 1) // 2 * (dilation + len(prefixes) - 1) for dilation in dilations[:count])
        for kernel, dilations in zip(config.resblock_kernel_sizes, config.resblock_dilation_sizes, strict=True)
    ]


def windows(frames: int, largest: int = WINDOW_FRAMES) -> Sequence[Span]:
    """Spans of frames that partition 0..frames: all of one width but the last, so that memory that one has had fits the next."""
    return [(start, min(start + largest, frames)) for start in range(0, frames, largest)]


def rounded(frames: int) -> int:
    """So many frames or a few more, of which there are few different numbers."""
    return -(-frames // STEP_FRAMES) * STEP_FRAMES


def _source(config: VoiceConfig, at: int, inner: Span) -> Span:
    if not config.f0:
        return 0, 0
    stride = noise_strides(config)[at]
    if at == len(config.upsample_rates) - 1:
        return inner
    first = inner[0] * stride - stride // 2
    return first, first + (inner[1] - inner[0] + 1) * stride


def _wider(span: Span, by: int) -> Span:
    return span[0] - by, span[1] + by
