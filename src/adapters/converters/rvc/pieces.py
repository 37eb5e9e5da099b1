"""Long speech in pieces: cut where it is quietest, converted with what stands around, and faded into each other.

Attention and pitch trackers need memory by the length of what they hear, so no piece is longer than `LONGEST_S`. Each hears
`CONTEXT_S` more on both sides; at the ends of the speech, where nothing is to be heard, `ENDS_S` of its mirror image. RVC always
takes a second of that, and speaks it, too: for a sentence of two seconds it does twice the work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adapters.converters.rvc.values import FRAME_RATE_HZ, HEARD_RATE_HZ
from voicecore.audio import Samples

#: Samples at 16 kHz of a frame.
FRAME = HEARD_RATE_HZ // FRAME_RATE_HZ
#: The longest piece, and the shortest that a cut makes where the speech goes on.
LONGEST_S, SHORTEST_S = 12.0, 5.0
#: What a piece hears beyond what is kept of it. The content encoder's convolutions need 25 ms, the synthesiser's flow and
#: vocoder 0.36 s to leave no trace, of which the fade covers a part; attention has no end anywhere.
CONTEXT_S = 0.3
#: What is mirrored at the ends of the speech: the period of 50 Hz five times, for the pitch trackers, and more than the vocoder
#: reaches. The first frame of the speech itself has more mirror than sound round it in any case.
ENDS_S = 0.1
#: Over which two pieces are faded into each other, around the cut.
FADE_S = 0.04
#: The quietest place is looked for in stretches of so many frames.
_QUIET_FRAMES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of the speech, in frames of 10 ms: what is kept is [start, end), the last one to its end."""

    start: int
    end: int


def cut(samples: Samples, *, longest_s: float = LONGEST_S, shortest_s: float = SHORTEST_S) -> tuple[Piece, ...]:
    """The pieces, one behind the other; one for speech that is not longer than `longest_s`.

    Args:
        samples: at 16 kHz.
        shortest_s: at most half of `longest_s`.
    """
    frames = -(-len(samples) // FRAME)
    longest, shortest = int(longest_s * FRAME_RATE_HZ), int(shortest_s * FRAME_RATE_HZ)
    if frames <= longest:
        return (Piece(start=0, end=frames),)
    quietness = _energy(samples, frames)
    pieces: list[Piece] = []
    start = 0
    while frames - start > longest:
        # What is left behind the cut must not be shorter than a piece may be.
        last = min(start + longest, frames - shortest)
        end = start + shortest + int(np.argmin(quietness[start + shortest : last + 1]))
        pieces.append(Piece(start=start, end=end))
        start = end
    return (*pieces, Piece(start=start, end=frames))


def even_length(frames: int) -> int:
    """So many frames or up to 6 % more: one of a few lengths, since the networks' libraries keep something for every length."""
    step = max(8, 1 << max(0, frames.bit_length() - 5))
    return -(-frames // step) * step


def window(samples: Samples, piece: Piece, before: int, behind: int, *, frames: int = 0) -> Samples:
    """What the piece hears: its own samples and so many frames on either side, mirrored beyond the ends of the speech.

    Shape ((end - start + before + behind) · 160,).

    Args:
        frames: where that is more, so many frames are heard, the others behind.
    """
    low = (piece.start - before) * FRAME
    high = max((piece.end + behind) * FRAME, low + frames * FRAME)
    heard = samples[max(0, low) : high]
    return np.pad(heard, (max(0, -low), max(0, high - len(samples))), mode="reflect")


def joined(
    pieces: Sequence[Piece],
    convert: Callable[[Piece, int, int], Samples],
    *,
    length: int,
    samples_per_frame: int,
    fade_s: float = FADE_S,
) -> Samples:
    """The converted pieces as one sound of `length` samples.

    Args:
        convert: of a piece the sound of the frames [start, stop) of the speech, which are the piece's own and those over which it
            is faded into its neighbours.
        length: at most the frames of all pieces, times `samples_per_frame`.
    """
    margin = round(fade_s * FRAME_RATE_HZ / 2)
    fade = 2 * margin * samples_per_frame
    rising = 0.5 - 0.5 * np.cos(np.pi * (np.arange(fade) + 0.5) / fade) if fade else np.zeros(0)
    out = np.zeros(length, np.float32)
    for number, piece in enumerate(pieces):
        first, last = number == 0, number == len(pieces) - 1
        start, stop = piece.start - (0 if first else margin), piece.end + (0 if last else margin)
        made = convert(piece, start, stop)
        place = out[start * samples_per_frame : stop * samples_per_frame]
        _lay(place, made[: len(place)], rising if not first else None, rising if not last else None)
    return out


def _lay(
    place: Samples, made: Samples, rising: NDArray[np.float64] | None, falling: NDArray[np.float64] | None
) -> None:
    """Add what was made, faded in and out."""
    kept = made.astype(np.float32, copy=True)
    if rising is not None:
        kept[: len(rising)] *= rising[: len(kept)]
    if falling is not None and len(falling):
        kept[-len(falling) :] *= falling[::-1]
    place += kept


def _energy(samples: Samples, frames: int) -> NDArray[np.float64]:
    """Loudness around the beginning of each frame, over 0.12 s; shape (frames + 1,)."""
    sums = np.zeros(frames + 1)
    whole = len(samples) // FRAME
    for at in range(0, whole, 4_096):
        block = samples[at * FRAME : min(at + 4_096, whole) * FRAME].reshape(-1, FRAME)
        sums[at : at + len(block)] = np.abs(block).sum(axis=1, dtype=np.float64)
    around = np.cumsum(np.pad(sums, _QUIET_FRAMES // 2 + 1, mode="edge"))
    return around[_QUIET_FRAMES : _QUIET_FRAMES + frames + 1] - around[: frames + 1]
