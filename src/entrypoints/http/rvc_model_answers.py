"""Conversion models as clients see them, and what of conversion works here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from entrypoints.http.job_answers import utc
from entrypoints.service import Service
from voicecore.conversion import F0Method
from voicecore.conversion_model import ConversionModel
from voicecore.errors import NotInstalled


class RvcModelAnswer(msgspec.Struct, kw_only=True):
    """A model. `version` is RVC's, `f0` whether it follows the pitch of what it converts, `sample_rate_hz` that of its sound;
    `file_size` is what is stored, not what was uploaded; `sha256` of all of it.
    """

    id: str
    model_id: str
    name: str
    description: str
    version: str
    f0: bool
    sample_rate_hz: int
    has_index: bool
    index_vectors: int
    file_size: int
    sha256: str
    notes: list[str]
    created_at: datetime


class F0MethodAnswer(msgspec.Struct, kw_only=True):
    """A pitch tracker; `detail` says why it is off here and how to turn it on."""

    id: str
    available: bool
    detail: str | None


class RvcModelList(msgspec.Struct, kw_only=True):
    """All models, in the order of their coming. `installed` is whether they can be used here; `detail` why not, and what
    to do.
    """

    total: int
    models: list[RvcModelAnswer]
    installed: bool
    detail: str | None
    f0_methods: list[F0MethodAnswer]


class RvcStats(msgspec.Struct, kw_only=True):
    """How many models there are and may be, how many have an index, and the megabytes (of 1024 x 1024 bytes) they take."""

    total: int
    max_models: int
    with_index: int
    storage_mb: float
    installed: bool
    detail: str | None


class RvcModelDeleted(msgspec.Struct, kw_only=True):
    """What a deletion did."""

    message: str
    model_id: str
    files_deleted: int


def of_model(model: ConversionModel) -> RvcModelAnswer:
    """The model's answer."""
    return RvcModelAnswer(
        id=model.id, model_id=model.id, name=model.name, description=model.description, version=model.version,
        f0=model.f0, sample_rate_hz=model.sample_rate_hz, has_index=model.has_index, index_vectors=model.vectors,
        file_size=model.size_bytes, sha256=model.digest, notes=list(model.notes), created_at=utc(model.created_at),
    )  # fmt: skip


def whats_off(service: Service) -> tuple[str | None, Mapping[F0Method, str]]:
    """What keeps conversion from working here, or None; and the pitch trackers that are off, each with the way to mend it."""
    # Where weights lie on this machine is none of a client's business.
    folder = f"{service.settings.data_dir}/"
    problems = service.converters.problems()
    try:
        off = service.converters.methods_off()
    except NotInstalled as error:
        return (" ".join(problems) or error.message).replace(folder, ""), {}
    problem = " ".join(problems).replace(folder, "") or None
    return problem, {method: reason.replace(folder, "") for method, reason in off.items()}


def of_methods(problem: str | None, off: Mapping[F0Method, str]) -> list[F0MethodAnswer]:
    """All pitch trackers; where nothing converts, none can be used."""
    found = {method: problem if problem is not None else off.get(method) for method in F0Method}
    return [
        F0MethodAnswer(id=method.value, available=detail is None, detail=detail) for method, detail in found.items()
    ]
