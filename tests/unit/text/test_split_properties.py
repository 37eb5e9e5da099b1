"""What holds for every text, language and limit."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Callable

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from voicecore.errors import InvalidText
from voicecore.language import Language
from voicecore.text import Segment, split
from voicecore.text.graphemes import breaks
from voicecore.text.lexicons import LEXICONS

LANGUAGES = st.sampled_from([*LEXICONS, "ja", "zh", "ko", "sw"]).map(Language)
WORDS = str.split(
    "Oi Sr. Dr. etc. p. ex. U.S. J. K. 3.14 1.234,56 10.30 example.com?a=b v1.2.3 a-b palavra Palavra homem, casa; "
    "fim. Fim! Quê? ... … — – « » “ ” \" ' ( ) [1] ¿ ¡ ?! 1. 2. 10 000 今日は 天気。 「行く！」 と、 你好！ ；我 "
    "كيف؟ ؛ है। है 안녕 한국어. 👨‍👩‍👧‍👦 🇧🇷🇵🇹 e\u0301\u0301 \u0301 * ** #"
)
GLUE = ["", " ", " ", " ", "\n", "\n\n", "\r\n", "\t", "\u00a0", "\u200b", "\u3000"]
PROSE = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(GLUE)), max_size=40).map(
    lambda pairs: "".join(word + glue for word, glue in pairs)
)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)
RUNS = st.tuples(st.sampled_from(["x", "!", " ", "か", "🇧🇷", "a\u0301", ". ", "a, ", "\n"]), st.integers(1, 400)).map(
    lambda pair: pair[0] * pair[1]
)
TEXTS = st.one_of(PROSE, ANY, st.lists(st.one_of(PROSE, RUNS, ANY), max_size=4).map("".join))
MEASURES: st.SearchStrategy[Callable[[str], int]] = st.sampled_from(
    [len, lambda text: len(text.encode()), lambda text: 2 + 3 * len(text.split()) + len(text)]
)
LIMITS = st.integers(1, 400)
PREFERRED = st.none() | st.integers(1, 400)


def speakable(text: str) -> bool:
    return any(unicodedata.category(character)[0] in "LNS" for character in text)


def solid(text: str) -> str:
    return "".join(text.split())


def try_split(
    text: str, language: Language, limit: int, measure: Callable[[str], int], preferred: int | None
) -> tuple[Segment, ...]:
    try:
        return split(text, language, limit=limit, measure=measure, preferred=preferred)
    except InvalidText:
        # Right only if a cluster alone is over the limit.
        marks = breaks(text)
        places = [at for at, free in enumerate(marks) if free]
        clusters = [text[one:other] for one, other in itertools.pairwise(places)]
        assert any(speakable(cluster) and measure(cluster) > limit for cluster in clusters)
        assume(False)
        raise


every_text = settings(
    max_examples=200, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow], deadline=None
)


@every_text
@given(TEXTS, LANGUAGES, LIMITS, MEASURES, PREFERRED)
def test_the_spans_are_the_text(text, language, limit, measure, preferred) -> None:
    segments = try_split(text, language, limit, measure, preferred)
    assert "".join(text[each.start : each.end] for each in segments) == text
    at = 0
    for index, each in enumerate(segments):
        assert (each.index, each.start) == (index, at)
        at = each.end
    assert at == len(text)


@every_text
@given(TEXTS, LANGUAGES, LIMITS, MEASURES, PREFERRED)
def test_every_segment_fits_and_has_something_to_speak(text, language, limit, measure, preferred) -> None:
    segments = try_split(text, language, limit, measure, preferred)
    if speakable(text):
        assert all(speakable(each.text) and measure(each.text) <= limit for each in segments)
    else:
        assert [each.text for each in segments] == ([""] if text else [])


@every_text
@given(TEXTS, LANGUAGES, LIMITS, MEASURES, PREFERRED)
def test_what_is_spoken_is_the_span_less_blanks_and_ornaments(text, language, limit, measure, preferred) -> None:
    for each in try_split(text, language, limit, measure, preferred):
        span = text[each.start : each.end]
        assert solid(each.text) in solid(span)
        before, _, after = solid(span).partition(solid(each.text)) if each.text else (span, "", "")
        assert not speakable(before)
        assert not speakable(after)
        assert each.text == each.text.strip()
        assert not any(character.isspace() and character != " " for character in each.text)
        assert "  " not in each.text


@every_text
@given(TEXTS, LANGUAGES, LIMITS, MEASURES, PREFERRED)
def test_no_cluster_is_torn(text, language, limit, measure, preferred) -> None:
    marks = breaks(text)
    for each in try_split(text, language, limit, measure, preferred):
        assert marks[each.start]
        assert marks[each.end]


@every_text
@given(TEXTS, LANGUAGES, LIMITS, MEASURES, PREFERRED)
def test_pauses_are_known_and_none_follows_the_end(text, language, limit, measure, preferred) -> None:
    pauses = [each.pause_after_s for each in try_split(text, language, limit, measure, preferred)]
    assert set(pauses) <= {0.0, 0.12, 0.18, 0.28, 0.55}
    assert not pauses or pauses[-1] == 0.0


@every_text
@given(TEXTS, LANGUAGES, LIMITS, MEASURES, PREFERRED)
def test_it_measures_rarely(text, language, limit, measure, preferred) -> None:
    calls = 0

    def counted(part: str) -> int:
        nonlocal calls
        calls += 1
        return measure(part)

    segments = try_split(text, language, limit, counted, preferred)
    terminators = sum(character in ".!?…。！？؟।؛；\n" for character in text)
    assert calls <= 4 * len(segments) + 2 * terminators + 4


@settings(max_examples=200, deadline=None)
@given(TEXTS, LANGUAGES, st.integers(50, 400))
def test_the_same_text_is_split_the_same_way(text, language, limit) -> None:
    assert try_split(text, language, limit, len, None) == try_split(text, language, limit, len, None)


SENTENCE = st.lists(
    st.sampled_from(["casa", "homem", "muito", "sempre", "grande", "verde", "cantava", "amanhã"]),
    min_size=4,
    max_size=9,
).map(lambda words: " ".join(words).capitalize() + ".")


@settings(max_examples=200, deadline=None)
@given(st.lists(SENTENCE, min_size=2, max_size=5), SENTENCE, st.data(), st.integers(15, 200))
def test_an_edit_stays_where_it_was_made(before, other, data, limit) -> None:
    """Whatever the limit, the segments before and after an edited sentence keep their texts."""
    at = data.draw(st.integers(0, len(before) - 1))

    def parts(sentences: list[str]) -> list[str]:
        return [each.text for each in split(" ".join(sentences), Language("pt"), limit=limit, measure=len)]

    def own(sentences: list[str]) -> list[str]:
        return parts(sentences) if sentences else []

    changed = [*before[:at], other, *before[at + 1 :]]
    assert parts(changed) == own(before[:at]) + own([other]) + own(before[at + 1 :])


@settings(max_examples=200, deadline=None)
@given(st.lists(PROSE.filter(speakable), min_size=2, max_size=3), st.integers(30, 200))
def test_paragraphs_are_split_apart_from_each_other(paragraphs, limit) -> None:
    language = Language("pt")
    paragraphs = [" ".join(each.split()) for each in paragraphs]
    assume(all(unicodedata.combining(each[0]) == 0 for each in paragraphs))
    alone = [each.text for part in paragraphs for each in try_split(part, language, limit, len, None)]
    assert [each.text for each in try_split("\n\n".join(paragraphs), language, limit, len, None)] == alone


def test_the_blank_between_paragraphs_is_no_ornament_of_the_first():
    one = "OiOiOiOiexample.com?a=b ... ..."
    alone = [each.text for each in try_split(one, Language("pt"), 30, len, None)]
    both = [each.text for each in try_split(one + "\n\nOi", Language("pt"), 30, len, None)]
    assert both == [*alone, "Oi"]
