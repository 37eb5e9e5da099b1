"""How the presets are made of Kokoro's voices: `models/kokoro/presets.json`, written by measurement.

A recipe names voices, not vectors: the timbre half of a style is a weighted sum of some voices, the prosody half of
others, and a fixed gain brings every preset to the same loudness. `scripts/choose_kokoro_presets.py` chooses them.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.modelfiles import data_path
from voicecore.errors import ModelCorrupt

from .voices import Styles, Voices, style_row

#: A gain outside this would mean that something else is wrong.
GAIN_LIMIT_DB = 18.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A voice as a mixture.

    Attributes:
        timbre, prosody: voice name → weight, for each half of the style; a sum above one exaggerates.
        gain_db: constant gain of what the network makes, -18..18 dB.
        pace: factor on the requested speed, 0.7..1.4; 1 for nearly all.
    """

    timbre: Mapping[str, float]
    prosody: Mapping[str, float]
    gain_db: float = 0.0
    pace: float = 1.0

    def __post_init__(self) -> None:
        in_range = abs(self.gain_db) <= GAIN_LIMIT_DB and 0.7 <= self.pace <= 1.4
        if not (self.timbre and self.prosody and in_range):
            raise ModelCorrupt("A Kokoro recipe is out of range: install voicecore again.")

    def style(self, voices: Voices, token_count: int) -> Styles:
        """The style for a string of so many phonemes: float32, shape (256,)."""
        styles: Styles = _mixed(voices, tuple(self.timbre.items()), tuple(self.prosody.items()))[style_row(token_count)]
        return styles


@functools.lru_cache(maxsize=32)
def _mixed(voices: Voices, timbre: tuple[tuple[str, float], ...], prosody: tuple[tuple[str, float], ...]) -> Styles:
    return voices.mix(dict(timbre), dict(prosody))


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetBook:
    """All recipes: language tag → preset id → recipe, and the loudness gains of the native voices."""

    recipes: Mapping[str, Mapping[str, Recipe]]
    native: Mapping[str, Mapping[str, Recipe]]

    def recipe(self, preset: str, tag: str) -> Recipe | None:
        """The recipe of a preset or native voice in a language, or None."""
        return self.recipes.get(tag, {}).get(preset) or self.native.get(tag, {}).get(preset)


def read_presets(path: Path | None = None) -> PresetBook:
    """The book in `path`, by default the one that ships. Raises `ModelCorrupt` when it does not read."""
    source = path if path is not None else data_path("kokoro/presets.json")
    try:
        stored = json.loads(source.read_text(encoding="utf-8"))
        return PresetBook(recipes=_recipes(stored["presets"]), native=_recipes(stored["native"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelCorrupt(
            f"{source.name} is not a book of Kokoro presets ({error}): install voicecore again."
        ) from error


def _recipes(stored: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Recipe]]:
    return {
        tag: {
            name: Recipe(
                timbre={voice: float(weight) for voice, weight in each["timbre"].items()},
                prosody={voice: float(weight) for voice, weight in each["prosody"].items()},
                gain_db=float(each["gain_db"]),
                pace=float(each.get("pace", 1.0)),
            )
            for name, each in recipes.items()
        }
        for tag, recipes in stored.items()
    }
