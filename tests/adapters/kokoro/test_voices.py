"""Voices and presets: the data files hold what the card promises."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from adapters.engines.kokoro.card import LANGUAGES, make_card, model_digest
from adapters.engines.kokoro.recipes import Recipe, read_presets
from adapters.engines.kokoro.voices import PROSODY, TIMBRE, Voices, style_row
from voicecore.errors import InvalidInput, MissingModel, ModelCorrupt
from voicecore.language import Language
from voicecore.voice import PRESETS


@pytest.fixture(scope="module")
def voices() -> Voices:
    return Voices()


def test_the_style_row_is_that_of_the_number_of_phonemes() -> None:
    assert style_row(1) == 0
    assert style_row(510) == 509
    for count in (0, 511):
        with pytest.raises(InvalidInput):
            style_row(count)


def test_there_are_54_voices_of_510_styles_that_cannot_be_changed(voices: Voices) -> None:
    assert len(voices.names) == 54
    styles = voices.styles("pf_dora")
    assert styles.shape == (510, 256)
    assert styles.dtype == np.float32
    assert np.isfinite(styles).all()
    with pytest.raises(ValueError, match="read-only"):
        styles[0, 0] = 1.0


def test_a_mixture_takes_each_half_from_where_it_should(voices: Voices) -> None:
    mixed = voices.mix({"af_heart": 1.0}, {"pf_dora": 0.5, "af_bella": 0.5})
    assert np.array_equal(mixed[:, TIMBRE], voices.styles("af_heart")[:, TIMBRE])
    mean = (voices.styles("pf_dora") + voices.styles("af_bella"))[:, PROSODY] / 2
    assert np.allclose(mixed[:, PROSODY], mean, atol=1e-6)


def test_an_unknown_voice_and_a_missing_archive_are_errors_with_a_way_out(voices: Voices, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="pf_dora"):
        voices.styles("nobody")
    with pytest.raises(MissingModel, match="install"):
        Voices(tmp_path / "none.npz")


def test_every_language_has_the_eight_presets_made_of_voices_that_exist(voices: Voices) -> None:
    book = read_presets()
    assert set(book.recipes) == {language.tag for language in LANGUAGES}
    for tag, recipes in book.recipes.items():
        assert set(recipes) == set(PRESETS), tag
        timbres = {tuple(sorted(recipe.timbre.items())) for recipe in recipes.values()}
        assert len(timbres) == 8, f"two presets of {tag} share a timbre"
        for recipe in recipes.values():
            assert {*recipe.timbre, *recipe.prosody} <= set(voices.names)
            assert recipe.style(voices, 40).shape == (256,)


def test_the_default_voice_of_brazil_is_a_native_one() -> None:
    recipe = read_presets().recipe("female_generic", "pt-BR")
    assert recipe is not None
    assert (dict(recipe.timbre), dict(recipe.prosody)) == ({"pf_dora": 1.0}, {"pf_dora": 1.0})


def test_the_card_lists_presets_and_native_voices_with_their_languages() -> None:
    card = make_card()
    assert card.languages[0] == Language("pt", "BR")
    assert card.preset("pf_dora", Language("pt", "BR")).gender == "female"
    with pytest.raises(InvalidInput, match="female_generic"):
        card.preset("pf_dora", Language("es"))
    for preset in PRESETS:
        for language in LANGUAGES:
            assert card.preset(preset, language).gender == preset.split("_")[0]


def test_the_digest_of_the_model_is_stable() -> None:
    assert model_digest() == model_digest() == make_card().model_digest
    assert len(model_digest()) == 64


@pytest.mark.parametrize("content", ["", "[]", "{}", json.dumps({"presets": {"es": {"x": {}}}, "native": {}})])
def test_a_broken_book_of_presets_is_an_error_not_a_silent_default(tmp_path: Path, content: str) -> None:
    path = tmp_path / "presets.json"
    path.write_text(content)
    with pytest.raises(ModelCorrupt):
        read_presets(path)


def test_a_recipe_needs_voices_and_a_sane_gain() -> None:
    with pytest.raises(ModelCorrupt):
        Recipe(timbre={}, prosody={"pf_dora": 1.0})
    with pytest.raises(ModelCorrupt):
        Recipe(timbre={"pf_dora": 1.0}, prosody={"pf_dora": 1.0}, gain_db=40.0)
