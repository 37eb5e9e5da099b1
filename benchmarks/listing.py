"""`GET /jobs` with few and with very many stored jobs, of everybody and of one key among others, over a real socket."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from redis_box import running_redis
from server import PATIENCE_S, running_service
from tables import Row, median, spread

from adapters.redisclient import connect
from adapters.stores.redis.jobs import RedisJobStore
from adapters.stores.sqlite import SqliteDatabase, SqliteJobStore
from entrypoints.container import build
from entrypoints.settings import Settings
from voicecore import Language, SynthesisRequest
from voicecore.access import Scope
from voicecore.job import JobId, SynthesisJob
from voicecore.ports import JobStore
from voicecore.system import SystemClock

PT = Language("pt", "BR")
#: Of so many jobs one is of the key whose list is looked at; the others are another key's.
ONE_IN = 10
_PREFIX = "bench"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a service keeps its jobs."""

    folder: Path
    redis_url: str | None = None

    def keys(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """Id and text of two new keys: of somebody, and of an admin."""
        more = {} if self.redis_url is None else {"redis_url": self.redis_url, "redis_prefix": _PREFIX}
        with closing(build(Settings(engine="tone", data_dir=self.folder, **more)).service()) as service:
            made = [service.keys.make(scope.value, {scope}) for scope in (Scope.SPEAK, Scope.ADMIN)]
        return tuple((key.id, text) for key, text in made)

    @contextmanager
    def store(self) -> Iterator[JobStore]:
        if self.redis_url is not None:
            with connect(self.redis_url) as client:
                yield RedisJobStore(client, _PREFIX)
            return
        database = SqliteDatabase(self.folder)
        # Two hundred thousand synced commits would take half an hour; what is measured afterwards opens the file anew.
        database._writer.execute("PRAGMA synchronous = OFF")  # noqa: SLF001
        with closing(SqliteJobStore(database, SystemClock())) as store:
            yield store

    def environment(self) -> dict[str, str]:
        """Of the service."""
        return (
            {} if self.redis_url is None else {"VOICECORE_REDIS_URL": self.redis_url, "VOICECORE_REDIS_PREFIX": _PREFIX}
        )


#: Each answer looks at 2 000 jobs at most.
SEARCH = "an answer to a search for what nobody said"


def _fill(store: JobStore, count: int, owner_of: Callable[[int], str]) -> None:
    """Store so many cancelled jobs, as a busy day leaves them."""
    began = datetime.now(UTC) - timedelta(hours=20)
    request = SynthesisRequest(text="Uma frase de tamanho comum, como as que chegam todo dia.", source_language=PT)
    for number in range(count):
        job = SynthesisJob(
            id=JobId(f"job_{number:020d}"), request=request, engine="tone", quality_profile_id="natural",
            spoken_language=PT, created_at=began + timedelta(milliseconds=number), owner=owner_of(number),
        )  # fmt: skip
        store.add(job)
        store.cancel(job.id, timedelta(hours=24))


def _milliseconds(url: str, key: str, requests: int, **query: str) -> list[float]:
    taken = []
    with httpx.Client(base_url=url, headers={"X-API-Key": key}, timeout=PATIENCE_S) as client:
        for number in range(requests + 20):
            began = time.perf_counter()
            client.get("/jobs", params={"limit": 20, **query}).raise_for_status()
            if number >= 20:
                taken.append(1000 * (time.perf_counter() - began))
    return taken


def _lists(place: Place, count: int, requests: int) -> dict[str, list[float]]:
    """Milliseconds of each kind of list."""
    (mine, my_key), (_, admin_key) = place.keys()
    with place.store() as store:
        _fill(store, count, lambda number: mine if number % ONE_IN == 0 else "key_of_another")
    with running_service(place.folder, VOICECORE_LIMIT_REQUESTS_PER_MINUTE="0", **place.environment()) as url:
        return {
            "everybody's": _milliseconds(url, admin_key, requests),
            f"a key's, which has one in {ONE_IN}": _milliseconds(url, my_key, requests),
            "a key's, by status and mode": _milliseconds(url, my_key, requests, status="cancelled", mode="dubbing"),
            SEARCH: _milliseconds(url, admin_key, requests // 10, search="ninguém"),
        }


def _rows(where: str, places: Iterator[Place], many: int, requests: int) -> Iterator[Row]:
    few_ms, many_ms = (_lists(place, count, requests) for place, count in zip(places, (100, many), strict=True))
    for kind, taken in many_ms.items():
        limit = "" if kind == SEARCH else "ratio <= 2"
        yield Row(f"GET /jobs?limit=20 with {many} jobs in {where}: {kind}", median(taken), "ms", median(few_ms[kind]),
                  "with 100 jobs", limit, spread(taken))  # fmt: skip


def run(*, smoke: bool) -> list[Row]:
    many, requests = (1_000, 20) if smoke else (100_000, 300)
    with tempfile.TemporaryDirectory() as name, running_redis() as few, running_redis() as much:
        folders = [Path(name, each) for each in ("few", "many", "few-redis", "many-redis")]
        embedded = (Place(folder) for folder in folders[:2])
        distributed = (Place(folder, box.url) for folder, box in zip(folders[2:], (few, much), strict=True))
        return [*_rows("SQLite", embedded, many, requests), *_rows("Redis", distributed, many, requests)]
