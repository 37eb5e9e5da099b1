"""Which studio speaker of a checkpoint stands behind which preset."""

from __future__ import annotations

import functools
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from adapters.modelfiles import data_path
from voicecore.errors import ModelCorrupt
from voicecore.language import Language
from voicecore.voice import PRESETS, VoicePreset

_ID_LIMIT = 60
#: Letters that Unicode does not take apart.
_PLAIN = str.maketrans(
    {"\u0131": "i", "ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
)
_DESCRIPTIONS = {
    "female_generic": "A clear female voice.", "male_generic": "A clear male voice.",
    "female_young": "A young female voice.", "male_deep": "A low male voice.", "female_warm": "A warm female voice.",
    "male_warm": "A warm male voice.", "female_soft": "A soft female voice.", "male_soft": "A soft male voice.",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """`models/xtts/presets.json`: the speaker chosen for each of the eight presets, and the genders that the names suggest."""

    speakers: Mapping[str, str]
    genders: Mapping[str, str]


@functools.cache
def read_choice() -> Choice:
    """The choice that ships. Raises `ModelCorrupt` when it does not read."""
    try:
        stored = json.loads(data_path("xtts/presets.json").read_text(encoding="utf-8"))
        speakers = {name: str(stored["presets"][name]["speaker"]) for name in PRESETS}
        genders = dict.fromkeys(stored["women"], "female") | dict.fromkeys(stored["men"], "male")
    except (KeyError, TypeError, ValueError) as error:
        raise ModelCorrupt(
            f"xtts/presets.json is not a choice of presets ({error}): install voicecore again."
        ) from error
    return Choice(MappingProxyType(speakers), MappingProxyType(genders))


def speakers_by_preset(names: Sequence[str]) -> Mapping[str, str]:
    """Preset id → name of the studio speaker: the eight first, then each of `names` under an id of its own.

    Where a checkpoint lacks the speaker chosen for one of the eight, another of the same gender stands in, or the first;
    `substituted` tells which. Raises `ModelCorrupt` for a checkpoint without speakers.
    """
    if not names:
        raise ModelCorrupt("The XTTS checkpoint has no studio speakers; put upstream's speakers_xtts.pth beside it.")
    choice = read_choice()
    found = {
        preset: speaker if speaker in names else _stand_in(preset, names) for preset, speaker in choice.speakers.items()
    }
    return MappingProxyType(found | dict(zip(_ids(names, taken=found), names, strict=True)))


def substituted(names: Sequence[str]) -> tuple[str, ...]:
    """Those of the eight whose chosen speaker is not among `names`."""
    return tuple(preset for preset, speaker in read_choice().speakers.items() if speaker not in names)


def make_presets(names: Sequence[str], languages: tuple[Language, ...]) -> tuple[VoicePreset, ...]:
    """All presets of a checkpoint with these studio speakers. Each speaks every language: XTTS carries voices across."""
    genders = read_choice().genders
    return tuple(
        VoicePreset(
            id=preset,
            name=preset.replace("_", " ") if preset in PRESETS else speaker,
            description=f"{_DESCRIPTIONS[preset]} ({speaker})"
            if preset in PRESETS
            else f"The studio speaker {speaker}.",
            languages=languages,
            gender=preset.partition("_")[0] if preset in PRESETS else genders.get(speaker, "neutral"),
        )
        for preset, speaker in speakers_by_preset(names).items()
    )


def slug(name: str) -> str:
    """A name as a preset's id: lower-case ASCII with `_` between words; empty if nothing of it remains.

    >>> slug("Camilla Holmström")
    'camilla_holmstrom'
    """
    folded = unicodedata.normalize("NFKD", name.lower().translate(_PLAIN)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9.-]+", "_", folded).strip("_.-")[:_ID_LIMIT]


def _ids(names: Sequence[str], taken: Iterable[str]) -> list[str]:
    """An id for each name, different from each other and from those taken."""
    used = set(taken)
    ids: list[str] = []
    for number, name in enumerate(names, start=1):
        wanted = slug(name) or f"speaker_{number}"
        own, again = wanted, 2
        while own in used:
            own, again = f"{wanted}_{again}", again + 1
        used.add(own)
        ids.append(own)
    return ids


def _stand_in(preset: str, names: Sequence[str]) -> str:
    genders = read_choice().genders
    gender = preset.partition("_")[0]
    return next((name for name in names if genders.get(name) == gender), names[0])
