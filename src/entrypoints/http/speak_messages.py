"""What is said on a speaking socket, in both directions, and how it ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from entrypoints.http.forms import decode_json
from entrypoints.http.job_body import to_request
from entrypoints.http.problems import status_of
from entrypoints.http.schemas import JobBody
from voicecore.errors import InvalidInput, TooLarge, VoiceCoreError
from voicecore.language import Language
from voicecore.stream_format import StreamFormat, StreamKind

#: Characters and bytes of one message.
MAX_MESSAGE_BYTES = 64 * 1024
#: Characters of all texts on one socket.
MAX_TEXT = 100_000

#: Close codes of RFC 6455 §7.4.1, and 1013 of IANA's registry.
NORMAL, UNSUPPORTED_DATA, INVALID_PAYLOAD, POLICY, TOO_BIG, DEFECT, TRY_AGAIN = 1000, 1003, 1007, 1008, 1009, 1011, 1013
_KINDS = ("start", "text", "flush", "end")


class NotText(InvalidInput):
    """This socket takes JSON as text, and a binary message came."""

    code = "not_text"


class NotJson(InvalidInput):
    """The message is not a JSON object."""

    code = "not_json"


class Idle(InvalidInput):
    """Nothing came for too long while there was nothing to speak."""

    code = "idle"


@dataclass(frozen=True, slots=True)
class Start:
    """How all that follows is to be spoken. `body` has a text that stands for those to come."""

    body: JobBody
    language: Language
    output: StreamFormat
    keep: bool


@dataclass(frozen=True, slots=True)
class Said:
    """A message after the first: some text, or `flush`, or `end`."""

    kind: str
    text: str = ""


def read(data: str) -> Start | Said:
    """A client's message. Raises `InvalidInput` and its kinds."""
    if len(data) > MAX_MESSAGE_BYTES:
        raise TooLarge(f"The message has {len(data)} characters; send at most {MAX_MESSAGE_BYTES} at once.")
    try:
        message = msgspec.json.decode(data.encode())
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        raise NotJson("The message is not JSON; send an object with a 'type'.") from None
    if not isinstance(message, dict):
        raise NotJson("The message is no JSON object; send one with a 'type'.")
    kind = message.pop("type", None)
    if kind == "start":
        return _start(message)
    if kind not in _KINDS:
        raise InvalidInput(f"The type is {str(kind)[:60]!r}; send one of: {', '.join(_KINDS)}.", field="type")
    text = message.pop("text", None) if kind == "text" else ""
    if not isinstance(text, str):
        raise InvalidInput("A message of type 'text' needs its text, as a string.", field="text")
    if message:
        raise InvalidInput(
            f"There is no field {str(min(message))[:60]!r} in a message of type {kind!r}.", field=str(min(message))[:60]
        )
    return Said(kind, text)


def _start(fields: dict[str, Any]) -> Start:
    keep = fields.pop("keep", False)
    if not isinstance(keep, bool):
        raise InvalidInput("keep must be true or false.", field="keep")
    name = fields.pop("format", StreamKind.PCM.value)
    if not isinstance(name, str):
        raise InvalidInput("format must be a string.", field="format")
    if "text" in fields:
        raise InvalidInput("The text comes in messages of its own, of type 'text'.", field="text")
    body = decode_json(msgspec.json.encode({**fields, "text": "a"}), JobBody)
    request = to_request(body)
    return Start(body, request.source_language, StreamFormat.parse(name), keep)


def close_code(error: VoiceCoreError) -> int:
    """How a socket is closed after this error."""
    match error:
        case NotText():
            return UNSUPPORTED_DATA
        case NotJson():
            return INVALID_PAYLOAD
        case TooLarge():
            return TOO_BIG
    status = status_of(error)
    if status in (429, 503):
        return TRY_AGAIN
    return DEFECT if status >= 500 else POLICY
