"""Where the times of words come from: the durations of phonemes, led back to the characters that were written."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.engines.kokoro.heard import heard_words
from adapters.engines.kokoro.model import FRAME_SAMPLES, SAMPLE_RATE_HZ
from adapters.engines.kokoro.phonemes import phonemes, traced_plain
from adapters.engines.kokoro.spoken import spoken, traced
from tests.adapters.kokoro.sentences import TEXTS
from voicecore.timing import words_of

_PIECES = st.sampled_from([
    "of", "the", "in", "a", "casa", "água", "guarda-chuva", "don't", "é-se", "R$", "1.200,50", "$5", "10:30", "3/4/2025", "Dr.",
    "Sr.", "50%", "&", "@", "😀", "—", "-", "…", "...", "!", "?", "¿", "«", "»", "'", "(", ")", "www.a.com", "a@b.co", "II", "século",
    "2º", "٣", "\u00ad", "--", "日本", "TV", "ABC", "x", "7",
])  # fmt: skip
_MIXED = st.lists(st.tuples(_PIECES, st.sampled_from(["", " ", "  ", "\n", ", "])), max_size=14).map(
    lambda pairs: "".join(piece + blank for piece, blank in pairs)
)
_TAGS = st.sampled_from(["pt-BR", "en-US", "fr", "hi"])


def told(text: str, tag: str) -> list[tuple[str, float, float]]:
    """The words of a text, with every phoneme one frame long and nothing cut off."""
    said = phonemes(spoken(text, tag), tag)
    frames = np.ones(len(said.symbols) + 2, np.int64)
    times = heard_words(text, tag, said, frames, (0, len(frames) * FRAME_SAMPLES))
    return [(text[word.start : word.end], word.start_s, word.end_s) for word in times.words]


@given(_MIXED, _TAGS)
@settings(max_examples=60, deadline=None)
def test_a_traced_text_is_the_spoken_one_and_its_origins_go_forward(text, tag):
    found = traced(text, tag)
    assert found.text == spoken(text, tag)
    assert all(one[0] <= other[0] and one[1] <= other[1] for one, other in pairwise(found.origins))
    assert all(0 <= start <= end <= len(text) for start, end in found.origins)
    assert traced_plain(found).text == traced_plain(type(found).written(found.text)).text


@given(_MIXED, _TAGS)
@settings(max_examples=60, deadline=None)
def test_words_are_in_order_and_are_words_of_the_text(text, tag):
    starts = {start for start, _ in words_of(text)}
    said = phonemes(spoken(text, tag), tag)
    frames = np.ones(len(said.symbols) + 2, np.int64)
    times = heard_words(text, tag, said, frames, (0, len(frames) * FRAME_SAMPLES)).words
    assert all(word.start in starts for word in times)
    assert all(one.end <= other.start and one.end_s <= other.start_s for one, other in pairwise(times))


@pytest.mark.parametrize("tag", TEXTS)
def test_every_word_of_an_ordinary_text_is_heard_in_every_language(tag):
    text = TEXTS[tag]
    joined = [word for word, _, _ in told(text, tag)]
    assert " ".join(joined).split() == [part for start, end in words_of(text) for part in text[start:end].split()]


@pytest.mark.parametrize(
    ("tag", "text", "words"),
    [
        ("pt-BR", "São 2 casas por R$ 1.200,50, às 10:30.", ["São", "2", "casas", "por", "R$ 1.200,50", "às", "10:30"]),
        ("en-US", "One of the cats paid $5 on 3/4/2025.", ["One", "of", "the", "cats", "paid", "$5", "on", "3/4/2025"]),
        ("pt-BR", "O guarda-chuva — “sim”! 😀 Fim...", ["O", "guarda-chuva", "sim", "Fim"]),
        ("en-US", "It's one of those in-the-moment things", ["It's", "one", "of", "those", "in-the-moment", "things"]),
        ("hi", "नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("en-US", "", []),
        ("en-US", "...", []),
    ],
)
def test_what_is_said_as_words_is_heard_at_the_characters_that_stand_for_it(tag, text, words):
    assert [word for word, _, _ in told(text, tag)] == words


def test_a_word_lasts_as_long_as_its_phonemes_and_is_told_as_early_as_it_is_heard():
    said = phonemes("ba bebe", "pt-BR")
    frames = np.arange(4, len(said.symbols) + 6)
    one, other = heard_words("ba bebe", "pt-BR", said, frames, (600, 90 * FRAME_SAMPLES)).words
    space = said.symbols.index(" ")
    # Two frames early, and 600 samples, one frame more, are cut off before the first.
    edges = (np.cumsum(frames) - 3) * FRAME_SAMPLES / SAMPLE_RATE_HZ
    assert (one.start_s, one.end_s) == pytest.approx((edges[0], edges[space]))
    assert (other.start_s, other.end_s) == pytest.approx(
        (edges[space + 1], min(edges[-2], 89 * FRAME_SAMPLES / SAMPLE_RATE_HZ))
    )


def test_nothing_is_heard_before_or_after_what_is_left_of_the_sound():
    said = phonemes("um dois três", "pt-BR")
    frames = np.ones(len(said.symbols) + 2, np.int64)
    words = heard_words("um dois três", "pt-BR", said, frames, (5 * FRAME_SAMPLES, 9 * FRAME_SAMPLES)).words
    assert words[0].start_s == 0.0
    assert max(word.end_s for word in words) == pytest.approx(4 * FRAME_SAMPLES / SAMPLE_RATE_HZ)


@given(_MIXED, _TAGS)
@settings(max_examples=60, deadline=None)
def test_the_stretches_of_phonemes_lie_in_the_plain_text_and_in_the_symbols_in_order(text, tag):
    said = phonemes(spoken(text, tag), tag)
    plain = traced_plain(traced(text, tag)).text
    for stretch in said.stretches:
        assert plain[stretch.start : stretch.end].strip()
        assert said.symbols[stretch.first : stretch.last].strip()
    assert all(one.end <= other.start and one.last <= other.first for one, other in pairwise(said.stretches))
    covered = {at for stretch in said.stretches for at in range(stretch.first, stretch.last)}
    assert not {s for at, s in enumerate(said.symbols) if at not in covered and s.isalpha()}
