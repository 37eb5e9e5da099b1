"""What is kept: blobs, voices, profiles, conversion models, consents, API keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol, TypeVar

from voicecore.access import ApiKey
from voicecore.consent import Consent
from voicecore.conversion_model import ConversionModel
from voicecore.quality import QualityProfile
from voicecore.voice import VoiceProfile


@dataclass(frozen=True, slots=True)
class BlobStat:
    """A stored blob: its key, bytes, sha256 in hex, and when it was put. In a listing the sha256 may be empty: not known."""

    key: str
    size: int
    sha256: str
    modified_at: datetime


class BlobStore(Protocol):
    """Bytes by key: whole or absent. A key is `part/part/…` of 1..6 parts `[a-z0-9_.-]{1,80}` that do not begin with a dot."""

    def put(self, key: str, data: Iterable[bytes]) -> BlobStat:
        """Store the chunks under `key`, replacing what was there; if it fails, what was there stays and nothing else is left.

        Raises `DiskFull`, or `InvalidInput` for a bad key.
        """

    def open(self, key: str, *, start: int = 0, end: int | None = None) -> BinaryIO:
        """A reader of bytes start..end (end not included). Raises `NotFound`; `BlobCorrupt` if size or digest do not
        fit (the digest is checked on whole reads).
        """

    def stat(self, key: str) -> BlobStat | None:
        """What is stored, or None."""

    def delete(self, key: str) -> bool:
        """Remove one blob; False if it was not there."""

    def list(self, prefix: str = "") -> Iterator[BlobStat]:
        """All blobs whose key begins with `prefix`, in key order."""


class Named(Protocol):
    """What a shelf holds: something with an id and a name."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...


Item = TypeVar("Item", bound=Named)


class Shelf(Protocol[Item]):
    """A small durable collection of one kind of thing."""

    def add(self, item: Item, *, room: int | None = None) -> None:
        """Raises `NameTaken` if the id or the name (compared without case) is in use, and `Conflict` if `room` things are there
        already; looking and adding are one step.

        A voice's name need only differ from those of its owner's other voices, a key's from those of keys that are not revoked.
        """

    def get(self, item_id: str) -> Item | None:
        """The item, or None."""

    def all(self) -> Sequence[Item]:
        """Every item, in the order of adding."""

    def replace(self, item: Item) -> None:
        """Raises `NotFound`, or `NameTaken` as `add` does."""

    def delete(self, item_id: str) -> bool:
        """False if it was not there."""


class Catalog(Protocol):
    """What users made and keep: voices, consents, quality profiles, conversion models, API keys, and the default profile of each
    engine.
    """

    @property
    def voices(self) -> Shelf[VoiceProfile]: ...
    @property
    def profiles(self) -> Shelf[QualityProfile]:
        """Users' profiles; the built-in ones are in `voicecore.profiles`."""

    @property
    def models(self) -> Shelf[ConversionModel]: ...
    @property
    def keys(self) -> Shelf[ApiKey]:
        """API keys, revoked ones too; none of them holds a secret."""

    @property
    def consents(self) -> Shelf[Consent]: ...

    def default_profile(self, engine: str) -> str | None:
        """Id set by `set_default_profile`, or None."""

    def set_default_profile(self, engine: str, profile_id: str | None) -> None:
        """Choose the profile of requests that name none; takes effect with the next job."""

    def close(self) -> None:
        """Give back files and threads. Idempotent."""
