"""The voices that Wyoming's clients are offered, and what a name means that one of them sends.

Home Assistant sends the name of a voice and nothing of the language, so a preset is offered once for each language it speaks,
as `pt-BR/female_warm`; voices of another engine than the service's default have its name before that, `xtts/en/…`.
"""

from __future__ import annotations

from collections.abc import Iterator

from wyoming.info import Attribution, Info, TtsProgram, TtsVoice

from entrypoints.service import Service
from entrypoints.wyoming.messages import VoiceSaid
from voicecore import __version__
from voicecore.access import Caller
from voicecore.engine import EngineCard
from voicecore.errors import ConsentRevoked, InvalidInput, NotInstalled, UnsupportedLanguage
from voicecore.language import Language
from voicecore.usecases.choose_voice import ChooseVoice, ChosenVoice
from voicecore.usecases.consents import check_consents
from voicecore.voice import DEFAULT_PRESET, VoiceProfile

#: Who made the models, and where they are from.
_MAKERS = {
    "kokoro": Attribution("hexgrad: Kokoro-82M", "https://huggingface.co/hexgrad/Kokoro-82M"),
    "xtts": Attribution("Coqui: XTTS v2", "https://huggingface.co/coqui/XTTS-v2"),
}


def info(service: Service, caller: Caller) -> Info:
    """A program for each engine, the default first, with its presets by language and the caller's voices. Takes a while."""
    default = service.engines.default
    troubles = service.engines.problems()
    programs = []
    for name in sorted(troubles, key=lambda each: (each != default, each)):
        try:
            card = service.engines.card(name)
        except NotInstalled:
            continue
        programs.append(_program(service, card, caller, installed=not troubles[name]))
    return Info(tts=programs)


def _program(service: Service, card: EngineCard, caller: Caller, *, installed: bool) -> TtsProgram:
    maker = _MAKERS.get(card.name, Attribution(card.title, ""))
    voices = [
        TtsVoice(name=name, description=described, languages=[tag], attribution=maker, version=card.version,
                 installed=installed, speakers=None)
        for name, described, tag in _presets(card, "" if card.name == service.engines.default else f"{card.name}/")
    ]  # fmt: skip
    voices += [
        TtsVoice(name=voice.id, description=f"{voice.name} ({voice.language})", languages=[str(voice.language)],
                 attribution=Attribution(f"{voice.method}, in this service", ""), version=card.version,
                 installed=installed, speakers=None)
        for voice in _enrolled(service, card, caller)
    ]  # fmt: skip
    return TtsProgram(
        name=card.name, description=card.description, attribution=maker, version=f"{card.version} ({__version__})",
        installed=installed, voices=voices, supports_synthesize_streaming=True,
    )  # fmt: skip


def _presets(card: EngineCard, before: str) -> Iterator[tuple[str, str, str]]:
    """Name, description and tag, language by language."""
    for language in card.languages:
        for preset in card.presets:
            if language in preset.languages:
                yield f"{before}{language}/{preset.id}", f"{preset.name} ({language})", str(language)


def _enrolled(service: Service, card: EngineCard, caller: Caller) -> Iterator[VoiceProfile]:
    for voice in service.catalog.voices.all():
        if voice.engine != card.name or not caller.sees(voice.owner):
            continue
        try:
            check_consents(service.catalog, voice)
        except ConsentRevoked:
            continue
        yield voice


def chosen(service: Service, caller: Caller, said: VoiceSaid | None, program: str | None) -> ChosenVoice:
    """The voice that is meant. Looks into the catalogue, so it runs in a thread.

    Args:
        program: the engine that was selected, or None for the voice's own.

    Raises:
        InvalidInput: and its kinds, for what cannot be meant.
        NotFound: there is no such voice; another's is unknown.
        NotInstalled: its engine cannot speak here.
    """
    said = said or VoiceSaid()
    if said.speaker:
        raise InvalidInput(f"Voices here have no speakers, and {said.speaker[:40]!r} is none: name the voice alone.")
    language = None if said.language is None else Language.parse(said.language)
    default = Language.parse(service.settings.default_language)
    if said.name is None:
        return _any(service.engines.card(program or service.engines.default), language or default)
    engine, placed, name = _taken_apart(service, said.name)
    if program is not None and engine not in (None, program):
        raise InvalidInput(f"The program {program!r} was selected, and {said.name[:80]!r} is a voice of another.")
    choose = ChooseVoice(service.catalog, service.engines, default)
    return choose(name, caller, engine=engine or program, language=placed or language)


def _any(card: EngineCard, language: Language) -> ChosenVoice:
    """A preset that speaks the language."""
    spoken = card.spoken(language)
    presets = [preset.id for preset in card.presets if spoken in preset.languages]
    if not presets:
        raise InvalidInput(f"No preset of {card.name!r} speaks {language}; name a voice.")
    preset = DEFAULT_PRESET if DEFAULT_PRESET in presets else presets[0]
    return ChosenVoice(preset=preset, engine=card.name, language=language)


def _taken_apart(service: Service, name: str) -> tuple[str | None, Language | None, str]:
    """Engine, language and the voice's own name, of which the first two may be missing."""
    engine = language = None
    first, slash, rest = name.partition("/")
    if slash and first in service.engines.providers:
        engine, name = first, rest
        first, slash, rest = name.partition("/")
    if slash and (language := _spoken(service.engines.card(engine or service.engines.default), first)) is not None:
        name = rest
    return engine, language, name


def _spoken(card: EngineCard, tag: str) -> Language | None:
    """The language of this tag, if it is one and the engine speaks it. (Anybody may call a voice `Ana/2`.)"""
    try:
        return card.spoken(Language.parse(tag))
    except UnsupportedLanguage:
        return None
