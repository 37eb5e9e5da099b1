"""Conversion models: voices that finished speech can be converted to, uploaded by users."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from voicecore.errors import require
from voicecore.voice import checked_description, checked_name

ModelId = NewType("ModelId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionModel:
    """A voice of RVC as it is kept. It lives until somebody deletes it, and its id never stands for another one.

    Attributes:
        id: generated, grammar `rvc_[a-z0-9]+`; blob keys are derived from it, never from `name`.
        version: of RVC: `v1` or `v2`.
        f0: whether it follows the pitch of what it converts.
        sample_rate_hz: of what it makes.
        vectors: entries of its index; 0 without one.
        digest: sha256 of all of it, in hex; part of every fingerprint of audio made with it.
        size_bytes: of what is stored.
        notes: what its owner should know, one sentence each.
    """

    id: ModelId
    name: str
    description: str = ""
    version: str
    f0: bool
    sample_rate_hz: int
    vectors: int = 0
    digest: str
    size_bytes: int
    notes: tuple[str, ...] = ()
    created_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", checked_name(self.name))
        checked_description(self.description)
        require(self.created_at.tzinfo is not None, "created_at needs a time zone.")
        require(self.vectors >= 0 and self.size_bytes >= 0, f"The model {self.id!r} has a negative size.")

    @property
    def has_index(self) -> bool:
        """Whether it came with an index."""
        return self.vectors > 0
