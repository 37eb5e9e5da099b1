"""API keys as stored records. See `records`, whose rules hold here, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from voicecore.access import LIMIT_NAMES, ApiKey, KeyId, KeyLimits, Scope
from voicecore.record_envelope import dump, load, plain
from voicecore.record_fields import as_moment, as_text, as_texts, as_whole, fields_of, maybe, maybe_write, moment_text

KEY_VERSION = 1

_LIMITS = dict.fromkeys(LIMIT_NAMES, maybe(as_whole))
_MOMENTS = ("expires_at", "rotated_at", "previous_until", "revoked_at")
_KEY: dict[str, Callable[[Any], Any]] = {
    "id": lambda value: KeyId(as_text(value)), "name": as_text, "digest": as_text,
    "scopes": lambda names: frozenset(Scope(name) for name in as_texts(names)),
    "limits": lambda document: KeyLimits(**fields_of(document, _LIMITS)),
    "created_at": as_moment, "previous_digest": maybe(as_text),
    **dict.fromkeys(_MOMENTS, maybe(as_moment)),
}  # fmt: skip


def dump_key(key: ApiKey) -> str:
    """The key as a record: JSON, ASCII, one line; it holds no secret."""
    moments = {name: maybe_write(moment_text, getattr(key, name)) for name in _MOMENTS}
    nested = {
        "scopes": sorted(scope.value for scope in key.scopes),
        "limits": plain(key.limits, _LIMITS),
        "created_at": moment_text(key.created_at),
    }
    return dump("key", KEY_VERSION, plain(key, _KEY) | nested | moments)


def load_key(record: str | bytes) -> ApiKey:
    """The inverse of `dump_key`. Raises `StorageUnavailable` for a record that this program does not know."""
    return load("key", (), record, lambda document: ApiKey(**fields_of(document, _KEY)))
