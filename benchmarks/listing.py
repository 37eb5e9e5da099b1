"""`GET /jobs` with few and with very many stored jobs, over a real socket."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from server import running_service
from tables import Row, median, spread

from adapters.stores.sqlite import SqliteDatabase, SqliteJobStore
from voicecore import Language, SynthesisRequest
from voicecore.job import JobId, SynthesisJob
from voicecore.system import SystemClock

PT = Language("pt", "BR")


def _fill(folder: Path, count: int) -> None:
    """Store so many cancelled jobs, as a busy day leaves them."""
    database = SqliteDatabase(folder)
    # Two hundred thousand synced commits would take half an hour; what is measured afterwards opens the file anew.
    database._writer.execute("PRAGMA synchronous = OFF")  # noqa: SLF001
    store = SqliteJobStore(database, SystemClock())
    began = datetime.now(UTC) - timedelta(hours=20)
    request = SynthesisRequest(text="Uma frase de tamanho comum, como as que chegam todo dia.", source_language=PT)
    for number in range(count):
        job = SynthesisJob(
            id=JobId(f"job_{number:020d}"), request=request, engine="tone", quality_profile_id="natural",
            spoken_language=PT, created_at=began + timedelta(milliseconds=number),
        )  # fmt: skip
        store.add(job)
        store.cancel(job.id, timedelta(hours=24))
    store.close()


def _milliseconds(count: int, requests: int) -> list[float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _fill(folder, count)
        with running_service(folder) as url, httpx.Client(base_url=url) as client:
            taken = []
            for number in range(requests + 20):
                began = time.perf_counter()
                client.get("/jobs", params={"limit": 20}).raise_for_status()
                if number >= 20:
                    taken.append(1000 * (time.perf_counter() - began))
    return taken


def run(*, smoke: bool) -> list[Row]:
    many, requests = (1_000, 20) if smoke else (100_000, 300)
    few_ms, many_ms = _milliseconds(100, requests), _milliseconds(many, requests)
    return [
        Row(f"GET /jobs?limit=20 with {many} jobs", median(many_ms), "ms", median(few_ms), "with 100 jobs", "ratio <= 2",
            spread(many_ms)),
    ]  # fmt: skip
