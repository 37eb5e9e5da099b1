"""The text of `say`: an argument, or stdin."""

from __future__ import annotations

import sys

import click

from voicecore.errors import InvalidText
from voicecore.request import TEXT_LIMIT, checked_text

_BYTES_PER_CHARACTER = 4  # at most, in UTF-8


def read_text(argument: str | None) -> str:
    """The argument; or all of stdin where it is `-` or missing.

    Raises:
        InvalidText: if it cannot be spoken, is longer than the limit, or is not UTF-8.
        UsageError: if there is neither an argument nor anything piped in.
    """
    if argument is not None and argument != "-":
        return checked_text(argument)
    stdin = sys.stdin.buffer
    if argument is None and stdin.isatty():
        raise click.UsageError("Give a text, or pipe one in.", ctx=click.get_current_context(silent=True))
    limit = TEXT_LIMIT * _BYTES_PER_CHARACTER
    data = stdin.read(limit + 1)
    if len(data) > limit:
        raise InvalidText(f"The text has more than {TEXT_LIMIT} characters; split it into several calls.")
    try:
        return checked_text(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InvalidText(f"The text is not UTF-8 (byte {error.start}); convert it, for example with iconv.") from error
