"""Phonemes: every symbol is known to the network, and nothing that was written is lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.engines.kokoro.espeak import Espeak
from adapters.engines.kokoro.phonemes import ESPEAK_CODES, phonemes
from adapters.engines.kokoro.symbols import AMERICAN, BRITISH, COMMON, NEAREST, known, vocabulary
from tests.adapters.kokoro.sentences import TEXTS
from voicecore.errors import EngineFailed, UnsupportedLanguage


def test_the_vocabulary_has_the_114_symbols_of_the_network() -> None:
    assert len(vocabulary()) == 114
    assert 0 not in vocabulary().values(), "0 is the padding"


@pytest.mark.parametrize("tag", ESPEAK_CODES)
def test_ordinary_text_becomes_known_symbols_only(tag: str) -> None:
    found = phonemes(TEXTS[tag], tag)
    assert not found.unknown
    assert set(found.symbols) <= set(vocabulary())
    assert len(found.ids) == len(found.symbols) > 40


def test_every_replacement_ends_in_the_vocabulary() -> None:
    for table in (COMMON, AMERICAN, BRITISH, NEAREST):
        for ipa, letters in table.items():
            assert known(letters)[1] == {}, ipa


@pytest.mark.parametrize(
    ("text", "tag", "symbols"),
    [
        ("there", "en-GB", "ðˈɛː"),
        ("water bottle", "en-US", "wˈɔTəɹ bˈɑTᵊl"),
        ("chão", "pt-BR", "ʃˈɐ̃ʊ̃"),
        ("niño", "es", "nˈiɲo"),
        ("je mange", "fr", "ʒə mˈɑ̃ʒ"),
    ],
)
def test_words_get_the_letters_that_the_network_was_trained_with(text: str, tag: str, symbols: str) -> None:
    assert phonemes(text, tag).symbols == symbols


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("Sim, não; talvez: agora!", ",;:!"),
        ("Ele disse: “não”.", ":“”."),
        ("«Sim» – disse (rindo)...", "“”—()…"),
        ("¿Vamos? ¡Vamos!", "?!"),
    ],
)
def test_punctuation_is_kept_where_it_was(text: str, signs: str) -> None:
    found = phonemes(text, "pt-BR").symbols
    assert "".join(sign for sign in found if sign in ',;:.!?—…"()“”') == signs


def test_signs_inside_numbers_and_names_do_not_break_them() -> None:
    assert "." not in phonemes("example.com", "en-US").symbols
    assert "," not in phonemes("3,5", "pt-BR").symbols


def test_foreign_words_leave_no_marks_of_the_switch() -> None:
    symbols = phonemes("weekend computer привет", "fr").symbols
    assert "(" not in symbols
    assert phonemes("computer", "hi").symbols.count("(") == 0


def test_a_symbol_without_a_nearest_one_is_counted_not_lost_in_silence() -> None:
    kept, unknown = known("aǂaǂ")
    assert kept == "aa"
    assert unknown == {"ǂ": 2}


def test_composed_letters_are_taken_apart_only_where_they_must_be() -> None:
    assert known("õç")[0] == "o\u0303ç"


def test_a_pictograph_that_ends_espeak_does_not_reach_it() -> None:
    assert phonemes("a \U0001f17f b", "hi").symbols


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=120), tag=st.sampled_from(sorted(ESPEAK_CODES)))
def test_any_text_at_all_becomes_symbols_of_the_vocabulary(text: str, tag: str) -> None:
    found = phonemes(text, tag)
    assert set(found.symbols) <= set(vocabulary())
    assert not found.unknown
    assert found == phonemes(text, tag), "espeak must not remember what it said before"


def test_threads_do_not_disturb_each_other() -> None:
    expected = {tag: phonemes(text, tag) for tag, text in TEXTS.items()}
    tags = list(TEXTS) * 20
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda tag: phonemes(TEXTS[tag], tag), tags)) == [expected[tag] for tag in tags]


def test_another_language_is_refused_with_the_list_of_those_it_speaks() -> None:
    with pytest.raises(UnsupportedLanguage, match="pt-BR"):
        phonemes("hallo", "de")


def test_a_data_path_that_espeak_would_cut_is_refused() -> None:
    with pytest.raises(EngineFailed, match="159 bytes"):
        Espeak("libespeak-ng.so", "/" + "d" * 159)
