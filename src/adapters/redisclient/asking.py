"""Commands and scripts, with voicecore's errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis import Redis
from redis.commands.core import Script

from adapters.redisclient.failures import translated

Word = bytes | str | int | float


def ask(client: Redis, *words: Word) -> Any:
    """One command and redis-py's form of its answer. Raises `StorageUnavailable`, or `InvalidInput` for half characters."""
    with translated():
        return client.execute_command(*words)  # type: ignore[no-untyped-call]


class Lua:
    """A script that Redis runs as one step: EVALSHA, and the source only when the server does not have it (any more)."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._script: Script | None = None

    def __call__(self, client: Redis, keys: Sequence[str | bytes], args: Sequence[Word] = ()) -> Any:
        """What the script returns. Raises as `ask` does."""
        if self._script is None:
            self._script = client.register_script(self._source)
        with translated():
            return self._script(keys=keys, args=args, client=client)
