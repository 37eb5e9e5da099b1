"""What the framework does not say of itself in `/openapi.json`: the bodies that are read by hand, and the problems."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import (
    OpenAPIMediaType,
    OpenAPIResponse,
    Operation,
    Reference,
    RequestBody,
    Schema,
    SecurityScheme,
)
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType

from entrypoints.http.forms import JSON, MULTIPART, URLENCODED
from entrypoints.http.problems import MEDIA_TYPE, Problem
from entrypoints.http.schemas import json_schema
from voicecore.stream_format import StreamFormat, StreamKind

_MEANING = {
    400: "The request is not valid; `field` names what is wrong.",
    401: "There is no API key, or it is not good (any more).",
    403: "The API key has not the scope that this needs.",
    404: "There is nothing by this name.",
    408: "The job was not finished within `timeout`.",
    409: "It does not fit the present state.",
    410: "The job existed and has expired.",
    413: "The body or a file is too large.",
    415: "The Content-Type, or the audio format of a file, is not one that is read here.",
    416: "The range lies outside the file.",
    425: "The job is not finished yet.",
    429: "A limit of the key is reached, the queue is full, or another such upload is read; try again after `Retry-After` seconds.",
    500: "The job failed, and would again; or the service has a defect, and its log tells more.",
    501: "This needs a part that is not installed; `detail` names it.",
    503: "The service stops, or its store or disk cannot be used now; try again after `Retry-After` seconds.",
}


#: How a key may be sent. The last way is none: for a service that has no keys, from its own machine.
KEY_SCHEMES: dict[str, SecurityScheme | Reference] = {
    "key": SecurityScheme(
        type="apiKey", name="X-API-Key", security_scheme_in="header", description="A key of this service."
    ),
    "bearer": SecurityScheme(type="http", scheme="Bearer", description="The same key."),
}
KEY_SECURITY: list[dict[str, list[str]]] = [{"key": []}, {"bearer": []}, {}]


@dataclass
class _Written(Schema):
    """A schema that is there already as a document."""

    document: dict[str, Any] = field(default_factory=dict)

    def to_schema(self) -> dict[str, Any]:
        return self.document


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """The problem answers of an operation; every one can answer 400 to a request that is not HTTP as it should be, and refuse
    a key.
    """
    return {
        status: ResponseSpec(Problem, generate_examples=False, description=_MEANING[status], media_type=MEDIA_TYPE)
        for status in sorted({400, 401, 403, 429, *statuses})
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePart:
    """A file in a multipart body, by its field name; `many`: the field may be repeated."""

    name: str
    required: bool = True
    many: bool = False

    def schema(self) -> dict[str, Any]:
        """Of its content."""
        one = {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}
        return {"type": "array", "items": one, "minItems": 1} if self.many else one


def accepts(
    kind: type[msgspec.Struct], *, forms: bool = True, files: Sequence[FilePart] = (), required: bool = True
) -> type[Operation]:
    """An operation with this body: JSON and, if `forms`, both kinds of form; or, with `files`, multipart only."""
    media_types = (MULTIPART,) if files else (JSON, URLENCODED, MULTIPART) if forms else (JSON,)
    schema = _with_files(json_schema(kind), files)
    return _accepting(dict.fromkeys(media_types, schema), required=required)


def accepts_either(
    kind: type[msgspec.Struct], other: type[msgspec.Struct], files: Sequence[FilePart]
) -> type[Operation]:
    """An operation with `kind` as its body in JSON and both kinds of form, or with `other` and files in multipart.

    A multipart body is described by the fields of both, and requires what both require: which it is, their common
    fields tell.
    """
    first, second = json_schema(kind), _with_files(json_schema(other), files)
    both = {
        **first,
        "description": f"{first.get('description', '')} Or: {second.get('description', '')}",
        "properties": {**first["properties"], **second["properties"]},
        "required": [name for name in first["required"] if name in second["required"]],
    }
    return _accepting({JSON: first, URLENCODED: first, MULTIPART: both}, required=True)


def _with_files(schema: dict[str, Any], files: Sequence[FilePart]) -> dict[str, Any]:
    if not files:
        return schema
    needed = [each.name for each in files if each.required]
    return {
        **schema,
        "properties": {**schema["properties"], **{each.name: each.schema() for each in files}},
        "required": [*schema.get("required", []), *needed],
    }


def _accepting(schemas: dict[str, dict[str, Any]], *, required: bool) -> type[Operation]:
    body = RequestBody(
        required=required,
        content={media_type: OpenAPIMediaType(schema=_Written(document=each)) for media_type, each in schemas.items()},
    )

    @dataclass
    class Accepting(Operation):
        def __post_init__(self) -> None:
            self.request_body = body

    return Accepting


def gives_audio(*media_types: str) -> type[Operation]:
    """An operation that answers with a file of audio, whole (200), in part (206) or not again (304)."""
    schema = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
    whole = OpenAPIResponse(
        description="The whole file.", content={each: OpenAPIMediaType(schema=schema) for each in media_types}
    )
    part = dataclasses.replace(whole, description="The bytes that `Range` asked for.")
    same = OpenAPIResponse(description="The file has the ETag of `If-None-Match`.")

    @dataclass
    class GivingAudio(Operation):
        def __post_init__(self) -> None:
            self.responses = {**(self.responses or {}), "200": whole, "206": part, "304": same}

    return GivingAudio


def gives_stream(base: type[Operation] = Operation) -> type[Operation]:
    """An operation that answers with sound, or with events, while they are made."""
    schema = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
    kinds = dict.fromkeys(StreamFormat(kind).media_type.split(";")[0] for kind in StreamKind)
    content = {each: OpenAPIMediaType(schema=schema) for each in kinds}
    content["text/event-stream"] = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING))
    answer = OpenAPIResponse(description="The sound, as it is made; its length is not known before.", content=content)

    @dataclass
    class GivingStream(base):  # type: ignore[valid-type, misc]
        def __post_init__(self) -> None:
            if hasattr(super(), "__post_init__"):
                super().__post_init__()
            said: dict[str, OpenAPIResponse] = getattr(self, "responses", None) or {}
            self.responses = {**said, "200": answer}

    return GivingStream


def gives_json(kind: type[msgspec.Struct], media_type: str, base: type[Operation]) -> type[Operation]:
    """An operation that answers with such a document, or with one on each line, which it writes by itself."""
    document = _Written(document=json_schema(kind))
    # Of a document on each line there is no schema that fits the whole.
    schema = document if media_type == JSON else Schema(type=OpenAPIType.STRING)
    answer = OpenAPIResponse(
        description=(kind.__doc__ or "").strip(), content={media_type: OpenAPIMediaType(schema=schema)}
    )

    @dataclass
    class GivingJson(base):  # type: ignore[valid-type, misc]
        def __post_init__(self) -> None:
            if hasattr(super(), "__post_init__"):
                super().__post_init__()
            said: dict[str, OpenAPIResponse] = getattr(self, "responses", None) or {}
            self.responses = {**said, "200": answer}

    return GivingJson


def gives_events() -> type[Operation]:
    """An operation that answers with server-sent events, or with 204 if there are no more."""
    content = {"text/event-stream": OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING))}
    answer = OpenAPIResponse(description="Events, until the job has ended.", content=content)
    nothing = OpenAPIResponse(description="There is nothing after `Last-Event-ID`.")

    @dataclass
    class GivingEvents(Operation):
        def __post_init__(self) -> None:
            self.responses = {**(self.responses or {}), "200": answer, "204": nothing}

    return GivingEvents


def gives_text(*media_types: str) -> type[Operation]:
    """An operation that answers with a text file (200)."""
    content = {each: OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING)) for each in media_types}
    whole = OpenAPIResponse(description="The file.", content=content)

    @dataclass
    class GivingText(Operation):
        def __post_init__(self) -> None:
            self.responses = {**(self.responses or {}), "200": whole}

    return GivingText
