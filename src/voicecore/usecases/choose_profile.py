"""Find the quality profile of a request."""

from __future__ import annotations

from dataclasses import dataclass

from voicecore.errors import InvalidInput
from voicecore.ports import Catalog
from voicecore.profiles import BUILT_IN, built_in_default, serves
from voicecore.quality import QualityProfile


def all_profiles(catalog: Catalog, engine: str | None = None) -> tuple[QualityProfile, ...]:
    """Built-in and users' profiles; of one engine, those that may be used with it."""
    everything = (*BUILT_IN, *catalog.profiles.all())
    return everything if engine is None else tuple(each for each in everything if serves(each, engine))


@dataclass(frozen=True, slots=True)
class ChooseProfile:
    """The named profile, or else the engine's default: the one users set, or the built-in one."""

    catalog: Catalog

    def __call__(self, engine: str, profile_id: str | None) -> QualityProfile:
        """Raises `InvalidInput` with the profiles that the engine has."""
        choices = {str(profile.id): profile for profile in all_profiles(self.catalog, engine)}
        if profile_id is None:
            chosen = self.catalog.default_profile(engine)
            return choices.get(chosen or "") or choices[built_in_default(engine)]
        if profile_id not in choices:
            raise InvalidInput(
                f"{profile_id[:80]!r} is not a quality profile of {engine!r}; choose one of: {', '.join(sorted(choices))}.",
                field="quality_profile_id",
            )
        return choices[profile_id]
