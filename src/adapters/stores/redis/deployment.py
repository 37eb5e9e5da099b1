"""Two deployments on one prefix are told apart, before either takes the other's jobs.

A deployment is a Redis prefix and a blob store that belong together. Both hold the same random id. A process whose blobs
have another id than its Redis would answer with sound that is not there, and sweep away what is the other's.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

from redis import Redis

from adapters.redisclient import Lua, ask
from voicecore import blobkeys
from voicecore.errors import NotFound, StorageUnavailable
from voicecore.job import JobStatus
from voicecore.ports import BlobStore
from voicecore.request import Mode

BLOB_KEY = blobkeys.DEPLOYMENT
_VERSION = 1
#: Longer than looking into a blob store and writing one small blob takes; then a dead starter's turn is over.
_TURN_MS = 30_000
_WAIT_S = 40.0

_GIVE_BACK = Lua("if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end")


def check_deployment(client: Redis, prefix: str, blobs: BlobStore) -> str:
    """The id of this deployment, made if it is new. Processes that start at once take turns.

    A Redis that was emptied takes the id of the blobs. Blobs without an id get a new one while Redis has nothing that
    could belong to others. It may be called again at any time, to see that all is still so.

    Raises:
        StorageUnavailable: if Redis and the blob store belong to different deployments, or one cannot be used.
    """
    with _turn(client, f"{prefix}:deployment:turn"):
        in_blobs, in_redis = _read(blobs), ask(client, "GET", f"{prefix}:deployment")
        if in_blobs is None:
            if in_redis is not None and _in_use(client, prefix):
                raise _strangers(
                    prefix,
                    "belong to a deployment with other blobs (this blob store is new, but Redis has jobs or voices)",
                )
            in_blobs = secrets.token_hex(16)
            # The blob first: without its twin in Redis it is only adopted by the next to start.
            blobs.put(BLOB_KEY, [json.dumps({"v": _VERSION, "id": in_blobs}).encode()])
        elif in_redis is not None and in_redis != in_blobs.encode():
            raise _strangers(prefix, "and the blob store belong to different deployments")
        seconds, microseconds = ask(client, "TIME")
        ask(client, "SET", f"{prefix}:deployment:since", seconds * 1_000_000 + microseconds, "NX")
        ask(client, "SET", f"{prefix}:deployment", in_blobs)
    return in_blobs


def known_since(client: Redis, prefix: str, blobs: BlobStore) -> datetime:
    """Since when this Redis has been told of everything that was put into the blob store, by its own time.

    Of what is older it cannot say that nobody needs it: Redis may have been emptied, or be new to audio that a service
    without Redis made. Raises as `check_deployment` does.
    """
    check_deployment(client, prefix, blobs)
    since_us = ask(client, "GET", f"{prefix}:deployment:since")
    if since_us is None:
        raise StorageUnavailable("Redis was emptied this moment; what it knew is looked at again later.")
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(since_us))


def _strangers(prefix: str, what: str) -> StorageUnavailable:
    return StorageUnavailable(
        f"The keys {prefix}:* in Redis {what}. Give each deployment its own VOICECORE_REDIS_PREFIX, and all processes of one "
        "the same VOICECORE_BLOBS_URL (or data directory); if the other deployment is gone for good, delete its keys in Redis."
    )


def _read(blobs: BlobStore) -> str | None:
    try:
        with blobs.open(BLOB_KEY) as reader:
            document = json.loads(reader.read())
        if document["v"] == _VERSION:
            # Those of a service without Redis have an owner who may come back, and shall find that they were taken over.
            return None if document.get("by") == "embedded" else str(document["id"])
        found = f"version {document['v']!r}"
    except NotFound:
        return None
    except (ValueError, TypeError, KeyError) as error:
        found = repr(error)
    raise StorageUnavailable(
        f"The blob {BLOB_KEY} cannot be read ({found}): run the voicecore that wrote it, or a newer one, or restore it."
    )


def _in_use(client: Redis, prefix: str) -> bool:
    """Whether Redis has jobs, voices, profiles, keys or workers of somebody."""
    jobs = [f"{prefix}:in:{status.value}:{mode.value}" for status in JobStatus for mode in Mode]
    others = (f"{prefix}:{kind}" for kind in ("voices", "profiles", "keys", "workers"))
    return bool(ask(client, "EXISTS", *jobs, *others))


@contextmanager
def _turn(client: Redis, key: str) -> Iterator[None]:
    """Alone among all that start on this prefix."""
    token, deadline = secrets.token_hex(8), time.monotonic() + _WAIT_S
    while not ask(client, "SET", key, token, "NX", "PX", _TURN_MS):
        if time.monotonic() > deadline:
            raise StorageUnavailable(f"Another process holds {key} in Redis for too long: see to its blob store.")
        time.sleep(0.05)
    try:
        yield
    finally:
        with suppress(StorageUnavailable):  # it expires by itself
            _GIVE_BACK(client, [key], [token])
