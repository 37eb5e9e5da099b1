"""Find the voice that a caller names by one word, as the APIs of others do: a preset, an enrolled voice, or either converted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from voicecore.access import Caller
from voicecore.conversion import ConversionSettings
from voicecore.conversion_model import ConversionModel
from voicecore.engine import EngineCard
from voicecore.errors import InvalidInput, NotFound
from voicecore.language import Language
from voicecore.ports import Catalog
from voicecore.request import Mode
from voicecore.usecases.engines import Engines
from voicecore.voice import DEFAULT_PRESET, NAME_LIMIT, VoicePreset, VoiceProfile

#: Between a voice and the conversion model that it is converted with: `female_warm+Ana`, `voice_1234:rvc_5678`.
JOINTS = "+:"
_LONGEST = 2 * NAME_LIMIT + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenVoice:
    """What a name means.

    Attributes:
        preset: of a voice that is not enrolled.
        voice_id: of an enrolled voice.
        engine: that speaks it; None for the service's default.
        model_id: of the model that the speech is converted with, or None.
        language: in which it shall speak.
    """

    preset: str = DEFAULT_PRESET
    voice_id: str | None = None
    engine: str | None = None
    model_id: str | None = None
    language: Language

    @property
    def mode(self) -> Mode:
        """Of the request."""
        return Mode.DUBBING if self.voice_id is None else Mode.DUBBING_WITH_CLONE

    @property
    def conversion(self) -> ConversionSettings | None:
        """Of the request, with the usual settings."""
        return None if self.model_id is None else ConversionSettings(model_id=self.model_id)


@dataclass(frozen=True, slots=True)
class ChooseVoice:
    """A preset of the engine, else one of the caller's voices by id or name, else another service's name for one of these.

    Attributes:
        default_language: of voices that speak several and have none of their own.
        aliases: another service's name → any of the forms that are a voice here.
    """

    catalog: Catalog
    engines: Engines
    default_language: Language
    aliases: Mapping[str, str] = field(default_factory=dict)

    def __call__(
        self, name: str, caller: Caller, *, engine: str | None = None, language: Language | None = None, model: str | None = None,
    ) -> ChosenVoice:  # fmt: skip
        """The voice of this name.

        Args:
            engine: that shall speak; None for the voice's own, or the service's default.
            language: of the text; None for the voice's own, or the default.
            model: id or name of the model to convert with, where the name has none.

        Raises:
            NotFound: no such voice, engine or model; another's voice is unknown.
            InvalidInput: two models, a name that two voices have, or a voice that has no language of its own and does
                not speak the default.
            NotInstalled: the engine cannot speak here.
        """
        found, suffix = self._found(name, caller, engine)
        if (
            suffix is not None
            and model is not None
            and self.conversion_model(suffix).id != self.conversion_model(model).id
        ):
            raise InvalidInput(
                f"The voice {name[:80]!r} names one conversion model and the request another; name one.",
                field="rvc_model_id",
            )
        chosen = suffix if suffix is not None else model
        model_id = None if chosen is None else self.conversion_model(chosen).id
        if isinstance(found, VoiceProfile):
            return ChosenVoice(
                voice_id=found.id, engine=engine or found.engine, model_id=model_id, language=language or found.language
            )
        return ChosenVoice(
            preset=found.id, engine=engine, model_id=model_id, language=language or self._language(found)
        )

    def conversion_model(self, name: str) -> ConversionModel:
        """The model of this id or name. Raises `NotFound`."""
        found = self.catalog.models.get(name)
        wanted = name.casefold()
        for each in () if found is not None else self.catalog.models.all():
            if each.name.casefold() == wanted:
                found = each
        if found is None:
            raise NotFound(
                f"There is no conversion model {name[:80]!r}; GET /rvc-models lists them.", field="rvc_model_id"
            )
        return found

    def _found(self, name: str, caller: Caller, engine: str | None) -> tuple[VoicePreset | VoiceProfile, str | None]:
        """The voice, and what is joined to it."""
        card = self.engines.card(engine or self.engines.default)
        for said in dict.fromkeys((name, self.aliases.get(name, name))):
            if (whole := self._plain(said, caller, card)) is not None:
                return whole, None
        # Names may hold a joint themselves, so the longest voice counts. What is longer than two names is looked for nowhere.
        for said in dict.fromkeys((name, self.aliases.get(name, name))) if len(name) <= _LONGEST else ():
            for place in (place for place in range(len(said) - 1, 0, -1) if said[place] in JOINTS):
                first = said[:place]
                if (voice := self._plain(self.aliases.get(first, first), caller, card)) is not None:
                    return voice, said[place + 1 :]
        presets = ", ".join(dict.fromkeys(preset.id for preset in card.presets))
        raise NotFound(
            f"There is no voice {name[:80]!r}; GET /voices lists yours, and the presets of {card.name!r} are: {presets}.",
            field="voice",
        )

    def _plain(self, name: str, caller: Caller, card: EngineCard) -> VoicePreset | VoiceProfile | None:
        for preset in card.presets:
            if preset.id == name:
                return preset
        voice = self.catalog.voices.get(name)
        if voice is not None and caller.sees(voice.owner):
            return voice
        return self._by_name(name, caller)

    def _by_name(self, name: str, caller: Caller) -> VoiceProfile | None:
        wanted = name.casefold()
        seen = [
            each for each in self.catalog.voices.all() if each.name.casefold() == wanted and caller.sees(each.owner)
        ]
        own = [each for each in seen if each.owner == caller.key_id] or seen
        if len(own) > 1:
            raise InvalidInput(
                f"{len(own)} voices are named {name[:80]!r}; send the id of one: {', '.join(each.id for each in own)}.",
                field="voice",
            )
        return own[0] if own else None

    def _language(self, preset: VoicePreset) -> Language:
        """The preset's only one, or the default where it speaks that; never a guess."""
        if (default := self.default_language.match(preset.languages)) is not None:
            return default
        own = {each.language for each in preset.languages}
        if len(own) == 1:
            return preset.languages[0]
        spoken = ", ".join(map(str, preset.languages))
        raise InvalidInput(
            f"The voice {preset.id!r} does not speak {self.default_language}, the default here; name its language, one of: "
            f"{spoken}.", field="source_language",
        )  # fmt: skip
