"""Make, list, rotate and revoke API keys."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from voicecore.access import (
    NOBODY,
    ApiKey,
    Caller,
    KeyId,
    KeyLimits,
    Scope,
    key_text,
    new_secret,
    secret_digest,
)
from voicecore.errors import Conflict, NameTaken, NotFound, require
from voicecore.ports import NO_AUDIT, Act, AuditLog, Clock, Ids, Shelf
from voicecore.usecases.authenticate import Authenticate
from voicecore.voice import checked_name

DEFAULT_GRACE = timedelta(hours=24)
LONGEST_GRACE = timedelta(days=30)
#: Keys altogether, revoked ones too.
MAX_KEYS = 10_000


@dataclass(frozen=True, slots=True)
class ManageKeys:
    """Every change of a key passes here, and is written to the audit log before it is done."""

    authenticate: Authenticate
    clock: Clock
    ids: Ids
    audit: AuditLog = NO_AUDIT

    @property
    def _shelf(self) -> Shelf[ApiKey]:
        return self.authenticate.catalog.keys

    def make(
        self, name: str, scopes: Collection[Scope], *, expires_at: datetime | None = None,
        limits: KeyLimits | None = None, caller: Caller = NOBODY,
    ) -> tuple[ApiKey, str]:  # fmt: skip
        """The new key and its text, which nobody can be shown again.

        Raises:
            Forbidden: without the scope `admin`.
            InvalidInput: for the name, no scopes, or an end that is over.
            NameTaken: a key that is not revoked has this name.
        """
        caller.must(Scope.ADMIN)
        now = self.clock.now()
        require(expires_at is None or expires_at > now, "The key would have expired already.", field="expires_at")
        secret = new_secret()
        key = ApiKey(
            id=KeyId(self.ids.new("key")), name=checked_name(name), scopes=frozenset(scopes), created_at=now,
            digest=secret_digest(secret, self.authenticate.pepper), expires_at=expires_at,
            limits=KeyLimits() if limits is None else limits,
        )  # fmt: skip
        others = self._shelf.all()
        if len(others) >= MAX_KEYS:
            raise Conflict(f"There are {MAX_KEYS} keys, which is the limit.")
        # Said before it is written to the log that a key was made; the shelf itself refuses one that came in between.
        if any(each.revoked_at is None and each.name.casefold() == key.name.casefold() for each in others):
            raise NameTaken(
                f"A key is named {key.name!r} already; choose another name or revoke that one.", field="name"
            )
        self._record("key.make", key, caller, scopes=" ".join(sorted(key.scopes)))
        self._shelf.add(key)
        self.authenticate.made_one()
        return key, key_text(key.id, secret)

    def all(self) -> tuple[ApiKey, ...]:
        """Every key, revoked ones too, in the order of their making."""
        return tuple(self._shelf.all())

    def get(self, key_id: str) -> ApiKey:
        """One key. Raises `NotFound`."""
        key = self._shelf.get(key_id)
        if key is None:
            raise NotFound(f"There is no key {key_id[:80]!r}; GET /admin/keys lists them.")
        return key

    def rotate(self, key_id: str, grace: timedelta = DEFAULT_GRACE, *, caller: Caller = NOBODY) -> tuple[ApiKey, str]:
        """The key with a new secret, and its new text. The old text is good for the `grace`, 0 to 30 days.

        Raises:
            Forbidden: without the scope `admin`.
            NotFound: there is no such key.
            Conflict: it was revoked.
        """
        caller.must(Scope.ADMIN)
        require(
            timedelta() <= grace <= LONGEST_GRACE, f"The grace is {grace}; give 0 to {LONGEST_GRACE}.", field="grace_s"
        )
        key = self.get(key_id)
        if key.revoked_at is not None:
            raise Conflict(f"The key {key.id} was revoked and stays so; make another.")
        secret, now = new_secret(), self.clock.now()
        rotated = key.rotated(secret_digest(secret, self.authenticate.pepper), now, now + grace)
        self._record("key.rotate", key, caller, grace_s=int(grace.total_seconds()))
        self._shelf.replace(rotated)
        return rotated, key_text(key.id, secret)

    def revoke(self, key_id: str, *, caller: Caller = NOBODY) -> ApiKey:
        """The key, refused from now on; what it made stays its own, for admins to see. One that was revoked stays as it is.

        Raises:
            Forbidden: without the scope `admin`.
            NotFound: there is no such key.
        """
        caller.must(Scope.ADMIN)
        key = self.get(key_id)
        if key.revoked_at is not None:
            return key
        self._record("key.revoke", key, caller)
        revoked = replace(key, revoked_at=self.clock.now())
        self._shelf.replace(revoked)
        return revoked

    def _record(self, what: str, key: ApiKey, caller: Caller, **details: str | int) -> None:
        self.audit.record(Act(what=what, who=caller.key_id, objects={"key_id": key.id}, details=details))
