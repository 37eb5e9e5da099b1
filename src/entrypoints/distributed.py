"""The parts of distributed mode, imported only where it is on: Redis for jobs and bells, perhaps an object store for audio."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from entrypoints.settings import Settings
from voicecore.errors import InvalidInput, StorageUnavailable
from voicecore.ports import BlobStore, Catalog, JobStore, Quota, Relay, WorkerRoster

if TYPE_CHECKING:
    from redis import Redis

    from adapters.queues.arq import ArqDoorbell

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


def quota(client: Redis, settings: Settings) -> Quota:
    """Counts of what callers take, in Redis."""
    from adapters.stores.redis.quota import RedisQuota  # noqa: PLC0415

    return RedisQuota(client, settings.redis_prefix)


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
) -> ArqDoorbell:
    """The arq doorbell: of a worker with the lines it takes jobs from, of a process that only rings without any."""
    from adapters.queues.arq import ArqDoorbell, ClockChore  # noqa: PLC0415
    from adapters.redisclient import with_checked_host_name  # noqa: PLC0415

    if settings.redis_url is None:
        raise InvalidInput("VOICECORE_REDIS_URL is not set; a worker of its own needs the Redis that it shares.")
    return ArqDoorbell(
        with_checked_host_name(settings.redis_url),
        settings.redis_prefix,
        engines=engines,
        chores=[ClockChore(name=name, do=do, every_s=every_s) for name, do, every_s in chores],
    )


def object_store(url: str, spool: Path) -> BlobStore:
    """Blobs in a bucket; large ones wait in `spool`, which is made, while they are written. Raises `StorageUnavailable`."""
    from adapters.blobs.objectstore import ObjectStoreBlobStore  # noqa: PLC0415

    try:
        spool.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageUnavailable(
            f"The folder {spool} cannot be made ({error.strerror}): set VOICECORE_DATA_DIR."
        ) from error
    return ObjectStoreBlobStore(url, spool=spool)


@dataclass(slots=True)
class Check:
    """What would lose jobs or mix deployments is refused before anything is accepted; the rest is said in the log, once."""

    client: Redis
    settings: Settings
    blobs: BlobStore
    _told: frozenset[str] = frozenset()

    def __call__(self) -> None:
        """Look, at start and now and then.

        Raises:
            StorageUnavailable: Redis cannot be reached or would delete jobs, or it belongs to another deployment.
        """
        from adapters.redisclient.server_checks import problems  # noqa: PLC0415
        from adapters.stores.redis.deployment import check_deployment  # noqa: PLC0415

        found = problems(self.client)
        for problem in found:
            if problem.grade == "error":
                raise StorageUnavailable(problem.sentence)
            if problem.sentence not in self._told:
                _log.warning("%s", problem.sentence)
        self._told = frozenset(problem.sentence for problem in found)
        check_blobs(self.blobs)
        check_deployment(self.client, self.settings.redis_prefix, self.blobs)


def known_since(client: Redis, settings: Settings, blobs: BlobStore) -> datetime:
    """Since when this Redis knows what is in these blobs. Raises `StorageUnavailable` if they are not its own (any more)."""
    from adapters.stores.redis import deployment  # noqa: PLC0415

    return deployment.known_since(client, settings.redis_prefix, blobs)


def check_blobs(blobs: BlobStore) -> None:
    """Try a store that can be tried; files are tried by being opened. Raises `StorageUnavailable` with what is wrong."""
    look: Callable[[], Sequence[str]] | None = getattr(blobs, "problems", None)
    if look is not None and (found := look()):
        raise StorageUnavailable(found[0])
