"""From sentences to segments that fit an engine.

One segment is one sentence. Two rules bend that, both local, so that editing a sentence leaves the segments of the
others as they are (filling segments up to the limit would shift every one after the edit, and its cached audio would
be lost):

* a very short sentence is joined to the next one of its paragraph, or else to the one before; the next sentence that
  is not short ends the effect;
* a sentence over the limit is cut into about equal parts (`cuts`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from voicecore.errors import InvalidText, require
from voicecore.language import Language
from voicecore.text.cuts import Cuts, heavy_bounds
from voicecore.text.graphemes import breaks
from voicecore.text.lines import blocks
from voicecore.text.segment import PAUSE_S, Break, Segment
from voicecore.text.sentences import Sentence, sentences
from voicecore.text.spoken import first_speakable, is_short, last_speakable, spoken

#: This many characters of marks at the ends of a span that is over the limit are ornament, not punctuation.
_ORNAMENT = 8


@dataclass(frozen=True, slots=True)
class _Span:
    """`text[start:end]`, of which `text[first:last]` is spoken; `inner` are the sentence ends inside."""

    start: int
    end: int
    first: int
    last: int
    closing: Break
    inner: tuple[tuple[int, Break], ...] = ()


def split(
    text: str,
    language: Language,
    *,
    limit: int,
    measure: Callable[[str], int],
    preferred: int | None = None,
) -> tuple[Segment, ...]:
    """Split `text` into segments whose `measure(segment.text)` is at most `limit`.

    Args:
        text: as `voicecore.request.checked_text` lets it through.
        language: the language it is written in; an unknown one gets the rules that all share.
        limit: the most an engine takes at once, in units of `measure`; 1 or more.
        measure: size of a text for the engine (characters, tokens, phonemes). May be slow: it is called about twice a
            segment, never once a character. Longer texts should measure more.
        preferred: size above which a sentence is also cut, at its punctuation only, so that the first audio comes
            early. None for no such wish.

    Returns:
        The segments in order; their spans partition `text`. None for an empty text.

    Raises:
        InvalidText: if a single character (grapheme cluster) is over the limit.
        InvalidInput: if `limit` or `preferred` is less than 1.
    """
    require(limit >= 1, f"limit is {limit}; give 1 or more.", field="limit")
    require(preferred is None or preferred >= 1, f"preferred is {preferred}; give 1 or more.", field="preferred")
    packer = _Packer(text, language, limit, measure, min(limit, preferred or limit))
    pieces = [piece for span in packer.joined() for piece in packer.fitted(span)]
    last = len(pieces) - 1
    return tuple(
        Segment(
            index=index,
            start=piece.start,
            end=piece.end,
            text=spoken(text, piece.first, piece.last),
            pause_after_s=0.0 if index == last else PAUSE_S[piece.closing],
        )
        for index, piece in enumerate(pieces)
    )


class _Packer:
    """One call of `split`: the text, its grapheme breaks, and what has been measured."""

    def __init__(
        self, text: str, language: Language, limit: int, measure: Callable[[str], int], preferred: int
    ) -> None:
        self.text, self.language, self.limit, self.preferred = text, language, limit, preferred
        self.marks = breaks(text)
        self._measure = measure
        self._sizes: dict[tuple[int, int], int] = {}

    def size(self, first: int, last: int) -> int:
        """Measure of what is spoken of `text[first:last]`; each span is measured once."""
        known = self._sizes.get((first, last))
        if known is None:
            known = self._sizes[first, last] = self._measure(spoken(self.text, first, last))
        return known

    # --- joining ------------------------------------------------------------------------------------
    def joined(self) -> list[_Span]:
        """The sentences, none without anything to speak, the short ones joined to a neighbour."""
        done: list[_Span] = []
        short: _Span | None = None  # the last sentence, while it waits for the next one of its paragraph
        for span in self._speakable_sentences():
            now = span
            if short is not None:
                whole = _join(short, span)
                if self._may_join(whole, span):
                    now = whole
                else:
                    self._settle(short, done)
            short = now if is_short(self.text[now.first : now.last]) else None
            if short is not None and short.closing > Break.SENTENCE:
                self._settle(short, done)
                short = None
            elif short is None:
                done.append(now)
        return done  # the last sentence ends its paragraph, so nothing waits

    def _settle(self, short: _Span, done: list[_Span]) -> None:
        """Join `short`, which has no next sentence to join, to the one before, or leave it alone."""
        if done and done[-1].closing <= Break.SENTENCE:
            whole = _join(done[-1], short)
            if self._may_join(whole, done[-1]):
                done[-1] = whole
                return
        done.append(short)

    def _may_join(self, whole: _Span, longer: _Span) -> bool:
        # A sentence that is over the limit is cut anyway, so joining costs it nothing.
        return self.size(whole.first, whole.last) <= self.limit or self.size(longer.first, longer.last) > self.limit

    def _speakable_sentences(self) -> Iterator[_Span]:
        """The sentences as spans; one with nothing to speak goes with a neighbour, in its own paragraph if it can.

        From another paragraph it is an ornament, which joins the span and not what is spoken.
        """
        held: _Span | None = None
        start = first = 0  # of the next span; behind `at` while mute sentences wait for the next one
        for sentence in self._sentences():
            inside = sentence.closing <= Break.SENTENCE
            if first_speakable(self.text, sentence.start, sentence.end) < sentence.end:
                if held is not None:
                    yield held
                held = _Span(start, sentence.end, first, sentence.end, sentence.closing)
                start = first = sentence.end
            elif held is not None and start == sentence.start and held.closing <= Break.SENTENCE:
                held = replace(held, end=sentence.end, last=sentence.end, closing=sentence.closing)
                start = first = sentence.end
            elif held is not None and not inside:
                held = replace(held, end=sentence.end, closing=max(held.closing, sentence.closing))
                start = first = sentence.end
            elif not inside:
                first = sentence.end  # an ornament at the head of the text
        if held is not None:
            yield replace(held, end=len(self.text))
        elif self.text:
            yield _Span(0, len(self.text), 0, 0, Break.PARAGRAPH)

    def _sentences(self) -> Iterator[Sentence]:
        for block in blocks(self.text, self.marks):
            start = block.start
            for each in sentences(self.text, block.start, block.end, block.closing, self.language):
                if self.marks[each.end]:  # a blank may carry an accent: then it is no place to part
                    yield Sentence(start, each.end, each.closing)
                    start = each.end

    # --- cutting ------------------------------------------------------------------------------------
    def fitted(self, span: _Span) -> Iterator[_Span]:
        """`span`, cut until each piece fits."""
        cuts: Cuts | None = None
        waiting = [span]
        while waiting:
            piece = self._without_ornament(waiting.pop())
            size = self.size(piece.first, piece.last) if piece.first < piece.last else 0
            if size <= self.preferred:
                yield piece
                continue
            if cuts is None:
                cuts = Cuts(self.text, span.start, span.end, dict(span.inner), self.marks, self.language)
            found = self._place(cuts, piece, size)
            if found is not None:
                at, closing = found
                waiting.append(replace(piece, start=at, first=at))
                waiting.append(replace(piece, end=at, last=at, closing=closing))
            elif size <= self.limit:
                yield piece
            else:
                yield self._single(piece)

    def _place(self, cuts: Cuts, piece: _Span, size: int) -> tuple[int, Break] | None:
        over = size > self.limit
        parts = -(-size // (self.limit if over else self.preferred))
        first = first_speakable(self.text, piece.first, piece.last)
        last = last_speakable(self.text, piece.first, piece.last)
        target = first + (last + 1 - first) * (parts // 2) // parts
        if over:
            return cuts.best(first + 1, last, target)
        low, high = heavy_bounds(self.text, piece.first, piece.last)
        return cuts.best(low, high, target, clauses_only=True) if low <= high else None

    def _without_ornament(self, piece: _Span) -> _Span:
        """`piece` without a long run of marks at either end of what is spoken, if it is over the limit with it."""
        if piece.first == piece.last:
            return piece
        first, last = self._core(piece)
        # Blanks at the ends are not spoken: a paragraph's own must not count, or its segments would depend on what follows.
        marks = len(self.text[piece.first : first].lstrip()) + len(self.text[last : piece.last].rstrip())
        if marks <= _ORNAMENT:
            return piece
        if self.size(piece.first, piece.last) <= self.limit:
            return piece
        return replace(piece, first=first, last=last)

    def _single(self, piece: _Span) -> _Span:
        """A piece that cannot be cut: its one grapheme, without the marks around it."""
        first, last = self._core(piece)
        if self.size(first, last) > self.limit:
            raise InvalidText(
                f"The character {self.text[first:last][:8]!r} at position {first} has size {self.size(first, last)}, over "
                f"the limit of {self.limit} for one segment; remove it.",
                field="text",
            )
        return replace(piece, first=first, last=last)

    def _core(self, piece: _Span) -> tuple[int, int]:
        """From the first to the last speakable grapheme of what is spoken."""
        first = first_speakable(self.text, piece.first, piece.last)
        last = last_speakable(self.text, piece.first, piece.last)
        return self.marks.rfind(1, piece.first, first + 1), self.marks.find(1, last + 1, piece.last + 1)


def _join(one: _Span, other: _Span) -> _Span:
    inner = (*one.inner, (other.start, one.closing), *other.inner)
    return _Span(one.start, other.end, one.first, other.last, other.closing, inner)
