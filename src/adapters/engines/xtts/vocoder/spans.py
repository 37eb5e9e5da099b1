"""Which samples depend on which frames: arithmetic over the shape of a HiFi-GAN, without its numbers.

A level is the sequence that enters a layer group: level 0 are the input frames, level i the sequence that enters the i-th
transposed convolution's residual blocks, and the last one are the samples. A span is half open and counts positions of its level.
"""

from __future__ import annotations

from dataclasses import dataclass

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upsampling:
    """One transposed convolution and the residual blocks behind it.

    Attributes:
        stride: how many positions leave for one that enters; kernel and padding are such that none is lost at the ends.
        kernel: width of the transposed convolution, in positions that leave.
        padding: positions cut from either end of what the transposed convolution makes.
        halo: how far the residual blocks look to either side, the widest of the parallel ones.
    """

    stride: int
    kernel: int
    padding: int
    halo: int

    def settled(self, known: int) -> int:
        """How many leading positions behind the blocks can no longer change once `known` positions enter."""
        return max(0, known * self.stride - self.padding - self.halo)

    def needed(self, span: Span) -> tuple[Span, Span]:
        """What makes `span` behind the blocks: the span that enters the blocks, and the one that enters the upsampling."""
        start, stop = span[0] - self.halo, span[1] + self.halo
        # Output o comes from inputs i with 0 <= o + padding - i * stride < kernel.
        first = -(-(start + self.padding - self.kernel + 1) // self.stride)
        last = (stop - 1 + self.padding) // self.stride
        return (start, stop), (first, last + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The spans of one window, clamped to the real ends of the sequence.

    Attributes:
        frames: the input frames it takes.
        entering: for every upsampling what enters it (after the first convolution or the blocks before).
        inner: for every upsampling what enters the residual blocks behind it.
        samples: what comes out.
    """

    frames: Span
    entering: tuple[Span, ...]
    inner: tuple[Span, ...]
    last: Span
    samples: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The generator as its spans see it.

    Attributes:
        before: how far the first convolution looks to either side.
        upsamplings: in the order in which they work.
        after: how far the last convolution looks to either side.
    """

    before: int
    upsamplings: tuple[Upsampling, ...]
    after: int

    @property
    def hop(self) -> int:
        """Samples that one frame becomes."""
        hop = 1
        for each in self.upsamplings:
            hop *= each.stride
        return hop

    @property
    def reach_frames(self) -> tuple[float, float]:
        """How far before and behind its own place, in frames, the frames lie that a sample depends on (the receptive field)."""
        far = 10_000 * self.hop  # far from the ends nothing is clamped
        first = min(
            self._unclamped(far + each, far + each + 1)[0][0] - (far + each) / self.hop for each in range(self.hop)
        )
        last = max(
            self._unclamped(far + each, far + each + 1)[0][1] - 1 - (far + each) / self.hop for each in range(self.hop)
        )
        return -first, last

    def settled_samples(self, frames: int) -> int:
        """How many leading samples no frame behind the first `frames` can change."""
        known = max(0, frames - self.before)
        for each in self.upsamplings:
            known = each.settled(known)
        return max(0, known - self.after)

    def plan(self, start: int, stop: int, frames: int) -> Plan:
        """What to compute for the samples `start` to `stop` of a sequence of `frames` frames.

        The zeros that the layers put round their input then fall on the real ends or outside of what is kept.
        """
        levels = self._unclamped(start, stop)
        frame_span, entering, inner, last = levels
        length = frames
        clamped_entering, clamped_inner = [], []
        for each, outer, within in zip(self.upsamplings, entering, inner, strict=True):
            clamped_entering.append(_clamped(outer, length))
            length *= each.stride
            clamped_inner.append(_clamped(within, length))
        return Plan(
            frames=_clamped(frame_span, frames),
            entering=tuple(clamped_entering),
            inner=tuple(clamped_inner),
            last=_clamped(last, length),
            samples=(start, stop),
        )

    def _unclamped(self, start: int, stop: int) -> tuple[Span, list[Span], list[Span], Span]:
        last = span = (start - self.after, stop + self.after)
        entering: list[Span] = []
        inner: list[Span] = []
        for each in reversed(self.upsamplings):
            within, span = each.needed(span)
            inner.insert(0, within)
            entering.insert(0, span)
        return (span[0] - self.before, span[1] + self.before), entering, inner, last


def _clamped(span: Span, length: int) -> Span:
    return max(0, span[0]), min(length, span[1])
