"""Which samples depend on which frames: arithmetic over the shape of a HiFi-GAN, without its numbers.

A level is the sequence that enters a layer group: level 0 are the input frames, level i the sequence that enters the i-th
transposed convolution's residual blocks, and the last one are the samples. A span is half open and counts positions of its level.
"""

from __future__ import annotations

from dataclasses import dataclass

Span = tuple[int, int]

#: Smaller steps would waste less on frames that nobody hears (4 % of a usual sentence), and have more widths compiled.
_ROUND_FRAMES = 16


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
    """The spans of one window, some of which may go on behind the end of the sequence.

    Attributes:
        length: frames of the sequence; what a level has behind them, times the strides before it, must be zero.
        frames: the input frames it takes.
        entering: for every upsampling what enters it (after the first convolution or the blocks before).
        inner: for every upsampling what enters the residual blocks behind it.
        last: what enters the last convolution.
        samples: what is wanted of what comes out.
    """

    length: int
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

        The zeros that the layers put round their input then fall on the real beginning or outside of what is kept. Windows of
        about the same size get spans of the very same widths (`rounded`), since a processor's convolutions are compiled for
        each width anew: the first window of a width takes a fifth longer and holds 5 MB for good. So the window may begin a
        little earlier than asked for, and may go on behind the end, where whoever runs it keeps the zeros.
        """
        start_frame = start // self.hop
        begin = start_frame * self.hop
        if stop == frames * self.hop:
            first = max(0, self._unclamped(begin, stop)[0][0])
            end = first + rounded(frames - first)
            spans = self._unclamped(begin, end * self.hop)
        else:
            end = None
            spans = self._unclamped(begin, begin + rounded(-(-stop // self.hop) - start_frame) * self.hop)
        frame_span, entering, inner, last = spans
        length = end
        clamped_entering, clamped_inner = [], []
        for each, outer, within in zip(self.upsamplings, entering, inner, strict=True):
            clamped_entering.append(_clamped(outer, length))
            length = None if length is None else length * each.stride
            clamped_inner.append(_clamped(within, length))
        return Plan(
            length=frames,
            frames=_clamped(frame_span, end),
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


def rounded(frames: int) -> int:
    """So many frames or a few more: a multiple of 16 (0.17 s of sound)."""
    return -(-frames // _ROUND_FRAMES) * _ROUND_FRAMES


def _clamped(span: Span, length: int | None) -> Span:
    return max(0, span[0]), span[1] if length is None else min(length, span[1])
