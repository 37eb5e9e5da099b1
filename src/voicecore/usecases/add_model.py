"""Take in a stranger's conversion model."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from voicecore import blobkeys
from voicecore.access import NOBODY, Caller, Scope
from voicecore.conversion_model import ConversionModel, ModelId
from voicecore.errors import Conflict, NameTaken, NotInstalled, VoiceCoreError
from voicecore.limits import Limits
from voicecore.ports import NO_AUDIT, Act, AuditLog, BlobStore, Catalog, Clock, Ids, ModelIntake, ModelParts
from voicecore.usecases.converters import CONVERSION_MISSING
from voicecore.usecases.removal import remove_all
from voicecore.voice import checked_description, checked_name

_log = logging.getLogger("voicecore.models")


@dataclass(frozen=True, slots=True)
class AddModel:
    """Check the files, keep what may be kept of them, and list the model last of all: a listed model is whole.

    Attributes:
        intake: None where what reads models is not installed.
    """

    catalog: Catalog
    blobs: BlobStore
    intake: ModelIntake | None
    clock: Clock
    ids: Ids
    limits: Limits
    audit: AuditLog = NO_AUDIT

    def __call__(
        self, name: str, weights: Path, index: Path | None = None, *, description: str = "", caller: Caller = NOBODY
    ) -> ConversionModel:
        """The new model. The files are the caller's to delete.

        Raises:
            Forbidden: without the scope `admin`.
            NameTaken: a model has this name, in whatever case; said before the work begins.
            Conflict: there are too many models, or they take too much room.
            NotInstalled: nothing here reads models.
            InvalidInput: for the name or description, or a limit that the files pass.
            ModelCorrupt: the files are no model.
        """
        caller.must(Scope.ADMIN)
        if self.intake is None:
            raise NotInstalled(CONVERSION_MISSING)
        name = self.check(name, description)
        facts, parts = self.intake.take_in(weights, index)
        size = _size(parts)
        self._check_room(size)
        model = ConversionModel(
            id=ModelId(self.ids.new("rvc")), name=name, description=description, version=facts.version, f0=facts.f0,
            sample_rate_hz=facts.sample_rate_hz, vectors=facts.vectors, digest=facts.digest, size_bytes=size,
            notes=facts.notes, created_at=self.clock.now(),
        )  # fmt: skip
        details: dict[str, str | int] = {"sha256": model.digest, "bytes": model.size_bytes}
        self.audit.record(Act(what="model.add", who=caller.key_id, objects={"model_id": model.id}, details=details))
        self._store(model, parts)
        _log.info("conversion model %s was added: sha256 %s, %d bytes", model.id, model.digest, size)
        return model

    def check(self, name: str, description: str = "") -> str:
        """The name as it will be kept, if a model may be added by it now: to be asked before an upload is read.

        Raises:
            NameTaken, Conflict, InvalidInput: as the whole does.
        """
        name = checked_name(name)
        checked_description(description)
        if any(each.name.casefold() == name.casefold() for each in self.catalog.models.all()):
            raise NameTaken(
                f"A conversion model is named {name!r} already; choose another name or delete that model.", field="name"
            )
        self.check_count()
        return name

    def check_count(self) -> None:
        """Raise `Conflict` if there is no room for one more model, whatever its name and size."""
        count = len(self.catalog.models.all())
        if count >= self.limits.max_rvc_models:
            raise Conflict(_full(count))
        self._check_room(0)

    def _check_room(self, size: int) -> None:
        stored, limit = sum(each.size_bytes for each in self.catalog.models.all()), self.limits.max_rvc_stored_bytes
        if stored + size > limit or (not size and stored >= limit):
            raise self._no_room(stored, size)

    def _no_room(self, stored: int, size: int) -> Conflict:
        return Conflict(
            f"The stored conversion models take {stored} bytes and this one {size}; the limit is "
            f"{self.limits.max_rvc_stored_bytes}: delete one first."
        )

    def _store(self, model: ConversionModel, parts: ModelParts) -> None:
        try:
            self.blobs.put(blobkeys.model_voice(model.id), [parts.voice])
            if parts.index is not None:
                self.blobs.put(blobkeys.model_index(model.id), [parts.index])
        except VoiceCoreError:
            self._remove(model.id)
            raise
        # If the catalogue cannot be reached now, it may have the model all the same: then nothing of it is removed, and
        # what no model owns is found by PurgeExpired.
        try:
            self.catalog.models.add(model, room=self.limits.max_rvc_models)
        except NameTaken:
            self._remove(model.id)
            raise
        except Conflict as error:  # others were added meanwhile
            self._remove(model.id)
            raise Conflict(_full(self.limits.max_rvc_models)) from error
        self._check_room_behind_others(model)

    def _check_room_behind_others(self, model: ConversionModel) -> None:
        """Others may have been added since there was room. Who came first stays: the catalogue has an order."""
        stored = 0
        for each in self.catalog.models.all():
            if each.id == model.id:
                break
            stored += each.size_bytes
        if stored + model.size_bytes > self.limits.max_rvc_stored_bytes:
            self.catalog.models.delete(model.id)
            self._remove(model.id)
            raise self._no_room(stored, model.size_bytes)

    def _remove(self, model_id: str) -> None:
        with suppress(VoiceCoreError):
            remove_all(self.blobs, blobkeys.model_prefix(model_id))


def _full(count: int) -> str:
    return f"There are {count} conversion models, which is the limit; delete one first."


def _size(parts: ModelParts) -> int:
    return len(parts.voice) + len(parts.index or b"")
