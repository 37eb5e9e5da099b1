"""The log: one JSON object a line, with the request and the job that a line belongs to.

No text, voice's name, key or query is ever in it. So an error that the caller is to blame for is told by its code alone,
for its sentence may quote the caller; and of an unexpected error the log has the places and the classes, never the message.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from voicecore.errors import Conflict, Gone, InvalidInput, NotFound, VoiceCoreError

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_belongs_to: ContextVar[Mapping[str, str]] = ContextVar("voicecore_log_line_belongs_to", default=_NOTHING)
#: Their sentences may hold what a caller sent or named.
_CALLERS: Final = (InvalidInput, NotFound, Conflict, Gone)
_CHAIN_LIMIT: Final = 5


@contextmanager
def belonging_to(**names: str) -> Iterator[None]:
    """Lines of this block, and of the threads that it starts with `carried`, have these fields: `request_id`, `job_id`."""
    token = _belongs_to.set({**_belongs_to.get(), **names})
    try:
        yield
    finally:
        _belongs_to.reset(token)


def belongings() -> Mapping[str, str]:
    """What lines of here belong to."""
    return _belongs_to.get()


def carried(call: Callable[[], object]) -> Callable[[], None]:
    """The call, for another thread: what lines belong to here, they belong to there."""
    context = copy_context()

    def run() -> None:
        context.run(call)

    return run


def told(error: VoiceCoreError) -> str:
    """The error for the log: code and sentence, or the code alone where the sentence is the caller's."""
    return error.code if isinstance(error, _CALLERS) else f"{error.code}: {error.message}"


class JsonLines(logging.Formatter):
    """time, level, logger, event; what the line belongs to; its `fields`; where an error came from."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **_belongs_to.get(),
            **getattr(record, "fields", {}),
        }
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            line["traceback"] = traced(error)
        return json.dumps(line, ensure_ascii=False)


def traced(error: BaseException) -> str:
    """Where the error came from, as a traceback without source lines and without messages that may quote a caller."""
    parts: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(parts) < _CHAIN_LIMIT:
        places = [
            f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(seen.__traceback__)
        ]
        parts.append("\n".join([*places, _named(seen)]))
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "\nwhile handling:\n".join(parts)


def _named(error: BaseException) -> str:
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(error, VoiceCoreError):
        return f"{name}: {told(error)}"
    if isinstance(error, OSError) and error.strerror:
        return f"{name}: {error.strerror}"
    return name


def log_to_stderr(level: str) -> None:
    """Send every logger of this process there: ours from `level` on, those of libraries from INFO on at most, since what they say
    when they are debugged holds what passes through them.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.getLevelName(level), logging.INFO))
    logging.getLogger("voicecore").setLevel(level)


def level_here() -> str | None:
    """From which level on this process logs in JSON; None if it does not."""
    if not any(isinstance(handler.formatter, JsonLines) for handler in logging.getLogger().handlers):
        return None
    return logging.getLevelName(logging.getLogger("voicecore").getEffectiveLevel())
