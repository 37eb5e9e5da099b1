"""Long recordings in pieces, so that memory does not grow with them: cut where it is quiet, converted with some sound around,
and faded into each other.
"""

from __future__ import annotations

import math
import wave
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from voicecore.audio import Audio, Samples
from voicecore.errors import BlobCorrupt

#: A piece is about this long; a recording that is no longer stays whole.
PIECE_S = 30.0
#: A cut may be so far from its place, where it is quieter.
_SEARCH_S = 2.5
#: Loudness is that of so much sound around a place.
_LOUDNESS_S = 0.05
#: Sound that is converted with a piece on each side, and dropped. The same second that RVC's own pipeline puts around.
CONTEXT_S = 1.0
#: Neighbours are faded into each other over so much sound around a cut.
FADE_S = 0.02


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a recording; places are in samples of the whole recording.

    Attributes:
        start, end: of what the piece stands for.
        audio: that, and context on both sides.
        audio_start: place of the audio's first sample.
    """

    start: int
    end: int
    audio: Audio
    audio_start: int


def piece_count(samples: int, sample_rate_hz: int) -> int:
    """How many pieces a recording has."""
    return max(1, math.ceil(samples / (PIECE_S * sample_rate_hz)))


def read_pieces(wav: BinaryIO) -> Iterator[Piece]:
    """The pieces of a WAV file of ours (mono, 16 bits), in order. About one piece is in memory at a time.

    The same recording has the same pieces. Raises `BlobCorrupt` for any other file.
    """
    try:
        with wave.open(wav, "rb") as source:
            if (source.getnchannels(), source.getsampwidth()) != (1, 2):
                raise BlobCorrupt("The uploaded recording was damaged where it was stored: send it again.")
            yield from _cut(_Window(source), source.getnframes(), source.getframerate())
    except (wave.Error, EOFError) as error:
        raise BlobCorrupt("The uploaded recording was damaged where it was stored: send it again.") from error


class _Window:
    """The part of a file that is looked at: samples `start` to `end`."""

    def __init__(self, source: wave.Wave_read) -> None:
        self._source = source
        self._samples: Samples = np.zeros(0, np.float32)
        self._start = 0

    def __call__(self, start: int, end: int) -> Samples:
        """Samples start..end, fewer at the end of the file. `start` never goes back."""
        self._samples, self._start = self._samples[start - self._start :], start
        missing = end - start - len(self._samples)
        if missing > 0:
            read = np.frombuffer(self._source.readframes(missing), dtype="<i2").astype(np.float32) / np.float32(32767.0)
            self._samples = np.concatenate([self._samples, read])
        return self._samples[: end - start]


def _cut(window: _Window, total: int, rate: int) -> Iterator[Piece]:
    count, context, search = piece_count(total, rate), round(CONTEXT_S * rate), round(_SEARCH_S * rate)
    start = 0
    for number in range(1, count + 1):
        audio_start = max(0, start - context)
        end = total
        if number < count:
            place = total * number // count
            heard = window(audio_start, place + search)
            low = place - search - audio_start
            end = place - search + _quietest(heard[low:], rate)
        samples = window(audio_start, min(total, end + context))
        # Nothing is written here, but clipped: -32768 is a little less than -1.
        yield Piece(start, end, Audio(np.clip(samples, -1.0, 1.0), rate), audio_start)
        start = end


def _quietest(samples: Samples, rate: int) -> int:
    """Place of the least loud stretch; the nearest to the middle of several."""
    width = max(1, round(_LOUDNESS_S * rate))
    energy = np.concatenate([[0.0], np.cumsum(samples.astype(np.float64) ** 2)])
    loudness = energy[width:] - energy[:-width]
    # Rounded, so that the noise of the sum does not choose among silent places.
    loudness = np.round(loudness / width, 9)
    places = np.flatnonzero(loudness == loudness.min())
    return int(places[np.argmin(np.abs(places - len(loudness) // 2))]) + width // 2


def join_pieces(converted: Iterable[tuple[Piece, Samples]], sample_rate_hz: int) -> Iterator[Samples]:
    """One sound of the pieces, each converted with its context to `sample_rate_hz`; blocks in order, one a piece.

    For n samples of a recording there are `round(n · sample_rate_hz / its rate)`.
    """
    fade = 2 * max(1, round(FADE_S * sample_rate_hz / 2))
    rising = np.sin(np.linspace(0, np.pi / 2, fade, dtype=np.float64)) ** 2
    tail: Samples | None = None
    for piece, sound in converted:
        rate = piece.audio.sample_rate_hz

        def at(place: int, rate: int = rate) -> int:
            return round(place * sample_rate_hz / rate)

        offset = at(piece.audio_start)
        last = piece.end == piece.audio_start + len(piece.audio.samples)
        begin = at(piece.start) - offset - (0 if tail is None else fade // 2)
        stop = at(piece.end) - offset + (0 if last else fade // 2)
        part = _stretch(sound, begin, stop)
        if tail is not None:
            part[:fade] = tail * (1 - rising) + part[:fade] * rising
        tail = None if last else part[-fade:].copy()
        yield part if last else part[:-fade]


def _stretch(sound: Samples, begin: int, stop: int) -> Samples:
    """A copy of `sound[begin:stop]`; rounding may leave a sample missing at the end, which is said again."""
    part = sound[begin:stop]
    missing = stop - begin - len(part)
    return np.concatenate([part, np.repeat(sound[-1:], missing)]) if missing > 0 else part.copy()
