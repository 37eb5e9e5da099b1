"""Subtitles of a spoken text, as SubRip (SRT) and WebVTT.

A segment is split into cues that can be read: at the ends of sentences and clauses where there are any, else between words,
never longer than so many lines of so many characters. What is shown is the text as it was written, all of it and in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from voicecore.errors import require
from voicecore.subtitle_words import Token, shown, tokens_of
from voicecore.text.marks import CLAUSES, CLOSERS, COMMAS, FULL_CLAUSES, FULL_COMMAS, TERMINATORS
from voicecore.text.spoken import first_speakable, last_speakable
from voicecore.timed_text import TimedText

#: A cut behind a sentence costs nothing, behind a clause or between words this much, and as much more as it is away from where
#: it would leave cues of one length, in parts of that length.
_CLAUSE, _WORD = 0.15, 0.5
MIN_CHARS, MAX_CHARS, MAX_LINES = 10, 200, 5


class SubtitleFormat(StrEnum):
    """How cues are written down."""

    SRT = "srt"
    VTT = "vtt"


@dataclass(frozen=True, slots=True)
class Layout:
    """What can be read at a glance.

    Attributes:
        max_chars: of a line, 10..200; a full-width character counts as two.
        max_lines: of a cue, 1..5.
        min_s: a cue is shown so long, if the next one does not come sooner.
        words: one cue for each word, as long as it is heard.
    """

    max_chars: int = 42
    max_lines: int = 2
    min_s: float = 1.0
    words: bool = False

    def __post_init__(self) -> None:
        chars = f"max_chars is {self.max_chars}; give {MIN_CHARS} to {MAX_CHARS}."
        require(MIN_CHARS <= self.max_chars <= MAX_CHARS, chars, field="max_chars")
        lines = f"max_lines is {self.max_lines}; give 1 to {MAX_LINES}."
        require(1 <= self.max_lines <= MAX_LINES, lines, field="max_lines")
        require(self.min_s >= 0, f"min_s is {self.min_s}; give 0 or more.", field="min_s")


@dataclass(frozen=True, slots=True)
class Cue:
    """Lines that are shown from `start_ms` to `end_ms`, in milliseconds of the audio; none of them is empty."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]


def cues_of(timed: TimedText, layout: Layout | None = None) -> list[Cue]:
    """The cues of a text: in order, none overlaps another, each is shown for some time."""
    layout = layout or Layout()
    groups: list[list[Token]] = []
    for tokens in _by_segment(timed, layout):
        groups += [[token] for token in tokens] if layout.words else _grouped(tokens, layout)
    starts, ends = timed.characters()
    spans = [(starts[first], ends[last]) for first, last in (_heard(timed.text, group) for group in groups)]
    if not layout.words:
        groups, spans = _merged(groups, spans, layout)
    # The times of characters never go back; in whole milliseconds two cues might begin at once.
    begins: list[int] = []
    for start_s, _ in spans:
        begins.append(max(round(start_s * 1000), begins[-1] + 1 if begins else 0))
    shortest = 1 if layout.words else max(1, round(layout.min_s * 1000))
    cues: list[Cue] = []
    for number, (group, (_, end_s)) in enumerate(zip(groups, spans, strict=True)):
        end = max(round(end_s * 1000), begins[number] + shortest)
        end = min(end, begins[number + 1]) if number + 1 < len(groups) else end
        cues.append(Cue(begins[number], end, _laid(group, layout)))
    return cues


def _heard(text: str, group: Sequence[Token]) -> tuple[int, int]:
    """The first and last character of a cue that is heard; the marks around them take no time. Of marks alone, all."""
    first, after = group[0].start, group[-1].end
    begin, last = first_speakable(text, first, after), last_speakable(text, first, after)
    return (begin, last) if begin <= last else (first, after - 1)


def written(cues: Sequence[Cue], form: SubtitleFormat) -> str:
    """The cues as a file of this format.

    SubRip ends its lines with CR LF, has no escapes, and counts its cues; WebVTT (https://www.w3.org/TR/webvtt1/) ends them with
    LF and escapes `&`, `<` and `>`.
    """
    if form is SubtitleFormat.SRT:
        blocks = (
            f"{number}\n{_clock(cue.start_ms, ',')} --> {_clock(cue.end_ms, ',')}\n" + "\n".join(cue.lines) + "\n"
            for number, cue in enumerate(cues, 1)
        )
        return "\n".join(blocks).replace("\n", "\r\n")
    blocks = (
        f"{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}\n" + "\n".join(map(_escaped, cue.lines)) + "\n"
        for cue in cues
    )
    return "\n".join(["WEBVTT\n", *blocks])


def _clock(milliseconds: int, mark: str) -> str:
    """Hours of two digits or more, as both formats have them."""
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{mark}{rest:03}"


def _escaped(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _by_segment(timed: TimedText, layout: Layout) -> Iterator[list[Token]]:
    for segment in timed.segments:
        tokens = tokens_of(timed.text, segment.start, segment.end, layout.max_chars)
        if tokens:
            yield tokens


# --- groups ------------------------------------------------------------------------------------------------------------
def _lines(group: Sequence[Token], width: int) -> list[list[Token]]:
    """The tokens in lines of this width, each filled before the next; a token that is wider has a line of its own."""
    lines: list[list[Token]] = []
    used = 0
    for token in group:
        more = token.columns + (1 if token.apart else 0)
        if lines and used + more <= width:
            lines[-1].append(token)
            used += more
        else:
            lines.append([token])
            used = token.columns
    return lines


def _fits(group: Sequence[Token], layout: Layout) -> bool:
    return len(_lines(group, layout.max_chars)) <= layout.max_lines


def _grouped(tokens: list[Token], layout: Layout) -> Iterator[list[Token]]:
    """The tokens of a segment in groups, each of which fits into a cue."""
    while tokens:
        count = 1
        while count < len(tokens) and _fits(tokens[: count + 1], layout):
            count += 1
        if count < len(tokens):
            count = _cut(tokens, count)
        yield tokens[:count]
        tokens = tokens[count:]


def _cut(tokens: Sequence[Token], most: int) -> int:
    """How many of the tokens make the next cue: at most `most`."""
    sizes = [token.columns + 1 for token in tokens]
    total, full = sum(sizes), sum(sizes[:most])
    target = total / -(-total // full)
    best, lowest, size = most, float("inf"), 0
    for count in range(1, most + 1):
        size += sizes[count - 1]
        price = _price(tokens[count - 1].text) + abs(size - target) / target
        if price <= lowest:
            best, lowest = count, price
    return best


def _price(word: str) -> float:
    bare = word.rstrip(CLOSERS)
    if bare[-1:] in TERMINATORS:
        return 0.0
    return _CLAUSE if bare[-1:] in CLAUSES + COMMAS + FULL_CLAUSES + FULL_COMMAS else _WORD


def _merged(
    groups: Sequence[list[Token]], spans: Sequence[tuple[float, float]], layout: Layout
) -> tuple[list[list[Token]], list[tuple[float, float]]]:
    """With a neighbour, what would be shown too shortly, where both fit into one cue."""
    done: list[list[Token]] = []
    times: list[tuple[float, float]] = []
    for number, (group, span) in enumerate(zip(groups, spans, strict=True)):
        hurried = bool(done) and span[0] - times[-1][0] < layout.min_s
        last_hurried = number + 1 == len(groups) and span[1] - span[0] < layout.min_s and bool(done)
        close = bool(done) and span[0] - times[-1][1] < layout.min_s
        if (hurried or (last_hurried and close)) and _fits([*done[-1], *group], layout):
            done[-1] = [*done[-1], *group]
            times[-1] = times[-1][0], span[1]
        else:
            done.append(list(group))
            times.append(span)
    return done, times


def _laid(group: Sequence[Token], layout: Layout) -> tuple[str, ...]:
    """In as few lines as it needs, of as even a length as they can be."""
    fewest = len(_lines(group, layout.max_chars))
    low, high = 1, layout.max_chars
    while low < high:
        middle = (low + high) // 2
        if len(_lines(group, middle)) <= fewest:
            high = middle
        else:
            low = middle + 1
    return tuple(shown(line) for line in _lines(group, high))
