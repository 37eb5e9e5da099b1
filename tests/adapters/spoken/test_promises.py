"""What holds for any text: it ends, leaves no figures, and keeps its hands off what is already words."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.engines.kokoro.spoken import spoken
from voicecore.errors import UnsupportedLanguage

LANGUAGES = ["pt-BR", "en-US", "en-GB", "es", "es-MX", "fr", "it"]

#: What rules are about, so that generated texts reach deep into them.
_FIGURES = "0 1 2 9 10 12 31 99 100 1999 2026 1.234 1,234 3.14 3,14 007 ² ½ ٣ ９ ⑨"
_SIGNS = "/ - . , : ; % $ R$ US$ € £ h m km kg °C º ª ° x × + = # @ & § ( ) ' \" – − 😀 ❤️ \u200d"
_WRITTEN = (
    "Nov nov. de of Mr. Sr. Dr. St. p. nº No. etc. XXI século II pm p.m. www. a@b.co http:// mil milhões million k M"
)
_TOKENS = st.sampled_from([*f"{_FIGURES} {_SIGNS} {_WRITTEN}".split(" "), " ", "\n", "\u00a0", "\u202f"])
_TEXTS = (
    st.text(max_size=60) | st.lists(_TOKENS, max_size=25).map("".join) | st.lists(_TOKENS, max_size=20).map(" ".join)
)

_WORDS = {
    "pt-BR": [
        "casa",
        "menino",
        "falou",
        "ontem",
        "porque",
        "água",
        "não",
        "você",
        "manhã",
        "azul",
        "livro",
        "comer",
        "depois",
        "nunca",
        "Brasil",
        "Ana",
    ],
    "en-US": [
        "house",
        "boy",
        "spoke",
        "yesterday",
        "because",
        "water",
        "not",
        "you",
        "morning",
        "blue",
        "book",
        "eat",
        "after",
        "never",
        "London",
        "Anna",
    ],
    "es": [
        "casa",
        "niño",
        "habló",
        "ayer",
        "porque",
        "agua",
        "mañana",
        "azul",
        "libro",
        "comer",
        "después",
        "nunca",
        "España",
        "Ana",
    ],
    "fr": [
        "maison",
        "garçon",
        "parla",
        "hier",
        "parce",
        "eau",
        "matin",
        "bleu",
        "livre",
        "manger",
        "après",
        "jamais",
        "France",
        "Anne",
    ],
    "it": [
        "casa",
        "ragazzo",
        "parlò",
        "ieri",
        "perché",
        "acqua",
        "mattina",
        "blu",
        "libro",
        "mangiare",
        "dopo",
        "mai",
        "Italia",
        "Anna",
    ],
}


@pytest.mark.parametrize("language", LANGUAGES)
@settings(deadline=None, max_examples=80)
@given(text=_TEXTS)
@example(text="a²@b²")
@example(text="1.2345,67.89")
@example(text="-−–1")
def test_no_figure_is_left(language: str, text: str) -> None:
    assert not [character for character in spoken(text, language) if character.isdigit()]


@pytest.mark.parametrize("language", sorted(_WORDS))
@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_words_and_punctuation_stay_letter_for_letter(language: str, data: st.DataObject) -> None:
    words = st.sampled_from(_WORDS[language])
    marks = st.sampled_from(
        [" ", ", ", ". ", "! ", "? ", "; ", ": ", " - ", "... ", '" ', " (", ") ", "\n", "\t", "  "]
    )
    pieces = data.draw(st.lists(st.tuples(words, marks), max_size=20))
    text = "".join(word + mark for word, mark in pieces)
    assert spoken(text, language) == text


@pytest.mark.parametrize("language", sorted(_WORDS))
@settings(deadline=None, max_examples=50)
@given(
    number=st.integers(min_value=0, max_value=10**12),
    frame=st.sampled_from(
        ["{}", "{}%", "{} km", "R$ {}", "{} €", "-{}", "({})", "{}.", "{}, {}", "{}-{}", "{}º", "a {}"]
    ),
)
def test_saying_what_was_said_changes_nothing(language: str, number: int, frame: str) -> None:
    once = spoken(frame.replace("{}", str(number)), language)
    assert spoken(once, language) == once


@pytest.mark.parametrize("language", LANGUAGES)
@settings(deadline=None, max_examples=50)
@given(word=st.sampled_from(["casa", "house", "Ana", "é"]), number=st.integers(min_value=0, max_value=10**6))
def test_a_sentence_keeps_its_full_stop(language: str, word: str, number: int) -> None:
    said = spoken(f"{word} {number}.", language)
    assert said.startswith(f"{word} ")
    assert said.endswith(".")
    assert not said.endswith("..")


@pytest.mark.parametrize(
    ("language", "nine"),
    [("pt-BR", "nove"), ("en-US", "nine"), ("es", "nueve"), ("fr", "neuf"), ("it", "nove")],
)
def test_a_number_of_ten_thousand_digits_is_read_digit_by_digit(language: str, nine: str) -> None:
    assert spoken("9" * 10_000, language) == " ".join([nine] * 10_000)


@pytest.mark.parametrize("language", ["pt-BR", "en-US", "fr"])
@pytest.mark.parametrize(
    "unit",
    ["9.", "1,", "1.234.", "1,234,", "1/2/", "1-2-", "1:2:", "a.", "a-", "a@", "a.b@", "(11) ", "+1 ", "+1", "R$ ", "$1-", "http://",
     "www.", "#", "etc. ", "St. ", "XXI ", "IVX", " ", "\n", "😀 ", "½", "²", "1 234 ", "de 1 ", "\u202f1", "Nov 1 ", "'1", "--", "a_"],
)  # fmt: skip
def test_hostile_repetition_is_read_to_its_end(language: str, unit: str) -> None:
    """Every pattern is bounded or possessive. A quadratic one would keep this test for minutes."""
    said = spoken((unit * 10_000)[:10_000] + " fim", language)
    assert not [character for character in said if character.isdigit()]
    assert said.endswith("fim")


@pytest.mark.parametrize(
    ("text", "said"),
    [("😀", ""), ("😀🎉 ❤️", ""), ("", ""), ("👍 ok", "ok"), ("1️⃣", "um"), ("a👩‍👩‍👧b", "a b")],
)
def test_emoji_are_not_spoken_and_what_is_around_them_is(text: str, said: str) -> None:
    assert spoken(text, "pt-BR") == said


@settings(deadline=None)
@given(text=st.text(min_size=1, max_size=40).filter(lambda text: any(character.isalpha() for character in text)))
def test_text_with_a_letter_never_becomes_empty(text: str) -> None:
    assert spoken(text, "pt-BR").strip()


def test_the_figures_of_other_scripts_are_figures() -> None:
    assert spoken("٣ e ９", "pt-BR") == "três e nove"


def test_a_language_without_rules_keeps_its_text() -> None:
    assert spoken("मेरे पास 2 किताबें हैं", "hi") == "मेरे पास 2 किताबें हैं"
    assert spoken("क्‍ष", "hi") == "क्‍ष"


def test_what_is_no_language_tag_is_refused() -> None:
    with pytest.raises(UnsupportedLanguage):
        spoken("2", "português do Brasil")
