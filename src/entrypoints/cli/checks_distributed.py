"""What `doctor` looks at: Redis and the object store, where the settings name them."""

from __future__ import annotations

from collections.abc import Iterator

from entrypoints.cli.checks_running import folder_works
from entrypoints.cli.finding import Finding, State
from entrypoints.setting_checks import file_of
from entrypoints.settings import Settings
from voicecore.needs import unserved

_REDIS = "set VOICECORE_REDIS_URL to run many processes: docs/operations.md"


def check_redis(settings: Settings) -> Iterator[Finding]:
    """Whether jobs can be entrusted to the Redis of the settings, and what its end would lose."""
    if settings.redis_url is None:
        yield Finding("Redis", State.OFF, "not set; one process does all", _REDIS)
        return
    from adapters.redisclient import connect, persistence, problems  # noqa: PLC0415 - an extra
    from adapters.stores.redis.jobs import RedisJobStore  # noqa: PLC0415
    from adapters.stores.redis.roster import RedisRoster  # noqa: PLC0415

    client = connect(settings.redis_url)
    try:
        found = problems(client)
        for problem in found:
            state = State.ERROR if problem.grade == "error" else State.WARNING
            yield Finding("Redis", state, problem.sentence)
        # A layout of another version is told here, before a service refuses to start on it.
        waiting = RedisJobStore(client, settings.redis_prefix).waiting()
        if not found:
            yield Finding("Redis", State.OK, persistence(client))
        there = RedisRoster(client, settings.redis_prefix).present()
    finally:
        client.close()
    slots = sum(worker.slots for worker in there)
    in_vain = [f"{jobs} for {line}" for line, jobs in unserved(waiting, (worker.engines for worker in there)).items()]
    if there and in_vain:
        detail = f"{len(there)} with {slots} slots, but jobs wait for what none of them serves ({', '.join(in_vain)})"
        yield Finding("workers", State.WARNING, detail, "voicecore worker --engines …")
    elif there:
        yield Finding("workers", State.OK, f"{len(there)} with {slots} slots")
    else:
        yield Finding("workers", State.WARNING, "none is there, so jobs wait", "voicecore worker")


def check_audio_place(settings: Settings) -> Iterator[Finding]:
    """Whether audio can be kept in the bucket, or the folder of its own, that the settings name."""
    url = settings.blobs_url
    if url is not None and url.startswith("file://"):
        yield folder_works("object store", file_of(url), "VOICECORE_BLOBS_URL", State.ERROR)
        return
    if url is None:
        yield Finding(
            "object store", State.OFF, "not set; audio lies in files", "VOICECORE_BLOBS_URL: docs/object-store.md"
        )
        return
    from adapters.blobs.objectstore import ObjectStoreBlobStore  # noqa: PLC0415 - an extra

    found = ObjectStoreBlobStore(url).problems()
    if found:
        yield Finding("object store", State.ERROR, found[0])
    else:
        yield Finding("object store", State.OK, "written, read, listed and deleted")
