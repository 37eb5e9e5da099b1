"""The grammar of blob keys."""

from __future__ import annotations

import re

from voicecore.errors import InvalidInput

_PART = r"[a-z0-9_-][a-z0-9_.-]{0,79}"
_KEY = re.compile(rf"{_PART}(?:/{_PART}){{0,5}}")


def is_part(name: str) -> bool:
    """Whether `name` may be a part of a key."""
    return re.fullmatch(_PART, name) is not None


def checked_key(key: str) -> str:
    """`key`, if it is one: 1 to 6 parts of `[a-z0-9_.-]{1,80}` that do not begin with a dot, with `/` between them.

    So no key is absolute, climbs with `..`, or differs from another only in case.

    Raises:
        InvalidInput: if it is not.
    """
    if _KEY.fullmatch(key) is None:
        raise InvalidInput(
            f"{key[:100]!r} is not a blob key: write 1 to 6 parts of a-z 0-9 _ . - (80 characters at most, "
            "no dot first), joined by '/'.",
            field="key",
        )
    return key
