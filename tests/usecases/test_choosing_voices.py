"""What one word means as a voice: a preset, an enrolled voice, another service's name, and any of these converted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from voicecore.access import NOBODY, Caller, Scope
from voicecore.errors import InvalidInput, NotFound
from voicecore.language import Language
from voicecore.request import Mode
from voicecore.testing.samples import conversion_model, voice
from voicecore.usecases.choose_voice import ChooseVoice
from voicecore.usecases.engines import Engines
from voicecore.voice import VoicePreset

PT, EN = Language("pt", "BR"), Language("en", "US")
SPEAK = frozenset({Scope.SPEAK})
ANA, BIA = Caller("key_ana", SPEAK), Caller("key_bia", SPEAK)


def choosing(house, default=PT, **aliases):
    return ChooseVoice(house.catalog, house.engines, default, aliases)


def with_presets(house, *presets):
    """A house whose engine has these presets, too."""

    class Provider(type(house.provider)):
        def card(self):
            card = super().card()
            return replace(card, presets=(*card.presets, *presets))

    house.engines = Engines({"tone": Provider(house.provider.plan)}, "tone")
    return house


def test_a_preset_is_spoken_in_the_default_language_by_the_default_engine(house):
    found = choosing(house)("male_deep", NOBODY)
    assert (found.preset, found.voice_id, found.engine, found.model_id, found.language) == (
        "male_deep",
        None,
        None,
        None,
        PT,
    )
    assert found.mode is Mode.DUBBING
    assert found.conversion is None


def test_an_enrolled_voice_is_found_by_id_and_by_name_and_brings_its_language_and_engine(house):
    house.catalog.voices.add(replace(voice("voice_1", "Maria da Silva"), language=EN))
    for name in ("voice_1", "Maria da Silva", "maria da silva"):
        found = choosing(house)(name, NOBODY)
        assert (found.voice_id, found.engine, found.language, found.mode) == (
            "voice_1", "tone", EN, Mode.DUBBING_WITH_CLONE
        )  # fmt: skip


def test_the_language_that_was_asked_for_counts_before_all_others(house):
    house.catalog.voices.add(voice("voice_1", "Ana"))
    for name in ("female_warm", "Ana"):
        assert choosing(house)(name, NOBODY, language=EN).language == EN


def test_a_preset_of_one_language_has_that_one_and_one_of_several_is_not_guessed(house):
    house = with_presets(
        house,
        VoicePreset("bella", "Bella", "", (EN, Language("en", "GB"))),
        VoicePreset("x", "X", "", (EN, Language("es"))),
    )
    assert choosing(house)("bella", NOBODY).language == EN
    with pytest.raises(InvalidInput, match="name its language, one of: en-US, es") as caught:
        choosing(house)("x", NOBODY)
    assert caught.value.field == "source_language"


def test_anothers_name_stands_for_a_voice_unless_a_voice_of_ones_own_has_it(house):
    choose = choosing(house, nova="female_young", me="Ana")
    assert choose("nova", NOBODY).preset == "female_young"
    house.catalog.voices.add(voice("voice_1", "Ana"))
    house.catalog.voices.add(voice("voice_2", "Nova"))
    assert choose("me", NOBODY).voice_id == "voice_1"
    assert choose("nova", NOBODY).voice_id == "voice_2"


@pytest.mark.parametrize("joint", "+:")
def test_a_voice_and_a_model_are_joined_and_names_may_hold_what_joins(house, joint):
    house.catalog.models.add(conversion_model("rvc_1", "Luísa"))
    house.catalog.models.add(conversion_model("rvc_2", f"Odd{joint}name"))
    house.catalog.voices.add(voice("voice_1", f"Ana{joint}Bia"))
    choose = choosing(house, nova="female_young")
    for said in ("female_warm", "nova", f"Ana{joint}Bia", "voice_1"):
        for model in ("rvc_1", "luísa"):
            found = choose(f"{said}{joint}{model}", NOBODY)
            assert found.model_id == "rvc_1"
            assert found.conversion.model_id == "rvc_1"
            plain = choose(said, NOBODY)
            assert (found.preset, found.voice_id, found.language) == (plain.preset, plain.voice_id, plain.language)
    assert choose(f"Ana{joint}Bia", NOBODY).model_id is None
    assert choose("female_warm", NOBODY, model=f"Odd{joint}name").model_id == "rvc_2"
    assert choose(f"female_warm{joint}Odd{joint}name", NOBODY).model_id == "rvc_2"


def test_an_alias_may_mean_a_converted_voice(house):
    house.catalog.models.add(conversion_model("rvc_1", "Luísa"))
    found = choosing(house, star="male_deep+Luísa")("star", NOBODY)
    assert (found.preset, found.model_id) == ("male_deep", "rvc_1")


def test_two_models_are_refused_unless_they_are_one(house):
    house.catalog.models.add(conversion_model("rvc_1", "Luísa"))
    house.catalog.models.add(conversion_model("rvc_2", "Rui"))
    assert choosing(house)("female_warm+Luísa", NOBODY, model="rvc_1").model_id == "rvc_1"
    with pytest.raises(InvalidInput, match="name one"):
        choosing(house)("female_warm+Luísa", NOBODY, model="Rui")


@pytest.mark.parametrize("name", ["nobody", "", "+", ":", "+Luísa", "nobody+Luísa", " female_warm", "é" * 5_000])
def test_an_unknown_voice_is_not_found_and_the_presets_are_listed(house, name):
    house.catalog.models.add(conversion_model("rvc_1", "Luísa"))
    with pytest.raises(NotFound, match="female_warm") as caught:
        choosing(house)(name, NOBODY)
    assert caught.value.field == "voice"
    assert len(caught.value.message) < 400


@pytest.mark.parametrize("name", ["female_warm+nobody", "female_warm+", "female_warm:"])
def test_an_unknown_model_is_not_found(house, name):
    with pytest.raises(NotFound, match="conversion model"):
        choosing(house)(name, NOBODY)


def test_anothers_voice_is_unknown_and_of_two_of_one_name_ones_own_counts(house):
    house.catalog.voices.add(voice("voice_1", "Ana", owner="key_ana"))
    for name in ("voice_1", "Ana"):
        with pytest.raises(NotFound):
            choosing(house)(name, BIA)
    house.catalog.voices.add(voice("voice_2", "Ana", owner="key_bia"))
    assert choosing(house)("Ana", ANA).voice_id == "voice_1"
    assert choosing(house)("Ana", BIA).voice_id == "voice_2"
    with pytest.raises(InvalidInput, match="voice_1, voice_2"):
        choosing(house)("Ana", NOBODY)
