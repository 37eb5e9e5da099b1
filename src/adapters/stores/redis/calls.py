"""How the scripts beside this file are called: by their digest, with their text only when Redis does not know it yet."""

from __future__ import annotations

import hashlib
import time
from importlib.resources import files
from typing import Any

from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError

from adapters.redisclient import translated
from adapters.stores.redis.job_hash import as_bytes
from voicecore.errors import StorageUnavailable, require
from voicecore.ports import Clock
from voicecore.records import epoch_us

#: Version of the layout of keys (prelude.lua).
SCHEMA = 1
_PREFIX_LIMIT = 64

Argument = bytes | str | int


class ServerTime:
    """What time it is at the server, as far as we were told, so that a command can say until when we wait for it.

    Both clocks go evenly, so what was told holds for minutes. If it does not, since the server's was set, it says so.
    """

    _HOLDS_S = 300.0

    def __init__(self, patience_s: float | None) -> None:
        """`patience_s` is how long an answer is waited for; None for ever."""
        self._patience_s = patience_s
        self._told: tuple[int, float] | None = None

    @property
    def old(self) -> bool:
        """Whether somebody should ask."""
        return self._patience_s is not None and (self._told is None or time.monotonic() - self._told[1] > self._HOLDS_S)

    def told(self, server_us: int) -> None:
        """The server has just said that it is so late."""
        self._told = (server_us, time.monotonic())

    def patience_ends_us(self) -> int | str:
        """Until when a command that is sent now may be done; empty if that is not known."""
        if self._told is None or self._patience_s is None:
            return ""
        server_us, then = self._told
        return server_us + int(1_000_000 * (time.monotonic() - then + self._patience_s))


class Scripts:
    """The scripts of the job store. Every call is one round trip, atomic, and reads the time once."""

    def __init__(self, client: Redis, prefix: str, clock: Clock | None) -> None:
        good = prefix.isascii() and prefix.replace("_", "").replace("-", "").replace(".", "").isalnum()
        require(
            good and len(prefix) <= _PREFIX_LIMIT,
            f"The prefix of the keys is {prefix!r}; VOICECORE_REDIS_PREFIX must be 1 to {_PREFIX_LIMIT} letters, digits, '.', '-' or '_'.",
        )
        self._client = client
        self._prefix = as_bytes(f"{prefix}:")
        self._clock = clock
        self._time = ServerTime(client.connection_pool.connection_kwargs.get("socket_timeout"))
        folder = files("adapters.stores.redis") / "scripts"
        texts = {entry.name.removesuffix(".lua"): entry.read_bytes() for entry in folder.iterdir()}
        prelude = texts.pop("prelude")
        self._texts = {name: prelude + text for name, text in texts.items()}
        # Redis' name of a script is the SHA-1 of its text: no secret.
        self._digests = {
            name: hashlib.sha1(text, usedforsecurity=False).hexdigest() for name, text in self._texts.items()
        }

    def call(self, name: str, *arguments: Argument) -> tuple[str, list[Any]]:
        """What the script answers: a word, and the rest. Sent once: a claim whose answer got lost may have been done.

        Raises:
            StorageUnavailable: if Redis cannot be reached or refuses, or its keys have another layout.
        """
        with translated():
            return self._evaluate(name, arguments)

    def repeat(self, name: str, *arguments: Argument) -> tuple[str, list[Any]]:
        """As `call`, for what may be done twice: it is sent once more if the connection breaks.

        Not after a timeout: the caller has waited for long enough.
        """
        with translated():
            try:
                return self._evaluate(name, arguments)
            except RedisConnectionError:
                return self._evaluate(name, arguments)

    def _evaluate(self, name: str, arguments: tuple[Argument, ...]) -> tuple[str, list[Any]]:
        if self._clock is None and self._time.old:
            self._time.told(int(self._send("open", ())[1][1]))
        word, rest = self._send(name, arguments)
        if word == "late":
            # Nothing was done. The answer came all the same, so the connection took long, or the server's clock was set.
            self._time.told(int(rest[0]))
            word, rest = self._send(name, arguments)
        if word == "late":
            raise StorageUnavailable(
                "The clock of Redis' host jumps: see to its time service, and try again in a moment."
            )
        return word, rest

    def _send(self, name: str, arguments: tuple[Argument, ...]) -> tuple[str, list[Any]]:
        now: int | str = ""
        until: int | str = ""
        if self._clock is not None:
            now = epoch_us(self._clock.now())
        elif name != "open":
            until = self._time.patience_ends_us()
        words = (0, self._prefix, now, until, *arguments)
        try:
            answer = self._client.execute_command("EVALSHA", self._digests[name], *words)  # type: ignore[no-untyped-call]
        except NoScriptError:
            # Redis was restarted, or its scripts were flushed: nothing was done yet.
            answer = self._client.execute_command("EVAL", self._texts[name], *words)  # type: ignore[no-untyped-call]
        word, *rest = answer
        if word == b"schema" and rest[0] != str(SCHEMA).encode():
            version = rest[0].decode("utf-8", "replace")
            raise StorageUnavailable(
                f"The keys in Redis have layout {version}, and this voicecore knows layout {SCHEMA}: run the voicecore "
                "that wrote them, or set VOICECORE_REDIS_PREFIX to another prefix."
            )
        return word.decode(), rest
