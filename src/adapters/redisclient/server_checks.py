"""Whether a Redis server may be trusted with jobs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from redis import Redis
from redis.exceptions import NoPermissionError, ResponseError

from adapters.redisclient.asking import ask
from adapters.redisclient.failures import translated
from voicecore.errors import StorageUnavailable

#: GETDEL, LMOVE and SET … GET came with it.
OLDEST = (6, 2)
#: Share of maxmemory from which somebody should know.
_NEARLY_FULL = 0.9
#: Receivers of webhooks allow 5 minutes; a machine with NTP is never so far off as this.
_CLOCK_OFF_S = 30.0


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a server; with an `error` it must not be used."""

    grade: Literal["warning", "error"]
    sentence: str


def problems(client: Redis) -> Sequence[Problem]:
    """What of the server is not fit for jobs, errors first; empty if nothing. Raises `StorageUnavailable`."""
    found = [*_of_server(client), *_of_settings(client), *_of_clock(client)]
    return sorted(found, key=lambda problem: problem.grade != "error")


def _of_server(client: Redis) -> Iterator[Problem]:
    info = _allowed(client, "INFO")
    if info is None:
        yield Problem(
            "warning",
            "The Redis user of VOICECORE_REDIS_URL may not use INFO, so version and role were not checked: allow +info.",
        )
        return
    version = str(info.get("redis_version", "0"))
    if tuple(int(part) for part in version.split(".")[:2] if part.isdecimal()) < OLDEST:
        yield Problem("error", f"Redis {version} is too old: use 6.2 or newer.")
    if info.get("role") in ("slave", "replica"):
        primary = f"{info.get('master_host')}:{info.get('master_port')}"
        yield Problem(
            "error",
            f"This Redis is a replica, which takes no jobs: let VOICECORE_REDIS_URL name its primary, {primary}.",
        )
    if info.get("cluster_enabled"):
        yield Problem("error", "This is a Redis Cluster, which voicecore does not use: name a single Redis.")
    full, used = int(info.get("maxmemory", 0)), int(info.get("used_memory", 0))
    if full and used >= _NEARLY_FULL * full:
        yield Problem(
            "warning",
            f"Redis uses {used >> 20} of its {full >> 20} MiB (maxmemory), and once they are full no job is accepted, started "
            "or tidied away: raise maxmemory.",
        )
    if info.get("aof_enabled") and info.get("aof_last_write_status", "ok") != "ok":
        yield Problem("error", "Redis could not write its append-only file: free space on its disk, and see its log.")


def _of_settings(client: Redis) -> Iterator[Problem]:
    settings = _settings(client)
    if settings is None:
        yield Problem(
            "warning",
            "The Redis user of VOICECORE_REDIS_URL may not use CONFIG GET, so it was not checked that Redis deletes and "
            "loses nothing: allow +config|get, or see yourself that maxmemory-policy is noeviction and appendonly yes.",
        )
        return
    yield from _of_eviction(settings)
    yield from _of_persistence(settings)


def _settings(client: Redis) -> Mapping[str, str] | None:
    settings: dict[str, str] = {}
    # One name a call: several in one came with Redis 7.
    for name in ("maxmemory-policy", "appendonly", "appendfsync"):
        answer = _allowed(client, "CONFIG GET", name)
        if answer is None:
            return None
        settings.update({_word(key): _word(value) for key, value in answer.items()})
    return settings


def _of_eviction(settings: Mapping[str, str]) -> Iterator[Problem]:
    policy = settings.get("maxmemory-policy", "unknown")
    if policy != "noeviction":
        yield Problem(
            "error",
            f"Redis deletes jobs when its memory is full (maxmemory-policy is {policy}): run "
            "CONFIG SET maxmemory-policy noeviction, and write it into redis.conf.",
        )


def _of_persistence(settings: Mapping[str, str]) -> Iterator[Problem]:
    if settings.get("appendonly") != "yes":
        yield Problem(
            "warning",
            "Redis keeps no append-only file, so when it ends, jobs and voices since its last snapshot are lost: run "
            "CONFIG SET appendonly yes, and write it into redis.conf.",
        )
    elif settings.get("appendfsync") == "no":
        yield Problem(
            "warning",
            "Redis leaves it to the system when its append-only file reaches the disk (appendfsync is no), so a power cut "
            "loses up to about 30 s of accepted jobs: set appendfsync to everysec or always.",
        )


def _of_clock(client: Redis) -> Iterator[Problem]:
    """Leases and turns go by the time of Redis alone; what goes by this machine's is named here."""
    before = time.time()
    try:
        seconds, microseconds = ask(client, "TIME")
    except StorageUnavailable as error:
        if isinstance(error.__cause__, NoPermissionError):
            return  # every script of ours asks for the time, and says what right is missing
        raise
    # Redis looked at its clock at some moment between the two times of ours.
    there = seconds + microseconds / 1e6
    off_s = there - min(max(there, before), time.time())
    if abs(off_s) > _CLOCK_OFF_S:
        yield Problem(
            "warning",
            f"The clock of this machine is {abs(off_s):.0f} s {'behind' if off_s > 0 else 'ahead of'} that of Redis: set both "
            "right (NTP), or finished jobs expire at the wrong time, and receivers refuse webhooks as too old or too new.",
        )


def persistence(client: Redis) -> str:
    """One sentence for people: what a killed Redis and a power cut at its host lose. Raises `StorageUnavailable`."""
    settings = _settings(client)
    if settings is None:
        return "unknown: the Redis user may not use CONFIG GET"
    if settings.get("appendonly") != "yes":
        return "appendonly no: an end of Redis loses what came since its last snapshot"
    # Source: https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
    lost = {"always": "nothing", "everysec": "about the last second", "no": "up to about 30 s"}
    fsync = settings.get("appendfsync", "unknown")
    return f"appendfsync {fsync}: a killed Redis loses nothing, a power cut {lost.get(fsync, 'an unknown time')}"


def _allowed(client: Redis, *words: str) -> Mapping[Any, Any] | None:
    """The answer, or None if the user may not ask, or the server (a hosted one) knows no such command."""
    with translated():
        try:
            answer: Mapping[Any, Any] = client.execute_command(*words)  # type: ignore[no-untyped-call]
        except NoPermissionError:
            return None
        except ResponseError as error:
            if "unknown command" in str(error).lower():
                return None
            raise
    return answer


def _word(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
