"""API keys, and who calls.

The text of a key is `vk_<id>_<secret>`: 20 letters and digits that name it, and 32 of 62, 190 bits that nobody can guess.
It is shown once. Kept is a digest of the secret; since that is random, a plain SHA-256 is as good as a slow hash, and
with a pepper, which only the server knows, a stolen list of digests is worth nothing at all.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType

from voicecore.errors import Forbidden, InvalidInput, require
from voicecore.voice import checked_name

KeyId = NewType("KeyId", str)

_ALPHABET = string.ascii_letters + string.digits
SECRET_LENGTH = 32
_ID_PREFIX = "key_"
_TEXT = re.compile(r"vk_([a-z0-9]{20})_([A-Za-z0-9]{32})")
#: What an override of a limit may be; far above anything that is served.
_LARGEST_LIMIT = 10**12


class Scope(StrEnum):
    """What a key may be used for. `admin` implies all others."""

    SPEAK = "speak"
    CLONE = "clone"
    CONVERT = "convert"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLimits:
    """Limits of one key. 0 is no limit; None is the service's default.

    Attributes:
        requests_per_minute: requests of every kind.
        characters_per_day: characters of text that are spoken, in a day of UTC.
        voices: stored voices, with those that are being made.
        streams: live streams at the same time.
    """

    requests_per_minute: int | None = None
    characters_per_day: int | None = None
    voices: int | None = None
    streams: int | None = None

    def __post_init__(self) -> None:
        for name in LIMIT_NAMES:
            value = getattr(self, name)
            require(
                value is None or 0 <= value <= _LARGEST_LIMIT,
                f"{name} is {value}; give 0 (no limit) to {_LARGEST_LIMIT}.",
                field=name,
            )

    def over(self, defaults: KeyLimits) -> KeyLimits:
        """These, and the defaults where nothing is said."""
        mine = {name: getattr(self, name) for name in LIMIT_NAMES}
        return replace(defaults, **{name: value for name, value in mine.items() if value is not None})


LIMIT_NAMES = ("requests_per_minute", "characters_per_day", "voices", "streams")
NO_LIMITS = KeyLimits(requests_per_minute=0, characters_per_day=0, voices=0, streams=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it is kept: all but its secret. It is never removed, so that what it did keeps its name.

    Attributes:
        id: generated, grammar `key_[a-z0-9]{20}`; the owner of what is made with the key.
        digest: of the secret, as `secret_digest` writes it.
        expires_at: from then on the key is refused; None for never.
        previous_digest: of the secret before the last rotation, which is good until `previous_until`.
        revoked_at: since when it is refused for ever.
    """

    id: KeyId
    name: str
    digest: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None = None
    limits: KeyLimits = field(default_factory=KeyLimits)
    rotated_at: datetime | None = None
    previous_digest: str | None = None
    previous_until: datetime | None = None
    revoked_at: datetime | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", checked_name(self.name))
        require(bool(self.scopes), "A key needs a scope: speak, clone, convert or admin.", field="scopes")
        moments = (self.created_at, self.expires_at, self.rotated_at, self.previous_until, self.revoked_at)
        require(all(moment is None or moment.tzinfo is not None for moment in moments), "Times of a key need a zone.")
        require(
            (self.previous_digest is None) == (self.previous_until is None), "A former secret is good until some time."
        )

    def usable(self, now: datetime) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def opens_with(self, secret: str, pepper: str | None, now: datetime) -> bool:
        """Whether this is its secret, or the one before while that is good. Takes the same time for every wrong one."""
        right = digest_matches(self.digest, secret, pepper)
        former = digest_matches(self.previous_digest or UNKNOWN_DIGEST, secret, pepper)
        return right or (former and self.previous_until is not None and now < self.previous_until)

    def rotated(self, digest: str, now: datetime, previous_until: datetime) -> ApiKey:
        """The key with a new secret; the old one is good until then, one older still no longer."""
        return replace(self, digest=digest, rotated_at=now, previous_digest=self.digest, previous_until=previous_until)


def new_secret() -> str:
    """A secret that nobody can guess."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(SECRET_LENGTH))


def key_text(key_id: KeyId, secret: str) -> str:
    """What its owner sends."""
    return f"vk_{key_id.removeprefix(_ID_PREFIX)}_{secret}"


def read_key(text: str) -> tuple[KeyId, str] | None:
    """The id and the secret of a key's text; None if it is none."""
    found = _TEXT.fullmatch(text)
    return None if found is None else (KeyId(_ID_PREFIX + found[1]), found[2])


def holds_key(text: str) -> bool:
    """Whether there is something in it that looks like a key."""
    return _TEXT.search(text) is not None


def secret_digest(secret: str, pepper: str | None) -> str:
    """`sha256:` and hex, or with a pepper `hmac-sha256:` and hex."""
    if pepper is None:
        return "sha256:" + hashlib.sha256(secret.encode()).hexdigest()
    return "hmac-sha256:" + hmac.new(pepper.encode(), secret.encode(), hashlib.sha256).hexdigest()


#: Compared with where there is no key, so that an unknown id takes as long as a wrong secret.
UNKNOWN_DIGEST = secret_digest("", None)


def digest_matches(digest: str, secret: str, pepper: str | None) -> bool:
    """Whether the digest is of this secret, in a time that does not tell where they differ."""
    # A key that was made before there was a pepper goes on; rotating it takes the pepper in.
    peppered = digest.startswith("hmac-")
    if peppered and pepper is None:
        return False
    return hmac.compare_digest(digest, secret_digest(secret, pepper if peppered else None))


def scopes_of(names: Iterable[str]) -> frozenset[Scope]:
    """The scopes of these names. Raises `InvalidInput` with those that there are."""
    found = set()
    for name in names:
        try:
            found.add(Scope(name))
        except ValueError:
            known = ", ".join(Scope)
            raise InvalidInput(f"{name[:40]!r} is no scope; there are: {known}.", field="scopes") from None
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes:
        key_id: of the key that was shown; empty for one who needs none (see `NOBODY`).
        limits: of this caller, resolved.
    """

    key_id: str
    scopes: frozenset[Scope]
    limits: KeyLimits = NO_LIMITS

    def __post_init__(self) -> None:
        require(bool(self.key_id) or Scope.ADMIN in self.scopes, "A caller without a key is trusted with everything.")

    @property
    def admin(self) -> bool:
        """Whether he may do everything, and sees what is others'."""
        return Scope.ADMIN in self.scopes

    def may(self, scope: Scope) -> bool:
        """Whether he has the scope."""
        return self.admin or scope in self.scopes

    def must(self, scope: Scope) -> None:
        """Raise `Forbidden` unless he has the scope."""
        if not self.may(scope):
            raise Forbidden(
                f"This API key has the scopes {', '.join(sorted(self.scopes))}, and this needs {scope.value}: use another key."
            )

    def sees(self, owner: str) -> bool:
        """Whether what belongs to `owner` is there for him: his own, and for an admin everything."""
        return self.admin or owner == self.key_id

    @property
    def shown(self) -> str | None:
        """Whose things a listing shows him, as `JobQuery.owner`: his own, or None for everybody's."""
        return None if self.admin else self.key_id


#: The one behind a library call, a command on this machine's own data, or a service that needs no keys: what it makes is
#: nobody's, and it may do everything.
NOBODY = Caller("", frozenset(Scope))
