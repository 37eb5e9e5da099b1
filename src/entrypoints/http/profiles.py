"""`/quality-profiles`: how an engine is asked to speak. The built-in ones are immutable."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, Router, delete, get, patch, post
from litestar.params import FromPath

from entrypoints.http.documented import accepts, problems
from entrypoints.http.door import ADMIN, ANY_KEY
from entrypoints.http.forms import read_body
from entrypoints.http.schemas import DuplicateBody, ProfileBody, ProfilePatch
from entrypoints.http.threads import blocking
from entrypoints.http.wiring import Wired, refuse_while_draining
from entrypoints.service import Service
from voicecore.errors import NotFound
from voicecore.profiles import BUILT_IN
from voicecore.quality import QualityProfile
from voicecore.usecases.choose_profile import ChooseProfile, all_profiles


class ProfileAnswer(msgspec.Struct, kw_only=True):
    """A quality profile. `engine` is `*` for one that every engine accepts; `default_of` lists the engines whose
    requests get it when they name none.
    """

    id: str
    engine: str
    name: str
    description: str
    parameters: dict[str, float]
    built_in: bool
    default_of: list[str]


class ProfileList(msgspec.Struct, kw_only=True):
    """Quality profiles: built-in ones first."""

    total: int
    profiles: list[ProfileAnswer]


def _defaults(service: Service) -> dict[str, str]:
    """The profile that each engine uses by default, those that users chose and the built-in ones."""
    choose = ChooseProfile(service.catalog)
    return {name: choose(name, None).id for name in service.engines.providers}


def _of_profile(profile: QualityProfile, defaults: dict[str, str]) -> ProfileAnswer:
    return ProfileAnswer(
        id=profile.id, engine=profile.engine, name=profile.name, description=profile.description,
        parameters=dict(profile.parameters), built_in=profile.built_in,
        default_of=[engine for engine, chosen in sorted(defaults.items()) if chosen == profile.id],
    )  # fmt: skip


def _answer(service: Service, profile: QualityProfile) -> ProfileAnswer:
    return _of_profile(profile, _defaults(service))


def _list(service: Service, engine: str | None) -> ProfileList:
    defaults = _defaults(service)
    found = [_of_profile(each, defaults) for each in all_profiles(service.catalog, engine)]
    return ProfileList(total=len(found), profiles=found)


def _known_engine(service: Service, engine: str) -> None:
    """Raises `NotFound`, unless the engine is offered or a built-in profile is made for it."""
    if engine not in service.engines.providers and all(each.engine != engine for each in BUILT_IN):
        known = ", ".join(sorted(service.engines.providers))
        raise NotFound(f"There is no engine {engine[:60]!r}; installed are: {known}.")


@get("/", sync_to_thread=True, responses=problems(503))
def listing(service: Wired) -> ProfileList:
    """All profiles of all engines."""
    return _list(service, None)


@get("/{engine:str}", sync_to_thread=True, responses=problems(404, 503))
def of_engine(service: Wired, engine: FromPath[str]) -> ProfileList:
    """The profiles that may be used with an engine."""
    _known_engine(service, engine)
    return _list(service, engine)


@get("/{engine:str}/{profile_id:str}", sync_to_thread=True, responses=problems(404, 503))
def one(service: Wired, engine: FromPath[str], profile_id: FromPath[str]) -> ProfileAnswer:
    """One profile."""
    return _answer(service, service.edit_profiles.get(engine, profile_id))


@post(
    "/", needs=ADMIN, status_code=201, guards=[refuse_while_draining], operation_class=accepts(ProfileBody, forms=False),
    responses=problems(400, 404, 409, 413, 415, 501, 503),
)  # fmt: skip
async def create(request: Request[Any, Any, Any], service: Wired) -> Response[ProfileAnswer]:
    """Make a profile."""
    body = await read_body(request, ProfileBody, forms=False)
    made = await blocking(
        service.edit_profiles.create, body.engine, body.name, body.description or "", body.parameters or {}
    )
    return await _created(service, made.engine, made)


@patch(
    "/{engine:str}/{profile_id:str}", needs=ADMIN, operation_class=accepts(ProfilePatch, forms=False),
    responses=problems(400, 404, 409, 413, 415, 501, 503),
)  # fmt: skip
async def change(
    request: Request[Any, Any, Any], service: Wired, engine: FromPath[str], profile_id: FromPath[str]
) -> ProfileAnswer:
    """Change a profile of your own; the next job that uses it speaks with it."""
    body = await read_body(request, ProfilePatch, forms=False)
    changed = await blocking(
        service.edit_profiles.change, engine, profile_id, name=body.name, description=body.description,
        parameters=body.parameters,
    )  # fmt: skip
    return await blocking(_answer, service, changed)


@delete(
    "/{engine:str}/{profile_id:str}",
    needs=ADMIN,
    status_code=204,
    sync_to_thread=True,
    responses=problems(404, 409, 503),
)
def remove(service: Wired, engine: FromPath[str], profile_id: FromPath[str]) -> None:
    """Remove a profile of your own; where it was the default, the built-in default is again."""
    service.edit_profiles.delete(engine, profile_id)


@post(
    "/{engine:str}/{profile_id:str}/duplicate", needs=ADMIN, status_code=201, guards=[refuse_while_draining],
    operation_class=accepts(DuplicateBody, forms=False, required=False),
    responses=problems(400, 404, 409, 413, 415, 501, 503),
)  # fmt: skip
async def duplicate(
    request: Request[Any, Any, Any], service: Wired, engine: FromPath[str], profile_id: FromPath[str]
) -> Response[ProfileAnswer]:
    """Copy a profile, a built-in one too, into one of your own."""
    body = await read_body(request, DuplicateBody, forms=False) if await request.body() else DuplicateBody()
    made = await blocking(service.edit_profiles.duplicate, engine, profile_id, body.name)
    return await _created(service, engine, made)


@post(
    "/{engine:str}/{profile_id:str}/set-default", needs=ADMIN, status_code=200, sync_to_thread=True,
    responses=problems(404, 501, 503),
)  # fmt: skip
def set_default(service: Wired, engine: FromPath[str], profile_id: FromPath[str]) -> ProfileAnswer:
    """Use it for requests that name none, from the next job on."""
    return _answer(service, service.edit_profiles.set_default(engine, profile_id))


async def _created(service: Service, engine: str, made: QualityProfile) -> Response[ProfileAnswer]:
    answer = await blocking(_answer, service, made)
    return Response(answer, status_code=201, headers={"Location": f"/quality-profiles/{engine}/{made.id}"})


router = Router(
    "/quality-profiles",
    route_handlers=[listing, of_engine, one, create, change, remove, duplicate, set_default],
    tags=["quality profiles"],
    opt={"needs": ANY_KEY},
)
