"""Who is behind a key."""

from __future__ import annotations

from dataclasses import dataclass, field

from voicecore.access import UNKNOWN_DIGEST, ApiKey, Caller, KeyId, KeyLimits, digest_matches, read_key
from voicecore.errors import Unauthorized
from voicecore.ports import Catalog, Clock

#: How long it may take until this process sees the first key that another one made.
_LOOK_EVERY_S = 2.0


@dataclass(slots=True)
class Authenticate:
    """Reads a key's text, finds the key, compares the secret, and looks whether it is still good.

    Attributes:
        pepper: what the digests of secrets are made with, beside the secret; None for plain ones.
        defaults: limits of keys that have none of their own.
    """

    catalog: Catalog
    clock: Clock
    pepper: str | None = None
    defaults: KeyLimits = field(default_factory=KeyLimits)
    _configured: bool = field(default=False, init=False)
    _looked_s: float | None = field(default=None, init=False)

    def __call__(self, text: str) -> Caller:
        """The caller who sent this. Raises `Unauthorized`: what is wrong with a key is only told to who has its secret."""
        found = read_key(text)
        key_id, secret = (KeyId(""), "") if found is None else found
        key = None if found is None else self.catalog.keys.get(key_id)
        if key is None:
            # As long as for a wrong secret, so that nobody learns which ids there are.
            digest_matches(UNKNOWN_DIGEST, secret, self.pepper)
            raise Unauthorized("This API key is not one of this service's: see that all of it was sent.")
        now = self.clock.now()
        if not key.opens_with(secret, self.pepper, now):
            raise Unauthorized("This API key is not one of this service's: see that all of it was sent.")
        if not key.usable(now):
            raise Unauthorized(_why_not(key))
        return Caller(key.id, key.scopes, key.limits.over(self.defaults))

    def still(self, caller: Caller) -> None:
        """Whether who was let in before may stay. Raises `Unauthorized` once his key is revoked or has expired.

        A key that got another secret is still his: what he opened with the old one goes on.
        """
        if not caller.key_id:
            return
        key = self.catalog.keys.get(caller.key_id)
        if key is None or not key.usable(self.clock.now()):
            raise Unauthorized(_why_not(key) if key is not None else "The API key of this connection is there no more.")

    @property
    def configured(self) -> bool:
        """Whether there are keys, so that everybody needs one. Revoked and expired ones count: nothing opens by itself.

        Keys are never removed, so a yes is remembered, and a no for two seconds.
        """
        if not self._configured and not self._fresh():
            self._configured = bool(self.catalog.keys.all())
            self._looked_s = self.clock.monotonic()
        return self._configured

    @property
    def known(self) -> bool:
        """Whether `configured` can be told without asking the store."""
        return self._configured or self._fresh()

    def made_one(self) -> None:
        """A key was made in this process."""
        self._configured = True

    def _fresh(self) -> bool:
        return self._looked_s is not None and self.clock.monotonic() - self._looked_s < _LOOK_EVERY_S


def _why_not(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return f"The API key {key.id} was revoked: ask whoever runs this service for another."
    return f"The API key {key.id} has expired: ask whoever runs this service for another."
