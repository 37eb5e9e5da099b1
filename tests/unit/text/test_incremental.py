"""Text that comes bit by bit."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from voicecore.errors import InvalidInput, InvalidText
from voicecore.language import Language
from voicecore.text import IncrementalText, Segment, split

from .test_split_properties import LANGUAGES, TEXTS

PT, EN, JA = Language("pt"), Language("en"), Language("ja")
PORTIONS = st.lists(st.integers(1, 30), max_size=60)


def whole(language: Language, text: str, portions: list[int], limit: int = 400) -> list[Segment]:
    taker, given_, at = IncrementalText(language, limit), [], 0
    for size in portions:
        given_ += taker.feed(text[at : at + size])
        at += size
    return given_ + taker.feed(text[at:]) + taker.flush()


def pieces(language: Language, text: str) -> list[str]:
    """What is given before the text is flushed."""
    taker = IncrementalText(language)
    return [piece.text for character in text for piece in taker.feed(character)]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=TEXTS, language=LANGUAGES, portions=PORTIONS, limit=st.integers(20, 400))
def test_whatever_the_portions_the_pieces_are_the_same_partition_the_text_and_fit(text, language, portions, limit):
    try:
        found = whole(language, text, portions, limit)
    except InvalidText:
        with pytest.raises(InvalidText):
            whole(language, text, [], limit)
        return
    assert found == whole(language, text, [], limit)
    assert "".join(text[piece.start : piece.end] for piece in found) == text
    assert [piece.index for piece in found] == list(range(len(found)))
    assert all(len(piece.text) <= limit for piece in found)


SENTENCES = ("O Dr. Silva chegou cedo demais hoje.", "Ninguém o esperava por aqui!", "Quem diria uma coisa destas?",
             "São 3.14 metros de fita azul.", "Fim de uma frase bem comprida, afinal.")  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    sentences=st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=6),
    glue=st.sampled_from([" ", "\n", "\n\n"]),
    portions=PORTIONS,
)
def test_of_plain_prose_the_pieces_are_those_of_the_whole_text(sentences, glue, portions):
    text = glue.join(sentences)
    found = whole(PT, text, portions)
    expected = split(text, PT, limit=400, measure=len)
    assert [(each.start, each.end, each.text) for each in found] == [
        (each.start, each.end, each.text) for each in expected
    ]
    assert [each.pause_after_s for each in found[:-1]] == [each.pause_after_s for each in expected[:-1]]


@pytest.mark.parametrize(
    ("language", "text", "given_"),
    [
        (PT, "Chegou cedo demais. ", []),
        (PT, "Chegou cedo demais. Nin", []),
        (PT, "Chegou cedo demais. Ninguém ", ["Chegou cedo demais."]),
        (PT, "O Dr. Silva ", []),
        (PT, "Um título de capítulo\n\n", ["Um título de capítulo"]),
        (PT, "Sim. Chegou ", []),  # a short one is spoken with the next
        (EN, "It costs 3.50 dollars today. Pay ", ["It costs 3.50 dollars today."]),
        (JA, "今日はとても良い天気です。明", ["今日はとても良い天気です。"]),
        (JA, "「今日はとても良い天気です。」と言", []),
    ],
)
def test_a_piece_comes_as_soon_as_what_follows_tells_that_it_is_complete(language, text, given_):
    assert pieces(language, text) == given_


def test_flushing_gives_what_is_held_and_begins_anew():
    taker = IncrementalText(PT)
    assert taker.feed("Olá, mun") == []
    assert taker.held == 8
    (piece,) = taker.flush()
    assert (piece.text, piece.start, piece.end, taker.held) == ("Olá, mun", 0, 8, 0)
    assert piece.pause_after_s > 0
    assert taker.flush() == []
    taker.feed("do.")
    assert [(each.index, each.start) for each in taker.flush()] == [(1, 8)]


def test_a_sentence_without_end_is_cut_at_the_limit():
    found = IncrementalText(PT, 50).feed("palavra " * 40)
    assert found
    assert all(len(piece.text) <= 50 for piece in found)


@pytest.mark.parametrize("text", ["*" * 10_000, "a. b " * 600, "e.g. etc. " * 300, "。" * 10_000, "\n" * 10_000])
def test_hostile_text_costs_no_more_than_plain_text(text):
    began = time.process_time()
    taker = IncrementalText(EN)
    for character in text:
        taker.feed(character)
    taker.flush()
    assert time.process_time() - began < 20  # a square of the length would take minutes


def test_a_limit_below_one_is_refused():
    with pytest.raises(InvalidInput):
        IncrementalText(PT, 0)
