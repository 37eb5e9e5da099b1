"""The door for strangers' models: what comes out of it can be kept and loaded without a thought about who sent it."""

from __future__ import annotations

import threading
from pathlib import Path

from adapters.converters.rvc import stored
from adapters.converters.rvc.intake.limits import IntakeLimits
from adapters.converters.rvc.intake.sandbox import stored_form
from voicecore.errors import Conflict, QueueFull
from voicecore.ports import ModelFacts, ModelParts


class RvcIntake:
    """`ModelIntake` of RVC: each model is read in a process of its own, one at a time.

    Args:
        limits: of one intake.
        scratch: a folder on a disk with room for a model while it is made; the system's if None.
    """

    def __init__(self, limits: IntakeLimits | None = None, *, scratch: Path | None = None) -> None:
        self._limits = limits or IntakeLimits()
        self._scratch = scratch
        self._turn = threading.Lock()

    def take_in(self, weights: Path, index: Path | None) -> tuple[ModelFacts, ModelParts]:
        """See `ModelIntake`.

        Raises:
            ModelCorrupt: it is no RVC voice, or a damaged one; or the index belongs to another.
            InvalidInput: a limit is passed (`TooLarge` for the size of a file).
            NotInstalled: torch is missing.
            QueueFull: another model is being read, for longer than one may take.
            StorageUnavailable, DiskFull: the files cannot be read, or there is no room.
        """
        if not self._turn.acquire(timeout=self._limits.max_wall_s):
            raise QueueFull("Another model is being read; try again in a moment.")
        try:
            parts = stored_form(weights, index, self._limits, scratch=self._scratch)
        finally:
            self._turn.release()
        return stored.describe(parts), parts


def take_in(weights: Path, index: Path | None, folder: Path, *, limits: IntakeLimits | None = None) -> ModelFacts:
    """Make `folder` with the stored form of a model in it, whole or not at all; the files stay as they are.

    Raises:
        Conflict: the folder exists.
        ModelCorrupt, InvalidInput, NotInstalled, StorageUnavailable, DiskFull: as `RvcIntake.take_in`.
    """
    if folder.exists():
        raise Conflict(f"{folder} exists; delete it first, or choose another name.")
    _, parts = RvcIntake(limits, scratch=folder.parent if folder.parent.is_dir() else None).take_in(weights, index)
    return stored.write(parts, folder)
