"""From the words that XTTS reads back to the words that were written, and to when they are heard."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from voicecore.timing import TimeSource, WordTimes, WordTiming, word_times, words_of


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as the network reads it: numbers written out, in Latin letters.

    Attributes:
        words: what stands between blanks.
        owners: for each text id the word that it is a part of; -1 for the language, and for blanks.
    """

    words: tuple[str, ...]
    owners: tuple[int, ...]


def reading_of(marked: str, prefix: str, blank: str, offsets: Sequence[tuple[int, int]]) -> Reading:
    """The reading of what the tokenizer got.

    Args:
        marked: `prefix` and the text, in which `blank` stands for each blank.
        offsets: first and after-last character of each id in `marked`.
    """
    words: list[str] = []
    owner_of: list[int] = [-1] * len(prefix)
    for part in marked[len(prefix) :].split(blank):
        owner_of += [len(words) if part else -1] * len(part) + [-1] * len(blank)
        if part:
            words.append(part)
    owners = tuple(max((owner_of[at] for at in range(first, last)), default=-1) for first, last in offsets)
    return Reading(tuple(words), owners)


def heard_words(text: str, reading: Reading, path: Sequence[int], *, token_s: float, duration_s: float) -> WordTimes:
    """The times of the words of `text`.

    Args:
        path: for each audio token the text id that it speaks.
        token_s: how long an audio token is heard.
        duration_s: of the sound; no word is heard after it.
    """
    spans: dict[int, tuple[int, int]] = {}
    for token, text_id in enumerate(path):
        owner = reading.owners[text_id]
        if owner >= 0:
            spans[owner] = spans.get(owner, (token, token))[0], token + 1
    written = list(words_of(text))
    timed: list[WordTiming] = []
    start = 0
    for (one, other), (first, last) in matched([text[a:b] for a, b in written], reading.words):
        heard = [spans[number] for number in range(first, last) if number in spans]
        if not heard or one == other:
            # What is not heard goes with the words after it; what was not written is nobody's.
            continue
        begin, end = (min(edge * token_s, duration_s) for edge in (heard[0][0], heard[-1][1]))
        timed.append(WordTiming(written[start][0], written[other - 1][1], begin, end))
        start = other
    if timed and start < len(written):
        last_one = timed.pop()
        timed.append(WordTiming(last_one.start, written[-1][1], last_one.start_s, last_one.end_s))
    return word_times(timed, TimeSource.ATTENTION)


def matched(written: Sequence[str], read: Sequence[str]) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Stretches of written words and of the words that they are read as, in order, with nothing of either left out.

    Words that are read as they are written stand alone, and so do others where there are as many of both between two that are.
    """
    at = over = 0
    matcher = difflib.SequenceMatcher(
        None, [_bare(word) for word in written], [_bare(word) for word in read], autojunk=False
    )
    for block in matcher.get_matching_blocks():
        missing, extra = block.a - at, block.b - over
        if missing == extra:
            yield from (((at + step, at + step + 1), (over + step, over + step + 1)) for step in range(missing))
        elif missing or extra:
            yield (at, block.a), (over, block.b)
        at, over = block.a + block.size, block.b + block.size
        yield from (
            ((block.a + step, block.a + step + 1), (block.b + step, block.b + step + 1)) for step in range(block.size)
        )


def _bare(word: str) -> str:
    """Letters and digits without accents, in one case."""
    return "".join(each for each in unicodedata.normalize("NFKD", word.casefold()) if each.isalnum())
