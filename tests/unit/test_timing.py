"""When words and characters are heard: pure arithmetic."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecore.errors import InvalidInput
from voicecore.language import Language
from voicecore.text import split
from voicecore.timing import (
    NO_TIMES,
    TimeSource,
    WordTimes,
    WordTiming,
    characters,
    place,
    word_times,
    words_of,
)

PT = Language("pt", "BR")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Olá, mundo!", ["Olá", "mundo"]),
        ("  «Bom dia» — disse (baixo) o Sr. d'Ávila…", ["Bom", "dia", "disse", "baixo", "o", "Sr", "d'Ávila"]),
        (
            "guarda-chuva 24/7 às 10:30 por R$ 1.200,50.",
            ["guarda-chuva", "24/7", "às", "10:30", "por", "R$", "1.200,50"],
        ),
        ("um—dois…três", ["um", "dois", "três"]),
        ("日本語です。", ["日", "本", "語", "で", "す"]),
        ("中a", ["中", "a"]),
        ("한국어 말", ["한국어", "말"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("--- *** ...", []),
        ("", []),
    ],
)
def test_words_are_what_stands_between_blanks_without_its_punctuation(text, words):
    assert [text[start:end] for start, end in words_of(text)] == words


@given(st.text(max_size=60))
def test_words_are_in_order_never_empty_and_hold_every_letter(text):
    spans = list(words_of(text))
    assert all(start < end for start, end in spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    inside = {at for start, end in spans for at in range(start, end)}
    assert {at for at, character in enumerate(text) if character.isalpha()} <= inside


@st.composite
def timed(draw):
    text = draw(st.text("abc d,é 日\n", min_size=1, max_size=40))
    clock, words = 0.0, []
    for start, end in words_of(text):
        begin = clock + draw(st.sampled_from([0.0, 0.1, 0.25]))
        clock = begin + draw(st.sampled_from([0.0, 0.05, 0.3]))
        words.append(WordTiming(start, end, begin, clock))
    return text, words, clock + draw(st.sampled_from([0.0, 0.5]))


@given(timed())
def test_every_character_has_a_time_in_order_without_overlap_and_inside_its_word(case):
    text, words, end_s = case
    starts, ends = characters(words, text, start_s=0.0, end_s=end_s)
    assert len(starts) == len(ends) == len(text)
    assert all(start <= end for start, end in zip(starts, ends, strict=True))
    assert all(ends[at] <= starts[at + 1] for at in range(len(text) - 1))
    for word in words:
        assert starts[word.start] == pytest.approx(word.start_s)
        assert ends[word.end - 1] == pytest.approx(word.end_s)
    assert ends[-1] <= max(end_s, words[-1].end_s if words else 0.0)


def test_without_words_the_time_is_shared_among_the_characters():
    assert characters([], "abcd", start_s=1.0, end_s=3.0) == ([1.0, 1.5, 2.0, 2.5], [1.5, 2.0, 2.5, 3.0])
    assert characters([], "", start_s=0.0, end_s=1.0) == ([], [])
    with pytest.raises(InvalidInput):
        characters([], "abcd")


def test_the_times_of_words_alone_bound_the_characters():
    assert characters([WordTiming(0, 2, 1.0, 2.0)], "ab!") == ([1.0, 1.5, 2.0], [1.5, 2.0, 2.0])
    with pytest.raises(InvalidInput):
        characters([WordTiming(0, 9, 1.0, 2.0)], "ab!")


@given(
    st.text("aB1.,!? \n\t日本-*", max_size=120).filter(lambda text: any(c.isalnum() for c in text)), st.integers(5, 60)
)
def test_a_segments_words_are_found_again_in_the_text_it_was_cut_from(text, limit):
    for segment in split(text, PT, limit=limit, measure=len):
        spans = list(words_of(segment.text))
        told = word_times([WordTiming(a, b, float(a), float(b)) for a, b in spans], TimeSource.DURATIONS)
        placed = place(told, segment, text, start_s=10.0)
        assert [text[w.start : w.end].split() for w in placed.words] == [
            segment.text[a:b].split() for a, b in spans
        ] or (
            # A line of Han may end in the middle of a "word" of other letters beside it.
            ["".join(text[w.start : w.end].split()) for w in placed.words] == [segment.text[a:b] for a, b in spans]
        )
        assert all(segment.start <= w.start and w.end <= segment.end for w in placed.words)
        assert [w.start_s - 10.0 for w in placed.words] == [pytest.approx(float(a)) for a, _ in spans]


def test_no_word_is_heard_after_the_end_of_its_segment():
    (segment,) = split("Olá mundo", PT, limit=50, measure=len)
    told = WordTimes((WordTiming(0, 3, 0.0, 0.5), WordTiming(4, 9, 0.6, 1.4)), TimeSource.ATTENTION)
    assert [w.end_s for w in place(told, segment, "Olá mundo", start_s=2.0, end_s=3.0).words] == [2.5, 3.0]
    assert place(NO_TIMES, segment, "Olá mundo") is NO_TIMES


@given(timed())
def test_times_survive_their_document(case):
    _, words, _ = case
    times = word_times(words, TimeSource.ATTENTION)
    back = WordTimes.of_document(times.document())
    assert back.source is times.source
    assert [(w.start, w.end) for w in back.words] == [(w.start, w.end) for w in words]
    assert all(abs(w.end_s - v.end_s) < 1e-4 for w, v in zip(back.words, words, strict=True))


@pytest.mark.parametrize(
    "word", [(-1, 2, 0.0, 1.0), (2, 2, 0.0, 1.0), (0, 1, 2.0, 1.0), (0, 1, 0.0, math.inf), (0, 1, math.nan, 1.0)]
)
def test_a_word_that_cannot_be_is_refused(word):
    with pytest.raises(InvalidInput):
        WordTiming(*word)


def test_words_out_of_order_and_words_without_a_source_are_refused():
    one, other = WordTiming(0, 2, 0.0, 0.5), WordTiming(3, 5, 0.4, 0.9)
    with pytest.raises(InvalidInput):
        WordTimes((one, other), TimeSource.DURATIONS)
    with pytest.raises(InvalidInput):
        WordTimes((one,), TimeSource.SEGMENT)
    with pytest.raises(InvalidInput):
        WordTimes((), TimeSource.DURATIONS)
