"""No cut goes through what a reader sees as one character (UAX #29)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicecore.text.graphemes import breaks

CLUSTERS = {
    "a letter and its accents": "e\u0301\u0323",
    "Windows line end": "\r\n",
    "family emoji": "👨‍👩‍👧‍👦",
    "skin tone": "👋🏽",
    "heart with variation selector": "❤️",
    "flag": "🇧🇷",
    "flag of Scotland by tags": "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "keycap": "1️⃣",
    "Hangul from letters": "\u1112\u1161\u11ab",
    "Hangul syllable with a final letter": "\uac00\u11a8",
    "Devanagari conjunct": "क्ष",
    "Devanagari vowel signs": "हिं",
    "half-width kana with voicing": "ｶﾞ",
    "Arabic number sign": "\u06001",
}


@pytest.mark.parametrize("name", CLUSTERS)
def test_a_cluster_is_not_broken_and_its_neighbours_are_free(name: str) -> None:
    cluster = CLUSTERS[name]
    text = f"xx{cluster}xx"
    inside = [at for at, free in enumerate(breaks(text)) if not free]
    assert inside == list(range(3, 2 + len(cluster)))


def test_flags_pair_up_from_the_left() -> None:
    flags = "🇧🇷🇵🇹🇫"
    assert list(breaks(flags)) == [1, 0, 1, 0, 1, 1]


def test_two_emoji_side_by_side_are_two() -> None:
    assert list(breaks("👋👋")) == [1, 1, 1]


def test_a_joiner_between_letters_joins_nothing_after_it() -> None:
    assert list(breaks("a\u200db")) == [1, 0, 1, 1]


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_both_ends_are_breaks_and_no_mark_stands_alone(text: str) -> None:
    marks = breaks(text)
    assert len(marks) == len(text) + 1
    assert marks[0] == marks[-1] == 1
    for at in range(1, len(text)):
        if text[at] == "\u200d" or "\u0300" <= text[at] <= "\u036f":
            assert marks[at] == 0 or text[at - 1] in "\r\n" or not text[at - 1].isprintable()
