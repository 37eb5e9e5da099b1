"""When two names on a shelf are the same name."""

from __future__ import annotations

import unicodedata

from voicecore.access import ApiKey
from voicecore.errors import Conflict, NameTaken, NotFound
from voicecore.ports import Named
from voicecore.voice import VoiceProfile


def name_key(name: str) -> str:
    """The name as it is compared: without case, and in one spelling of its accents.

    Source: Unicode 16, §3.13, definition D145 (canonical caseless matching): NFD, fold, NFD; here NFC at the end.

    >>> name_key("JOSÉ") == name_key("jose\u0301")
    True
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name.strip()).casefold())


def shelf_key(item: Named) -> str:
    """What no two things on a shelf may have in common: the name; of a voice its owner's, of a key while it is not revoked.

    No name holds a line feed, so no two different things make the same text.
    """
    key = name_key(item.name)
    if isinstance(item, VoiceProfile) and item.owner:
        return f"{item.owner}\n{key}"
    if isinstance(item, ApiKey) and item.revoked_at is not None:
        return f"{item.id}\n{key}"
    return key


def check_free(item: Named, *, id_used: bool, name_used: bool) -> None:
    """Raise `NameTaken` if either is in use."""
    if id_used:
        raise NameTaken(f"The id {item.id!r} is in use: choose another one or delete that first.", field="id")
    if name_used:
        raise NameTaken(f"The name {item.name!r} is in use: choose another one or delete that first.", field="name")


def check_room(count: int, room: int | None) -> None:
    """Raise `Conflict` if so many things are on the shelf already."""
    if room is not None and count >= room:
        raise Conflict(f"There are {count} of them, which is the limit; delete one first.")


def missing(item_id: str) -> NotFound:
    """The error for an id that is not on the shelf."""
    return NotFound(f"There is nothing with the id {item_id!r}.")
