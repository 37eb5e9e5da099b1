"""The parts of distributed mode, imported only where it is on: Redis for jobs and bells, perhaps an object store for audio."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from entrypoints.settings import Settings
from voicecore.errors import InvalidInput, StorageUnavailable
from voicecore.ports import BlobStore, Catalog, Doorbell, JobStore, Relay, WorkerRoster

if TYPE_CHECKING:
    from redis import Redis

_log = logging.getLogger("voicecore.redis")


def redis_client(settings: Settings) -> Redis:
    """A client of the settings' Redis; it connects when it is first used. Raises `InvalidInput`, `MissingDependency`."""
    from adapters.redisclient import connect  # noqa: PLC0415

    if settings.redis_url is None:
        raise InvalidInput("VOICECORE_REDIS_URL is not set; a worker of its own needs the Redis that it shares.")
    return connect(settings.redis_url)


def job_store(client: Redis, settings: Settings) -> JobStore:
    """Jobs in Redis."""
    from adapters.stores.redis.jobs import RedisJobStore  # noqa: PLC0415

    return RedisJobStore(client, settings.redis_prefix)


def catalog(client: Redis, settings: Settings) -> Catalog:
    """Voices and profiles in Redis."""
    from adapters.stores.redis.catalog import RedisCatalog  # noqa: PLC0415

    return RedisCatalog(client, settings.redis_prefix)


def roster(client: Redis, settings: Settings) -> WorkerRoster:
    """The workers that are there, in Redis."""
    from adapters.stores.redis.roster import RedisRoster  # noqa: PLC0415

    return RedisRoster(client, settings.redis_prefix)


def relay(client: Redis, settings: Settings) -> Relay:
    """Live sound over Redis streams."""
    from adapters.relays.redis import RedisRelay  # noqa: PLC0415

    return RedisRelay(client, settings.redis_prefix)


def doorbell(
    settings: Settings, engines: Sequence[str] = (), chores: Sequence[tuple[str, Callable[[], object], int]] = ()
) -> Doorbell:
    """The arq doorbell: of a worker with the engines it serves, of a process that only rings without any."""
    from adapters.queues.arq import ArqDoorbell, ClockChore  # noqa: PLC0415

    if settings.redis_url is None:
        raise InvalidInput("VOICECORE_REDIS_URL is not set; a worker of its own needs the Redis that it shares.")
    return ArqDoorbell(
        settings.redis_url,
        settings.redis_prefix,
        engines=engines,
        chores=[ClockChore(name=name, do=do, every_s=every_s) for name, do, every_s in chores],
    )


def object_store(url: str) -> BlobStore:
    """Blobs in a bucket."""
    from adapters.blobs.objectstore import ObjectStoreBlobStore  # noqa: PLC0415

    return ObjectStoreBlobStore(url)


def check(client: Redis, settings: Settings, blobs: BlobStore) -> None:
    """What would lose jobs or mix deployments is refused before anything is accepted; the rest is said in the log.

    Raises:
        StorageUnavailable: Redis cannot be reached or would delete jobs, or it belongs to another deployment.
    """
    from adapters.redisclient.server_checks import problems  # noqa: PLC0415
    from adapters.stores.redis.deployment import check_deployment  # noqa: PLC0415

    for problem in problems(client):
        if problem.grade == "error":
            raise StorageUnavailable(problem.sentence)
        _log.warning("%s", problem.sentence)
    check_deployment(client, settings.redis_prefix, blobs)
