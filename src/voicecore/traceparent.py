"""The name of a span for other processes: `traceparent` of https://www.w3.org/TR/trace-context/, version 00."""

from __future__ import annotations

import re
from typing import Final

_FORM: Final = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def traceparent_of(text: str | None) -> str | None:
    """The text if it is a traceparent; else None, since a caller's broken header is no reason to refuse its work.

    Versions to come are not guessed at: what they may append is a stranger's text.
    """
    return text if text is not None and _FORM.fullmatch(text) else None
