"""Secrets by file: `VOICECORE_REDIS_URL_FILE=/run/secrets/redis_url` stands for `VOICECORE_REDIS_URL`.

What is in the environment can be read by whoever may inspect a container, and goes on to every child process; orchestrators
therefore mount secrets as files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from voicecore.errors import InvalidInput, require

#: A URL or a key; what is longer is another file.
MAX_SECRET_BYTES = 8192


def with_secrets_read(variables: Mapping[str, str], secrets: Iterable[str]) -> dict[str, str]:
    """The variables, with each `NAME_FILE` replaced by `NAME` and what its file holds, without the white space around it.

    Args:
        secrets: names of variables that may come by file.

    Raises:
        InvalidInput: a file that cannot be read, is empty or too long, or a secret that is also given itself.
    """
    found = dict(variables)
    for name in secrets:
        path = found.pop(f"{name}_FILE", None)
        if path is None:
            continue
        require(name not in found, f"Both {name} and {name}_FILE are set; leave one of them out.")
        found[name] = _content(f"{name}_FILE", path)
    return found


def _content(name: str, path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            text = file.read(MAX_SECRET_BYTES + 1).decode("utf-8").strip()
    except UnicodeDecodeError:
        raise InvalidInput(f"{name}: the file {path!r} is no UTF-8 text.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no path"
        raise InvalidInput(f"{name}: the file {path!r} cannot be read ({reason}); may this user read it?") from None
    require(bool(text), f"{name}: the file {path!r} is empty.")
    require(len(text) <= MAX_SECRET_BYTES, f"{name}: the file {path!r} has more than {MAX_SECRET_BYTES} bytes.")
    return text
