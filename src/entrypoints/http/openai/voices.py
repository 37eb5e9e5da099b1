"""`GET /v1/audio/voices`: all that can be named as the voice of a speech.

OpenAI has no such listing; clients of its dialect read one of several shapes, and this one holds what they look for.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from litestar import get
from litestar.params import QueryParameter

from entrypoints.http.engines import available
from entrypoints.http.openai.dialect import faults
from entrypoints.http.openai.names import choose_voice, voice_names
from entrypoints.http.wiring import Calling, Wired
from entrypoints.service import Service
from voicecore.access import Caller
from voicecore.errors import ConsentRevoked, VoiceCoreError
from voicecore.usecases.consents import check_consents
from voicecore.voice import VoiceProfile


class VoiceEntry(msgspec.Struct, kw_only=True):
    """A voice. `kind`: a preset, an enrolled voice, or an alias, OpenAI's name for one of these (`stands_for`)."""

    id: str
    name: str
    object: str = "audio.voice"
    type: str = "audio_sample"
    created_at: int | None = None
    kind: Literal["preset", "enrolled", "alias"]
    languages: list[str] = []
    engines: list[str] = []
    description: str = ""
    stands_for: str | None = None


class Voices(msgspec.Struct, kw_only=True):
    """All voices, twice: clients differ in where they look."""

    object: str = "list"
    voices: list[VoiceEntry]
    data: list[VoiceEntry]


class VoiceNames(msgspec.Struct, kw_only=True):
    """What `legacy=true` gives: nothing but ids."""

    voices: list[str]


@get("/audio/voices", sync_to_thread=True, responses=faults(503))
def voices(
    service: Wired, caller: Calling,
    legacy: Annotated[bool, QueryParameter(description="Nothing but a list of ids, as older servers answer.")] = False,
) -> Voices | VoiceNames:  # fmt: skip
    """Your enrolled voices, the presets, and OpenAI's names for them. Any of them may be joined to a conversion model by `+`."""
    found = [*_presets(service), *_enrolled(service, caller), *_aliases(service, caller)]
    return VoiceNames(voices=[each.id for each in found]) if legacy else Voices(voices=found, data=found)


def _presets(service: Service) -> list[VoiceEntry]:
    found: dict[str, VoiceEntry] = {}
    for card in available(service):
        for preset in card.presets:
            entry = found.setdefault(
                preset.id, VoiceEntry(id=preset.id, name=preset.name, kind="preset", description=preset.description)
            )
            entry.engines = [*entry.engines, card.name]
            entry.languages = list(dict.fromkeys((*entry.languages, *(each.tag for each in preset.languages))))
    return list(found.values())


def _enrolled(service: Service, caller: Caller) -> list[VoiceEntry]:
    return [
        of_enrolled(voice)
        for voice in service.catalog.voices.all()
        if caller.sees(voice.owner) and _may_speak(service, voice)
    ]


def _may_speak(service: Service, voice: VoiceProfile) -> bool:
    try:
        check_consents(service.catalog, voice)
    except ConsentRevoked:
        return False
    return True


def of_enrolled(voice: VoiceProfile) -> VoiceEntry:
    """An enrolled voice's entry."""
    return VoiceEntry(
        id=voice.id, name=voice.name, kind="enrolled", created_at=int(voice.created_at.timestamp()),
        languages=[voice.language.tag], engines=[voice.engine], description=voice.description,
    )  # fmt: skip


def _aliases(service: Service, caller: Caller) -> list[VoiceEntry]:
    """Those that mean a voice which is there."""
    choose, found = choose_voice(service), []
    for name, meaning in voice_names(service.settings).items():
        try:
            choose(meaning, caller)
        except VoiceCoreError:
            continue  # of an engine that is not the default, or of a voice that was deleted
        found.append(VoiceEntry(id=name, name=name, kind="alias", stands_for=meaning))
    return found


HANDLERS = (voices,)
