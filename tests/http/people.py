"""Callers with keys of a service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import httpx

from voicecore.access import ApiKey, KeyLimits, Scope

from .room import PATIENCE_S, Room

MOST = (Scope.SPEAK, Scope.CLONE, Scope.CONVERT)


@dataclass(slots=True)
class Person:
    """A key, its text, and a client that sends it."""

    key: ApiKey
    text: str
    client: httpx.Client

    @property
    def id(self) -> str:
        return self.key.id


@contextmanager
def person(room: Room, name: str, scopes: Iterable[Scope] = MOST, limits: KeyLimits | None = None) -> Iterator[Person]:
    """Somebody with a new key of the room's service."""
    key, text = room.service.keys.make(name, set(scopes), limits=limits)
    headers = {"X-API-Key": text}
    with httpx.Client(base_url=room.client.base_url, timeout=PATIENCE_S, headers=headers, verify=False) as client:
        yield Person(key, text, client)


@contextmanager
def acting(room: Room, person: Person) -> Iterator[Room]:
    """The room as this person sees it."""
    yield replace(room, client=person.client)


def expire(room: Room, person: Person) -> None:
    """Let the person's key be one that has expired."""
    shelf = room.service.catalog.keys
    key = shelf.get(person.id)
    assert key is not None
    shelf.replace(replace(key, expires_at=room.service.clock.now() - timedelta(seconds=1)))
