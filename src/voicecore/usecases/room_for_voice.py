"""Whether the catalogue has room for a new voice."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from voicecore.access import Caller
from voicecore.errors import Conflict, NameTaken
from voicecore.limits import Limits
from voicecore.ports import Catalog
from voicecore.usecases.limits_of import LimitsOf


def check_room_for_voice(
    catalog: Catalog, limits: Limits, name: str, caller: Caller, limits_of: LimitsOf | None = None
) -> None:
    """Said before the work begins; the catalogue itself refuses a name that is taken meanwhile.

    Raises:
        NameTaken: a voice of this caller's has this name, in whatever case.
        Conflict: there are `max_voices` voices.
        LimitReached: the caller has as many as he may have.
    """
    voices = catalog.voices.all()
    if any(each.owner == caller.key_id and each.name.casefold() == name.casefold() for each in voices):
        raise NameTaken(f"A voice is named {name!r} already; choose another name or delete that voice.", field="name")
    if len(voices) >= limits.max_voices:
        raise Conflict(f"There are {len(voices)} voices, which is the limit; delete one first.")
    if limits_of is not None:
        limits_of(caller).room_for_voice()


def turn_for_voice(caller: Caller, limits_of: LimitsOf | None) -> AbstractContextManager[None]:
    """In it the job that makes the voice is stored. Raises `LimitReached`: the room went to another one meanwhile."""
    return nullcontext() if limits_of is None else limits_of(caller).turn_for_voice()
