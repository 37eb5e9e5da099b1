"""`/rvc-models`: there are none, since voice conversion is no part of this version. Asked politely, it says so."""

from __future__ import annotations

import msgspec
from litestar import Router, delete, get, post
from litestar.params import FromPath

from entrypoints.http.documented import problems
from voicecore.errors import NotFound, NotInstalled
from voicecore.usecases.submit_synthesis import CONVERSION_MISSING


class RvcModelList(msgspec.Struct, kw_only=True):
    """Conversion models; `installed` is whether they could be used, `detail` why not."""

    total: int
    models: list[str]
    installed: bool
    detail: str


class RvcStats(msgspec.Struct, kw_only=True):
    """How many conversion models there are and their megabytes."""

    total: int
    storage_mb: float
    installed: bool
    detail: str


@get("/", sync_to_thread=False, responses=problems())
def listing() -> RvcModelList:
    """The empty list, and why it is empty."""
    return RvcModelList(total=0, models=[], installed=False, detail=CONVERSION_MISSING)


@get("/stats", sync_to_thread=False, responses=problems())
def stats() -> RvcStats:
    """Zeroes, and why."""
    return RvcStats(total=0, storage_mb=0.0, installed=False, detail=CONVERSION_MISSING)


@get("/{model_id:str}", sync_to_thread=False, responses=problems(404))
def one(model_id: FromPath[str]) -> None:
    """404: there is no model."""
    raise _none(model_id)


@post("/", status_code=201, sync_to_thread=False, responses=problems(501))
def upload() -> None:
    """501: nothing here could use a model. The body is not read."""
    raise NotInstalled(CONVERSION_MISSING)


@delete("/{model_id:str}", status_code=204, sync_to_thread=False, responses=problems(404))
def remove(model_id: FromPath[str]) -> None:
    """404: there is no model."""
    raise _none(model_id)


def _none(model_id: str) -> NotFound:
    return NotFound(f"There is no conversion model {model_id[:80]!r}. {CONVERSION_MISSING}")


router = Router("/rvc-models", route_handlers=[listing, stats, one, upload, remove], tags=["rvc models"])
