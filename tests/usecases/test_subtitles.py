"""Subtitles: what a reader and a player may rely on, whatever the text and its times."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from itertools import pairwise

import pytest
import srt
import webvtt
from hypothesis import example, given
from hypothesis import strategies as st

from voicecore.errors import InvalidInput
from voicecore.language import Language
from voicecore.subtitles import Cue, Layout, SubtitleFormat, cues_of, written
from voicecore.text import split
from voicecore.text.spoken import columns
from voicecore.timed_text import TimedSegment, TimedText
from voicecore.timing import NO_TIMES, TimeSource, WordTimes, WordTiming, place, word_times, words_of

PT = Language("pt", "BR")
_TEXTS = st.lists(
    st.sampled_from(
        ["casa", "de", "R$ 5,00", "guarda-chuva", "—", "…", "!", "?", "«", "»", "日本語です。", "é", "a" * 30, "😀", "<b>", "&", "-->",
         "\n", "\n\n", "Fim.", "Sim,", "(não)", "***", "12", "í́́", "\u200d"]
    ),
    min_size=1, max_size=40,
).map(" ".join)  # fmt: skip
_LAYOUTS = st.builds(
    Layout,
    max_chars=st.integers(10, 60),
    max_lines=st.integers(1, 3),
    min_s=st.sampled_from([0.0, 1.0]),
    words=st.booleans(),
)


@st.composite
def timed_texts(draw):
    """A text split into segments, each with words or without, and with no time at all now and then."""
    text = draw(_TEXTS)
    letter_s = draw(st.sampled_from([0.0, 0.0001, 0.04, 0.5]))
    clock, segments = 0.0, []
    for segment in split(text, PT, limit=draw(st.integers(5, 80)), measure=len):
        words = [WordTiming(a, b, a * letter_s, b * letter_s) for a, b in words_of(segment.text)]
        told = word_times(words, TimeSource.DURATIONS) if draw(st.booleans()) else NO_TIMES
        end_s = clock + len(segment.text) * letter_s
        times = place(told, segment, text, start_s=clock, end_s=end_s)
        segments.append(TimedSegment(segment.start, segment.end, clock, end_s, times))
        clock = end_s + draw(st.sampled_from([0.0, 0.3, 2.0]))
    return TimedText(text, tuple(segments))


def solid(text: str) -> str:
    return "".join(text.split())


@given(timed_texts(), _LAYOUTS)
def test_cues_are_in_order_never_overlap_never_empty_and_hold_every_character_in_order(timed, layout):
    cues = cues_of(timed, layout)
    assert all(0 <= cue.start_ms < cue.end_ms for cue in cues)
    assert all(one.end_ms <= other.start_ms for one, other in pairwise(cues))
    assert all(line.strip() == line and line for cue in cues for line in cue.lines)
    assert solid("".join("".join(cue.lines) for cue in cues)) == solid(timed.text)


@given(timed_texts(), _LAYOUTS)
def test_no_cue_has_more_lines_and_no_line_is_longer_than_asked_for(timed, layout):
    for cue in cues_of(timed, layout):
        assert 1 <= len(cue.lines) <= layout.max_lines
        assert all(columns(line) <= layout.max_chars for line in cue.lines)


@given(timed_texts(), _LAYOUTS)
def test_a_real_parser_of_each_format_reads_back_what_was_written(timed, layout):
    cues = cues_of(timed, layout)
    subrip = list(srt.parse(written(cues, SubtitleFormat.SRT)))
    assert [(each.index, each.start // _MS, each.end // _MS) for each in subrip] == [
        (number, cue.start_ms, cue.end_ms) for number, cue in enumerate(cues, 1)
    ]
    assert [tuple(each.content.splitlines()) for each in subrip] == [_as_read(cue) for cue in cues]
    captions = webvtt.from_buffer(StringIO(written(cues, SubtitleFormat.VTT))).captions
    assert [(_ms(each.start), _ms(each.end)) for each in captions] == [(cue.start_ms, cue.end_ms) for cue in cues]
    assert [tuple(_unescaped(each.raw_text).splitlines()) for each in captions] == [_as_read(cue) for cue in cues]


_MS = timedelta(milliseconds=1)


def _as_read(cue: Cue) -> tuple[str, ...]:
    return tuple(line for part in cue.lines for line in part.splitlines())


def _ms(clock: str) -> int:
    hours, minutes, seconds = clock.split(":")
    return round((int(hours) * 60 + int(minutes)) * 60_000 + float(seconds) * 1000)


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def spoken(text: str, letter_s: float = 0.06, *, words: bool = True) -> TimedText:
    """One segment whose letters all take the same time."""
    found = [WordTiming(a, b, a * letter_s, b * letter_s) for a, b in words_of(text)]
    times = WordTimes(tuple(found), TimeSource.DURATIONS) if words else NO_TIMES
    return TimedText(text, (TimedSegment(0, len(text), 0.0, len(text) * letter_s, times),))


LONG = (
    "O trem atrasou de novo por causa da chuva, e ninguém sabia onde estava a chave da porta. A biblioteca fica ao lado da "
    "escola do bairro; as crianças corriam pela praça no fim da tarde."
)


def test_a_long_segment_is_cut_at_its_sentences_and_clauses():
    shown = [" ".join(cue.lines) for cue in cues_of(spoken(LONG))]
    assert shown == [
        "O trem atrasou de novo por causa da chuva,",
        "e ninguém sabia onde estava a chave da porta.",
        "A biblioteca fica ao lado da escola do bairro;",
        "as crianças corriam pela praça no fim da tarde.",
    ]


def test_the_lines_of_a_cue_are_of_about_the_same_length():
    (cue,) = cues_of(spoken("e ninguém sabia onde estava a chave da porta."))
    assert cue.lines == ("e ninguém sabia onde", "estava a chave da porta.")


def test_a_cue_begins_with_its_first_word_and_ends_with_its_last():
    first, second, *_ = cues_of(spoken(LONG))
    assert (first.start_ms, first.end_ms) == (0, round(LONG.index("chuva") * 60 + 5 * 60))
    assert second.start_ms == LONG.index("e ninguém") * 60


@pytest.mark.parametrize("words", [True, False])
def test_a_short_cue_stays_for_a_second_if_nothing_comes_sooner(words):
    (cue,) = cues_of(spoken("Sim.", words=words))
    assert (cue.start_ms, cue.end_ms) == (0, 1000)


def test_hurried_cues_are_shown_together():
    text = "Sim. Não. Talvez."
    segments = tuple(TimedSegment(a, b, a * 0.05, b * 0.05) for a, b in ((0, 5), (5, 10), (10, 17)))
    (cue,) = cues_of(TimedText(text, segments))
    assert cue.lines == (text,)


def test_a_pause_parts_cues_that_would_fit_together():
    segments = (TimedSegment(0, 5, 0.0, 1.2), TimedSegment(5, 9, 3.0, 4.5))
    assert [cue.lines for cue in cues_of(TimedText("Sim. Não.", segments))] == [("Sim.",), ("Não.",)]


def test_words_come_one_by_one_with_their_marks_when_asked_for():
    cues = cues_of(spoken("— Olá, « mundo » ! R$ 5"), Layout(words=True))
    assert [cue.lines for cue in cues] == [("— Olá,",), ("« mundo » !",), ("R$",), ("5",)]


def test_a_word_that_is_wider_than_a_line_is_parted_but_not_within_a_grapheme():
    cues = cues_of(spoken("e\u0301" * 25), Layout(max_chars=10, max_lines=1))
    assert all(not line.startswith("\u0301") for cue in cues for line in cue.lines)
    assert "".join(line for cue in cues for line in cue.lines) == "e\u0301" * 25


def test_han_is_cut_between_letters_and_never_before_a_mark():
    cues = cues_of(spoken("今日は良い天気です。明日も良い天気でしょう。"), Layout(max_chars=12, max_lines=1))
    assert all(columns(line) <= 12 and line[0] not in "。、" for cue in cues for line in cue.lines)


def test_more_than_ninety_nine_hours_and_what_looks_like_markup_are_written_right():
    cues = [Cue(360_000_001, 360_001_000, ("a < b & c --> d", "<i>x</i>"))]
    assert written(cues, SubtitleFormat.VTT) == (
        "WEBVTT\n\n100:00:00.001 --> 100:00:01.000\na &lt; b &amp; c --&gt; d\n&lt;i&gt;x&lt;/i&gt;\n"
    )
    assert written(cues, SubtitleFormat.SRT) == (
        "1\r\n100:00:00,001 --> 100:00:01,000\r\na < b & c --> d\r\n<i>x</i>\r\n"
    )


def test_no_cues_are_a_file_all_the_same():
    assert written([], SubtitleFormat.VTT) == "WEBVTT\n"
    assert written([], SubtitleFormat.SRT) == ""


@pytest.mark.parametrize(
    "wrong", [{"max_chars": 9}, {"max_chars": 201}, {"max_lines": 0}, {"max_lines": 6}, {"min_s": -1.0}]
)
def test_a_layout_that_nobody_could_read_is_refused(wrong):
    with pytest.raises(InvalidInput):
        Layout(**wrong)


def test_segments_that_are_not_the_whole_text_are_refused():
    with pytest.raises(InvalidInput):
        TimedText("abc", (TimedSegment(0, 2, 0.0, 1.0),))
    with pytest.raises(InvalidInput):
        TimedText("abc", (TimedSegment(1, 3, 0.0, 1.0),))


@given(timed_texts())
@example(TimedText("", ()))
def test_the_characters_of_a_text_are_in_order_over_all_its_segments(timed):
    starts, ends = timed.characters()
    assert len(starts) == len(ends) == len(timed.text)
    assert all(start <= end for start, end in zip(starts, ends, strict=True))
    assert all(end <= start + 1e-9 for end, start in zip(ends, starts[1:], strict=False))
