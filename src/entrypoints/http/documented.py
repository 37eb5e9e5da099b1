"""What the framework does not say of itself in `/openapi.json`: the bodies that are read by hand, and the problems."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import msgspec
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType

from entrypoints.http.forms import JSON, MULTIPART, URLENCODED
from entrypoints.http.problems import MEDIA_TYPE, Problem
from entrypoints.http.schemas import json_schema

_MEANING = {
    400: "The request is not valid; `field` names what is wrong.",
    404: "There is nothing by this name.",
    408: "The job was not finished within `timeout`.",
    409: "It does not fit the present state.",
    410: "The job existed and has expired.",
    413: "The body or a file is too large.",
    415: "The Content-Type, or the audio format of a file, is not one that is read here.",
    416: "The range lies outside the file.",
    425: "The job is not finished yet.",
    429: "The queue is full; try again after `Retry-After` seconds.",
    501: "This needs a part that is not installed; `detail` names it.",
    503: "The service stops, or its store or disk cannot be used now; try again after `Retry-After` seconds.",
}


@dataclass
class _Written(Schema):
    """A schema that is there already as a document."""

    document: dict[str, Any] = field(default_factory=dict)

    def to_schema(self) -> dict[str, Any]:
        return self.document


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """The problem answers of an operation; every one can answer 400 to a request that is not HTTP as it should be."""
    return {
        status: ResponseSpec(Problem, generate_examples=False, description=_MEANING[status], media_type=MEDIA_TYPE)
        for status in sorted({400, *statuses})
    }


def accepts(
    kind: type[msgspec.Struct], *, forms: bool = True, files: tuple[str, ...] = (), required: bool = True
) -> type[Operation]:
    """An operation with this body: JSON and, if `forms`, both kinds of form; or, with `files`, multipart only."""
    schema = json_schema(kind)
    if files:
        one = {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}
        properties = {
            **schema["properties"],
            **{name: {"type": "array", "items": one, "minItems": 1} for name in files},
        }
        schema = {**schema, "properties": properties, "required": [*schema.get("required", []), files[0]]}
    media_types = (MULTIPART,) if files else (JSON, URLENCODED, MULTIPART) if forms else (JSON,)
    body = RequestBody(
        required=required,
        content={media_type: OpenAPIMediaType(schema=_Written(document=schema)) for media_type in media_types},
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
