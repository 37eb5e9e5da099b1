"""`/rvc-models`: voices that speech can be converted to. A model lives until it is deleted."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from litestar import Request, Response, Router, delete, get, post
from litestar.params import FromPath

from entrypoints.http.documented import FilePart, accepts, problems
from entrypoints.http.door import ADMIN, ANY_KEY
from entrypoints.http.forms import MAX_BODY_BYTES, MULTIPART, from_fields, unsupported
from entrypoints.http.rvc_model_answers import (
    RvcModelAnswer,
    RvcModelDeleted,
    RvcModelList,
    RvcStats,
    of_methods,
    of_model,
    whats_off,
)
from entrypoints.http.schemas import ModelBody
from entrypoints.http.threads import UPLOADS
from entrypoints.http.uploads import Form, UploadLimits, read_multipart
from entrypoints.http.wiring import Calling, Wired, model_id_of, refuse_while_draining
from entrypoints.service import Service
from voicecore.access import Caller
from voicecore.conversion_model import ConversionModel
from voicecore.errors import InvalidInput, ModelCorrupt, NotInstalled
from voicecore.usecases.converters import CONVERSION_MISSING, find_model

_WEIGHTS, _INDEX = FilePart(name="pth_file"), FilePart(name="index_file", required=False)
_FILES = (_WEIGHTS.name, _INDEX.name)
_MB = 1024 * 1024


@post(
    "/", needs=ADMIN, status_code=201, guards=[refuse_while_draining],
    operation_class=accepts(ModelBody, files=[_WEIGHTS, _INDEX]), request_max_body_size=None,
    responses=problems(400, 409, 413, 415, 429, 501, 503),
)  # fmt: skip
async def upload(request: Request[Any, Any, Any], service: Wired, caller: Calling) -> Response[RvcModelAnswer]:
    """Take in a model: a .pth as RVC writes it, and its .index if there is one.

    Both are checked in every shape and nothing in them is run; what is kept is no pickle, and the upload is deleted. Send
    `name` before the files: then a name that is taken is told before they are read.
    """
    media_type = request.content_type[0].lower()
    if media_type != MULTIPART:
        raise unsupported(media_type, (MULTIPART,))
    if service.add_model.intake is None:
        raise NotInstalled(CONVERSION_MISSING)
    max_bytes = service.limits.max_rvc_model_bytes
    limits = UploadLimits(
        admit=_admit, ask=partial(_ask, service), max_file_bytes=max_bytes,
        max_body_bytes=len(_FILES) * max_bytes + MAX_BODY_BYTES,
    )  # fmt: skip
    with Form(named=True) as form:
        await read_multipart(request, form, limits)
        # In a thread and uncancelled to its end, so that nothing reads a file that is gone already.
        model = await UPLOADS.run(_add, service, form, caller)
    return Response(of_model(model), status_code=201, headers={"Location": f"/rvc-models/{model.id}"})


def _admit(name: str, form: Form) -> None:
    if name not in _FILES:
        raise InvalidInput(
            f"{name[:60]!r} is not a field for files; send them as 'pth_file' and 'index_file'.", field=name[:60]
        )
    if any(name == there for there, _ in form.files):
        raise InvalidInput(f"There are two files {name!r}; send one.", field=name)


def _ask(service: Service, form: Form) -> None:
    """Before a file is read: whether there is room for a model, and of this name, if the name came before the file."""
    said = dict(form.fields)
    if said.get("name"):
        service.add_model.check(said["name"], said.get("description", ""))
    else:
        service.add_model.check_count()


def _add(service: Service, form: Form, caller: Caller) -> ConversionModel:
    for name, _ in form.fields:
        if name in _FILES:
            raise InvalidInput(f"The field {name!r} was sent as a text; send a file, with a filename.", field=name)
    body = from_fields(form.fields, ModelBody)
    files = {name: Path(file.name) for name, file in form.files}
    if _WEIGHTS.name not in files:
        raise InvalidInput("The field 'pth_file' is missing; send the model's .pth.", field=_WEIGHTS.name)
    try:
        return service.add_model(
            body.name,
            files[_WEIGHTS.name],
            files.get(_INDEX.name),
            description=body.description or "",
            caller=caller,
        )
    except ModelCorrupt as error:
        # Elsewhere a damaged model is a fault of this service; here it is what the caller sent.
        raise InvalidInput(error.message, field=error.field) from error


@get("/", sync_to_thread=True, responses=problems(503))
def listing(service: Wired) -> RvcModelList:
    """All models, whether they can be used here, and which pitch trackers can."""
    found = [of_model(model) for model in service.catalog.models.all()]
    problem, off = whats_off(service)
    return RvcModelList(
        total=len(found), models=found, installed=problem is None, detail=problem, f0_methods=of_methods(problem, off)
    )


@get("/stats", sync_to_thread=True, responses=problems(503))
def stats(service: Wired) -> RvcStats:
    """How many models there are, and how much room they take."""
    models = service.catalog.models.all()
    problem, _ = whats_off(service)
    return RvcStats(
        total=len(models), max_models=service.limits.max_rvc_models, with_index=sum(each.has_index for each in models),
        storage_mb=round(sum(each.size_bytes for each in models) / _MB, 3), installed=problem is None, detail=problem,
    )  # fmt: skip


@get("/{model_id:str}", sync_to_thread=True, responses=problems(404, 503))
def one(service: Wired, model_id: FromPath[str]) -> RvcModelAnswer:
    """One model."""
    return of_model(find_model(service.catalog, model_id_of(model_id)))


@delete("/{model_id:str}", needs=ADMIN, status_code=200, sync_to_thread=True, responses=problems(404, 409, 503))
def remove(service: Wired, caller: Calling, model_id: FromPath[str]) -> RvcModelDeleted:
    """Remove a model and the cached segments that were converted with it. Not while a job that waits or runs uses it."""
    files = service.delete_model(model_id_of(model_id), caller)
    return RvcModelDeleted(message="The model and its files were deleted.", model_id=model_id, files_deleted=files)


router = Router(
    "/rvc-models", route_handlers=[listing, stats, one, upload, remove], tags=["rvc models"], opt={"needs": ANY_KEY}
)
