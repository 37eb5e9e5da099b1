"""Bodies of fields: JSON, urlencoded or multipart, all read into the same Struct with the same strictness."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from litestar import Request
from litestar.exceptions import HTTPException

from entrypoints.http.explained import explained
from entrypoints.http.uploads import Form, UploadLimits, body_of, read_multipart
from voicecore.errors import InvalidInput, TooLarge

Body = TypeVar("Body", bound=msgspec.Struct)

JSON = "application/json"
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
#: Bytes of a body without files. 10 000 characters, each escaped as `\\uXXXX\\uXXXX` or `%XX` four times, are 120 000.
MAX_BODY_BYTES = 512 * 1024
_MAX_FIELDS = 100


def refuse_file(name: str, _: Form) -> None:
    """No file is wanted. Raises `InvalidInput`."""
    raise InvalidInput(f"The field {name[:60]!r} holds a file, and none is read here; leave it out.", field=name[:60])


async def read_body(
    request: Request[Any, Any, Any], kind: type[Body], *, forms: bool = True,
    refused: Callable[[object], None] = lambda _: None,
) -> Body:  # fmt: skip
    """The body as a `kind`.

    Args:
        refused: is told the `mode` of a JSON or urlencoded body that is no `kind`, and may raise what says it better.

    Raises:
        InvalidInput: naming the field that is unknown, missing or of the wrong type, or that the JSON is malformed.
        TooLarge: beyond `MAX_BODY_BYTES`.
        HTTPException: 415 for a media type that is not read here.
    """
    media_type = request.content_type[0].lower()
    if media_type == JSON or (media_type.startswith("application/") and media_type.endswith("+json")):
        data = await _whole(request)
        try:
            return decode_json(data, kind)
        except InvalidInput:
            refused(_mode_of(data))
            raise
    if forms and media_type == URLENCODED:
        fields = _urlencoded(await _whole(request))
        try:
            return from_fields(fields, kind)
        except InvalidInput:
            refused(dict(fields).get("mode"))
            raise
    if forms and media_type == MULTIPART:
        with Form() as form:
            await read_multipart(request, form, UploadLimits(admit=refuse_file, max_body_bytes=MAX_BODY_BYTES))
            return from_fields(form.fields, kind)
    raise unsupported(media_type, (JSON, URLENCODED, MULTIPART) if forms else (JSON,))


class _Mode(msgspec.Struct):
    mode: object = None


async def read_one_file(
    request: Request[Any, Any, Any], form: Form, field: str, *, max_file_bytes: int, of: str = "recordings"
) -> None:
    """Read a multipart body with one file at most, in this field, into `form`. Whether there is one is the caller's to say.

    Args:
        of: what the files are, in the plural, for whoever sends two.

    Raises:
        InvalidInput: for a file in another field, or a second one.
        TooLarge: beyond `max_file_bytes`, or `MAX_BODY_BYTES` for the fields.
        HTTPException: 415 for another media type.
    """

    def admit(name: str, form: Form) -> None:
        if name != field:
            raise InvalidInput(f"{name[:60]!r} is not a field for files; send it as {field!r}.", field=name[:60])
        if form.files:
            raise InvalidInput(f"There are two {of}; send one.", field=name)

    media_type = request.content_type[0].lower()
    if media_type != MULTIPART:
        raise unsupported(media_type, (MULTIPART,))
    limits = UploadLimits(admit=admit, max_file_bytes=max_file_bytes, max_body_bytes=max_file_bytes + MAX_BODY_BYTES)
    await read_multipart(request, form, limits)


def refuse_text(form: Form, field: str) -> None:
    """A file is wanted there. Raises `InvalidInput`."""
    if any(name == field for name, _ in form.fields):
        raise InvalidInput(f"The field {field!r} was sent as a text; send a file, with a filename.", field=field)


def _mode_of(data: bytes) -> object:
    try:
        return msgspec.json.decode(data, type=_Mode).mode
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


async def _whole(request: Request[Any, Any, Any]) -> bytes:
    data = bytearray()
    async for chunk in body_of(request):
        data += chunk
        if len(data) > MAX_BODY_BYTES:
            raise TooLarge(f"The body is larger than {MAX_BODY_BYTES} bytes; send less at once.")
    return bytes(data)


def unsupported(media_type: str, accepted: Iterable[str]) -> HTTPException:
    """415, with what is read here."""
    return HTTPException(
        status_code=415, detail=f"The Content-Type is {media_type[:80]!r}; send one of: {', '.join(accepted)}."
    )


def decode_json(data: bytes, kind: type[Body]) -> Body:
    """JSON, strictly: `"1"` is not a number, NaN does not exist. Raises `InvalidInput`."""
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise explained(error, kind) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(f"The body is not JSON that can be read: {str(error)[:120]}.") from None


def from_fields(fields: Iterable[tuple[str, str]], kind: type[Body]) -> Body:
    """Form fields: `true`, `1` and `0.5` are read as what the field is; an empty optional field is one not sent.

    Raises:
        InvalidInput: as for JSON, and for a field that is sent twice.
    """
    required = {each.name for each in msgspec.structs.fields(kind) if each.required}
    values: dict[str, str] = {}
    for name, value in fields:
        if name in values:
            raise InvalidInput(f"The field {name[:60]!r} is sent more than once.", field=name[:60])
        if value or name in required or name not in kind.__struct_fields__:
            values[name] = value
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise explained(error, kind, values) from None


def _urlencoded(data: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            data.decode("ascii"), keep_blank_values=True, strict_parsing=bool(data), errors="strict",
            max_num_fields=_MAX_FIELDS,
        )  # fmt: skip
    except ValueError as error:  # UnicodeDecodeError is one
        if data.count(b"&") >= _MAX_FIELDS:
            raise InvalidInput(f"The body has more than {_MAX_FIELDS} fields; send fewer.") from None
        raise InvalidInput(f"The urlencoded body cannot be read: {str(error)[:120]}.") from None
