"""`/admin/keys`: API keys. A key's text is shown once, when it is made or rotated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, delete, get, post
from litestar.params import FromPath
from msgspec import Meta

from entrypoints.http.documented import accepts, problems
from entrypoints.http.door import ADMIN
from entrypoints.http.forms import read_body
from entrypoints.http.job_answers import utc, utc_or_none
from entrypoints.http.threads import blocking
from entrypoints.http.wiring import Calling, Wired, key_id_of
from voicecore.access import LIMIT_NAMES, ApiKey, KeyLimits, Scope, scopes_of
from voicecore.errors import InvalidInput
from voicecore.usecases.manage_keys import DEFAULT_GRACE, LONGEST_GRACE
from voicecore.voice import NAME_LIMIT

_Limit = Annotated[int, Meta(description="0 is no limit; left out, the service's.", extra_json_schema={"minimum": 0})]


class LimitsBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Limits of one key."""

    requests_per_minute: _Limit | None = None
    characters_per_day: _Limit | None = None
    voices: _Limit | None = None
    streams: _Limit | None = None


class KeyBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A new key."""

    name: Annotated[str, Meta(description="Whose it is.", extra_json_schema={"minLength": 1, "maxLength": NAME_LIMIT})]
    scopes: Annotated[
        list[str],
        Meta(extra_json_schema={"minItems": 1, "items": {"type": "string", "enum": [each.value for each in Scope]}}),
    ]
    expires_at: Annotated[
        str, Meta(description="From then on it is refused; left out: never.", extra_json_schema={"format": "date-time"})
    ] | None = None  # fmt: skip
    limits: LimitsBody | None = None


class RotateBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """How long the old text of the key stays good."""

    grace_s: Annotated[int, Meta(
        description=f"Default {int(DEFAULT_GRACE.total_seconds())}, a day.",
        extra_json_schema={"minimum": 0, "maximum": int(LONGEST_GRACE.total_seconds())},
    )] | None = None  # fmt: skip


class KeyAnswer(msgspec.Struct, kw_only=True):
    """A key without its secret. `limits` are its own; null is the service's default, 0 no limit."""

    id: str
    name: str
    scopes: list[Scope]
    usable: bool
    limits: dict[str, int | None]
    created_at: datetime
    expires_at: datetime | None
    rotated_at: datetime | None
    previous_until: datetime | None
    revoked_at: datetime | None


class KeyMade(KeyAnswer, kw_only=True):
    """`key` is what its owner sends; nobody can be shown it again."""

    key: str


class KeyList(msgspec.Struct, kw_only=True):
    """All keys, revoked ones too, in the order of their making."""

    total: int
    keys: list[KeyAnswer]


def _fields(key: ApiKey, now: datetime) -> dict[str, Any]:
    return {
        "id": key.id, "name": key.name, "scopes": sorted(key.scopes), "usable": key.usable(now),
        "limits": {name: getattr(key.limits, name) for name in LIMIT_NAMES},
        "created_at": utc(key.created_at), "expires_at": utc_or_none(key.expires_at),
        "rotated_at": utc_or_none(key.rotated_at), "previous_until": utc_or_none(key.previous_until),
        "revoked_at": utc_or_none(key.revoked_at),
    }  # fmt: skip


@get("/", sync_to_thread=True, responses=problems(503))
def listing(service: Wired) -> KeyList:
    """All keys."""
    now = service.clock.now()
    found = [KeyAnswer(**_fields(key, now)) for key in service.keys.all()]
    return KeyList(total=len(found), keys=found)


@post(
    "/", status_code=201, operation_class=accepts(KeyBody, forms=False), responses=problems(400, 409, 413, 415, 503)
)  # fmt: skip
async def make(request: Request[Any, Any, Any], service: Wired, caller: Calling) -> Response[KeyMade]:
    """Make a key. From the first one on, everybody needs one."""
    body = await read_body(request, KeyBody, forms=False)
    limits = KeyLimits() if body.limits is None else KeyLimits(**msgspec.structs.asdict(body.limits))
    expires_at = None if body.expires_at is None else _moment(body.expires_at)
    key, text = await blocking(
        service.keys.make, body.name, scopes_of(body.scopes), expires_at=expires_at, limits=limits, caller=caller
    )
    made = KeyMade(**_fields(key, service.clock.now()), key=text)
    return Response(made, status_code=201, headers={"Location": f"/admin/keys/{key.id}"})


@get("/{key_id:str}", sync_to_thread=True, responses=problems(404, 503))
def one(service: Wired, key_id: FromPath[str]) -> KeyAnswer:
    """One key."""
    return KeyAnswer(**_fields(service.keys.get(key_id_of(key_id)), service.clock.now()))


@post(
    "/{key_id:str}/rotate", status_code=200, operation_class=accepts(RotateBody, forms=False, required=False),
    responses=problems(400, 404, 409, 413, 415, 503),
)  # fmt: skip
async def rotate(
    request: Request[Any, Any, Any], service: Wired, caller: Calling, key_id: FromPath[str]
) -> KeyMade:  # fmt: skip
    """Give the key a new text; the old one is good for `grace_s` seconds more. What it made stays its own."""
    body = await read_body(request, RotateBody, forms=False) if await request.body() else RotateBody()
    grace = DEFAULT_GRACE if body.grace_s is None else _seconds(body.grace_s)
    key, text = await blocking(service.keys.rotate, key_id_of(key_id), grace, caller=caller)
    return KeyMade(**_fields(key, service.clock.now()), key=text)


@delete("/{key_id:str}", status_code=200, sync_to_thread=True, responses=problems(404, 503))
def revoke(service: Wired, caller: Calling, key_id: FromPath[str]) -> KeyAnswer:
    """Refuse the key from now on. Its jobs and voices stay, for admins to see."""
    return KeyAnswer(**_fields(service.keys.revoke(key_id_of(key_id), caller=caller), service.clock.now()))


def _moment(text: str) -> datetime:
    refusal = InvalidInput(
        f"{text[:40]!r} is no time; give one such as 2027-01-31T00:00:00Z, with its zone.", field="expires_at"
    )
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise refusal
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise refusal from None


def _seconds(number: int) -> timedelta:
    longest = int(LONGEST_GRACE.total_seconds())
    if not 0 <= number <= longest:
        raise InvalidInput(f"grace_s is {number}; give 0 to {longest}.", field="grace_s")
    return timedelta(seconds=number)


router = Router(
    "/admin/keys", route_handlers=[listing, make, one, rotate, revoke], tags=["admin"], opt={"needs": ADMIN}
)
