"""When each written word is heard: from the durations of phonemes back to the characters of the text.

The way there was: written text → spoken words (`spoken`) → plain signs → stretches without punctuation → phonemes. Every step but
the last tells where its characters come from. Inside a stretch espeak mostly gives a group of phonemes for each word; where it
runs words together or takes one apart ("of the" is one group, "guarda-chuva" two), each word is also phonemised alone and the two
are laid over each other.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from voicecore.timing import TimeSource, WordTimes, WordTiming, word_times, words_of

from .model import FRAME_SAMPLES, SAMPLE_RATE_HZ
from .phonemes import Phonemes, Stretch, espeak_code, traced_plain, words
from .spoken import traced

_WORD = re.compile(r"\S+")
#: The network is heard somewhat before its durations say. Laid over the loudness of sixteen utterances (four voices, two
#: languages, speeds of 0.7 to 2) they come 0.7 to 3.1 frames late; upstream takes 3 off (`KPipeline.join_timestamps`).
_LATE_FRAMES = 2
#: Place of something: its first and after-last position.
Span = tuple[int, int]


def heard_words(text: str, tag: str, said: Phonemes, frames: npt.NDArray[np.int64], kept: Span) -> WordTimes:
    """The times of the words of `text`.

    Args:
        said: the phonemes of `text` in the language `tag`.
        frames: of each phoneme, with the padding around them, as `KokoroModel.speak_timed` tells them.
        kept: first and after-last sample of what is heard of the sound that the frames are of.
    """
    found = _merged(text, _spoken_words(text, tag, said))
    # Phoneme i begins at edges[i + 1], as the padding comes first.
    edges = (np.concatenate([[0], np.cumsum(frames)]) - _LATE_FRAMES) * FRAME_SAMPLES
    timed: list[WordTiming] = []
    for (start, end), (first, last) in found:
        begin, stop = (int(np.clip(edges[at + 1], *kept)) - kept[0] for at in (first, last))
        timed.append(WordTiming(start, end, begin / SAMPLE_RATE_HZ, stop / SAMPLE_RATE_HZ))
    return word_times(timed, TimeSource.DURATIONS)


def _spoken_words(text: str, tag: str, said: Phonemes) -> Iterator[tuple[Span, Span]]:
    """Characters of `text` and the symbols that they are spoken as, in order; several may come of the same characters."""
    plain = traced_plain(traced(text, tag))
    code = espeak_code(tag)
    for stretch in said.stretches:
        written = [found.span() for found in _WORD.finditer(plain.text, stretch.start, stretch.end)]
        for (start, end), symbols in _matched(plain.text, written, said.symbols, stretch, code):
            yield plain.span(start, end), symbols


def _matched(
    plain: str, written: Sequence[Span], symbols: str, stretch: Stretch, code: str
) -> Iterator[tuple[Span, Span]]:
    groups = [found.span() for found in _WORD.finditer(symbols, stretch.first, stretch.last)]
    if len(groups) == len(written):
        yield from zip(written, groups, strict=True)
        return
    alone = ["".join(words(plain[start:end], code, Counter()).split()) for start, end in written]
    owners = [number for number, phonemes in enumerate(alone) for _ in phonemes]
    places = [at for first, last in groups for at in range(first, last)]
    heard = "".join(symbols[at] for at in places)
    owned = _owned(difflib.SequenceMatcher(None, "".join(alone), heard, autojunk=False), owners, len(heard))
    before = -1
    for number, span in enumerate(written):
        mine = [at for at, owner in zip(places, owned, strict=True) if owner == number]
        if mine:
            # What nobody of the stretch owns (a word without phonemes of its own) goes with the word before it, or the first.
            first = written[before + 1][0]
            before = number
            yield (first, span[1]), (mine[0], mine[-1] + 1)


def _owned(matcher: difflib.SequenceMatcher[str], owners: Sequence[int], count: int) -> list[int]:
    """For each heard phoneme the word that it belongs to. One that nothing was found for belongs to who has the one before it."""
    owned = [-1] * count
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            owned[block.b + step] = owners[block.a + step]
    first = next((owner for owner in owned if owner >= 0), owners[0] if owners else 0)
    for at in range(count):
        if owned[at] < 0:
            owned[at] = owned[at - 1] if at else first
    return owned


def _merged(text: str, spoken: Iterable[tuple[Span, Span]]) -> list[tuple[Span, Span]]:
    """Whole words of the text, each once, with all that is spoken of it; words that are said as one thing are one."""
    known = list(words_of(text))
    begins, ends = [start for start, _ in known], [end for _, end in known]
    merged: list[tuple[Span, Span]] = []
    for (start, end), symbols in spoken:
        touched = known[bisect_right(ends, start) : bisect_left(begins, end)]
        if not touched:
            continue
        span = touched[0][0], touched[-1][1]
        if merged and span[0] < merged[-1][0][1]:
            before, begun = merged.pop()
            span, symbols = (before[0], max(before[1], span[1])), (begun[0], symbols[1])  # noqa: PLW2901 - both go on
        merged.append((span, symbols))
    return merged
