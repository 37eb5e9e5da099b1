"""The size of a text for XTTS: what the splitter of the core cuts by."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.engines.xtts.card import SEGMENT_LIMIT
from adapters.engines.xtts.checkpoint import FOLDER, Checkpoint
from adapters.engines.xtts.guards import spoken_text
from adapters.engines.xtts.languages import TAGS, code
from adapters.engines.xtts.text_size import TextSize
from voicecore.errors import InvalidText
from voicecore.language import Language
from voicecore.text import split

EN, PT, ZH = Language.parse("en"), Language.parse("pt-BR"), Language.parse("zh")
SENTENCES = {
    "pt-BR": "O trem parte às 7 da manhã.", "en": "The train leaves at 7 in the morning.", "es": "El tren sale a las 7.",
    "fr": "Le train part à 7 heures.", "de": "Der Zug fährt um 7 Uhr ab.", "it": "Il treno parte alle 7.",
    "pl": "Pociąg odjeżdża o 7.", "tr": "Tren sabah 7'de kalkıyor.", "ru": "Поезд отходит в 7 утра.",
    "nl": "De trein vertrekt om 7 uur.", "cs": "Vlak odjíždí v 7 ráno.", "ar": "يغادر القطار صباحا",
    "zh-CN": "火车早上七点出发。", "hu": "A vonat reggel 7-kor indul.", "ko": "기차는 아침에 출발합니다.",
    "ja": "電車は朝七時に出ます。", "hi": "ट्रेन सुबह निकलती है।",
}  # fmt: skip


@pytest.fixture(scope="module")
def size(tiny, tiny_folder: Path) -> TextSize:
    return TextSize(tiny.tokenizer, Checkpoint(tiny_folder / FOLDER).config)


@pytest.mark.parametrize("tag", TAGS.values())
def test_every_language_is_measured_and_its_ids_are_upstreams(size: TextSize, tiny, tag: str) -> None:
    language = Language.parse(tag)
    assert 0 < size.measure(SENTENCES[tag], language) < SEGMENT_LIMIT
    spoken = spoken_text(SENTENCES[tag], code(language))
    upstream = "zh-cn" if tag == "zh-CN" else language.language
    assert size.ids(spoken, language) == tuple(tiny.tokenizer.encode(spoken, upstream))


@given(text=st.text(st.sampled_from("abcdeéçãõ XYZ.,;!?-'\"0123456789"), max_size=80))
@settings(max_examples=80, deadline=None)
def test_the_ids_of_any_text_are_upstreams(size: TextSize, tiny, text: str) -> None:
    spoken = spoken_text(text, "pt")
    if not spoken:
        return
    try:
        ids = size.ids(spoken, PT)
    except InvalidText:  # a number too large for words
        with pytest.raises(OverflowError):
            tiny.tokenizer.encode(spoken, "pt")
    else:
        assert ids == tuple(tiny.tokenizer.encode(spoken, "pt"))


@pytest.mark.parametrize(("tag", "most"), [("en", 250), ("pt-BR", 203), ("ru", 182), ("zh-CN", 82)])
def test_upstreams_limit_of_characters_is_the_end(size: TextSize, tag: str, most: int) -> None:
    language, letter = Language.parse(tag), {"ru": "ж", "zh-CN": "你"}.get(tag, "a")
    assert size.measure(letter * most, language) <= SEGMENT_LIMIT
    assert size.measure(letter * (most + 1), language) > SEGMENT_LIMIT


def test_a_number_counts_as_it_is_spoken(size: TextSize) -> None:
    assert size.measure("It costs 987654321 dollars", EN) > 2 * size.measure("It costs nine dollars", EN)


def test_what_fits_leaves_room_in_both_tables_of_the_network(size: TextSize, tiny) -> None:
    for text in ("a" * 250, "a b " * 62, "1 " * 45):
        assert size.measure(text, EN) <= SEGMENT_LIMIT
        ids = size.ids(spoken_text(text, "en"), EN)
        assert len(ids) <= 350 < tiny.gpt.max_text_tokens


@given(parts=st.lists(st.sampled_from(["word ", "another ", "12 ", "é ", "x"]), max_size=30))
@settings(max_examples=60, deadline=None)
def test_a_longer_text_never_measures_less(size: TextSize, parts: list[str]) -> None:
    lengths = [size.measure("word " + "".join(parts[:count]), EN) for count in range(len(parts) + 1)]
    assert all(later >= earlier for earlier, later in itertools.pairwise(lengths))


@pytest.mark.parametrize("text", ["", " ", "...", "«»", "\u200b"])
def test_a_text_that_nobody_can_speak_measures_nothing(size: TextSize, text: str) -> None:
    assert size.measure(text, EN) == 0


@pytest.mark.parametrize(
    ("text", "language"), [("Γειά σου Κόσμε", EN), ("שלום עולם", PT), ("สวัสดีชาวโลก", EN), ("你好世界", EN)]
)
def test_a_script_that_the_model_does_not_read_is_refused_with_the_language(
    size: TextSize, text: str, language: Language
) -> None:
    with pytest.raises(InvalidText, match=rf"as {language.language}"):
        size.measure(text, language)
    with pytest.raises(InvalidText):
        size.ids(text, language)


def test_a_foreign_letter_in_a_text_is_no_reason_to_refuse_it(size: TextSize) -> None:
    assert size.measure("The angle α is measured in degrees", EN) > 0


def test_a_number_that_cannot_be_written_out_is_told(size: TextSize) -> None:
    with pytest.raises(InvalidText, match="write its numbers in words"):
        size.measure("9" * 400, EN)


def test_the_core_cuts_a_long_text_into_what_the_model_takes(size: TextSize) -> None:
    text = "O Dr. Silva chegou às 7h30, pagou R$ 1.234,56 e saiu. " * 30
    segments = split(text, PT, limit=SEGMENT_LIMIT, measure=lambda each: size.measure(each, PT))
    assert len(segments) > 5
    assert all(size.measure(each.text, PT) <= SEGMENT_LIMIT for each in segments)
