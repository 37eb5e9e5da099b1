"""Make, change and remove quality profiles. The built-in ones are immutable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from voicecore.errors import Conflict, InvalidInput, NotFound
from voicecore.planning import known_parameters
from voicecore.ports import Catalog, Ids
from voicecore.profiles import BUILT_IN, PIPELINE_PARAMETERS, XTTS_PARAMETERS, serves
from voicecore.quality import Parameter, ProfileId, QualityProfile, check_parameters
from voicecore.usecases.engines import Engines
from voicecore.voice import checked_name

#: Users' profiles altogether. Every request looks through them.
MAX_PROFILES = 1_000


@dataclass(frozen=True, slots=True)
class EditProfiles:
    """Every change of a profile passes here, so that none can hold a value its engine would refuse."""

    catalog: Catalog
    engines: Engines
    ids: Ids

    def get(self, engine: str, profile_id: str) -> QualityProfile:
        """The profile, if it serves the engine. Raises `NotFound`."""
        for profile in (*BUILT_IN, *self.catalog.profiles.all()):
            if profile.id == profile_id and serves(profile, engine):
                return profile
        raise NotFound(f"{engine!r} has no quality profile {profile_id[:80]!r}; GET /quality-profiles lists them.")

    def create(self, engine: str, name: str, description: str, parameters: Mapping[str, float]) -> QualityProfile:
        """A new profile. Raises `NameTaken`, `InvalidInput`."""
        return self._add(
            QualityProfile(
                id=ProfileId(self.ids.new("profile")), name=checked_name(name), engine=engine, description=description,
                parameters=check_parameters(parameters, self._known(engine)),
            )
        )  # fmt: skip

    def change(
        self, engine: str, profile_id: str, *, name: str | None = None, description: str | None = None,
        parameters: Mapping[str, float] | None = None,
    ) -> QualityProfile:  # fmt: skip
        """The profile with what is given replaced; parameters are overlaid one by one.

        Raises:
            NotFound, NameTaken, InvalidInput, Conflict: the last for a built-in one.
        """
        old = self._own(engine, profile_id)
        merged = {**old.parameters, **check_parameters(parameters or {}, self._known(old.engine))}
        changed = replace(
            old, name=old.name if name is None else checked_name(name),
            description=old.description if description is None else description, parameters=merged,
        )  # fmt: skip
        self._refuse_built_in_name(changed)
        self.catalog.profiles.replace(changed)
        return changed

    def duplicate(self, engine: str, profile_id: str, name: str | None = None) -> QualityProfile:
        """A copy for this engine that can be changed. Raises `NotFound`, `NameTaken`."""
        old = self.get(engine, profile_id)
        return self.create(engine, name or f"{old.name} copy", old.description, old.parameters)

    def delete(self, engine: str, profile_id: str) -> None:
        """Remove it; where it was the default, the built-in default is again. Raises `NotFound`, `Conflict`."""
        profile = self._own(engine, profile_id)
        if self.catalog.default_profile(profile.engine) == profile.id:
            self.catalog.set_default_profile(profile.engine, None)
        self.catalog.profiles.delete(profile.id)

    def set_default(self, engine: str, profile_id: str) -> QualityProfile:
        """Use it for requests that name none, from the next job on. Raises `NotFound`."""
        self._known(engine)
        profile = self.get(engine, profile_id)
        self.catalog.set_default_profile(engine, profile.id)
        return profile

    def _add(self, profile: QualityProfile) -> QualityProfile:
        self._refuse_built_in_name(profile)
        if (count := len(self.catalog.profiles.all())) >= MAX_PROFILES:
            raise Conflict(f"There are {count} quality profiles, which is the limit; delete one first.")
        self.catalog.profiles.add(profile)
        return profile

    def _refuse_built_in_name(self, profile: QualityProfile) -> None:
        if any(each.name.casefold() == profile.name.casefold() for each in BUILT_IN):
            raise InvalidInput(f"{profile.name!r} is the name of a built-in profile; choose another.", field="name")

    def _own(self, engine: str, profile_id: str) -> QualityProfile:
        profile = self.get(engine, profile_id)
        if profile.built_in:
            raise Conflict(f"{profile_id!r} is built in and cannot be changed; duplicate it and change the copy.")
        return profile

    def _known(self, engine: str) -> dict[str, Parameter]:
        """The engine's knobs. Those of XTTS are known even where it is not installed, since its built-ins are listed."""
        if engine == "xtts" and engine not in self.engines.providers:
            return {**XTTS_PARAMETERS, **PIPELINE_PARAMETERS}
        return known_parameters(self.engines.card(engine))
