"""The service that does everything in one process, which a test may kill and start again on the same data."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import httpx
from tests.crash.cluster import FINISHED, PATIENCE_S, Program, until
from tests.instruments.free_port import free_port


class Server(Program):
    """`voicecore serve` with a tone engine. What is changed of `plan` and `drain_s` holds from the next start on."""

    def __init__(self, folder: Path, *, drain_s: str = "0.5", **plan: Any) -> None:
        self.folder, self.plan, self.drain_s = folder, plan, drain_s
        port = free_port()
        clean = {name: value for name, value in os.environ.items() if not name.startswith("VOICECORE_")}
        environment = clean | {
            "VOICECORE_ENGINE": "tone", "VOICECORE_DATA_DIR": str(folder), "VOICECORE_PORT": str(port),
        }  # fmt: skip
        super().__init__(["serve"], environment, folder.with_suffix(".log"))
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S)

    def start(self) -> None:
        """Begin, once more if it ended; returns when it is ready."""
        tone = {"segment_limit": 60, "batch_size": 1, **self.plan}
        self._environment |= {"VOICECORE_DRAIN_S": self.drain_s, "VOICECORE_TESTING_TONE": json.dumps(tone)}
        super().start()
        until(lambda: not self.alive or self._ready(), what="the start of the service")
        assert self.alive, self.logged()

    def _ready(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return self.client.get("/ready").status_code == 200
        return False

    def end_leases(self) -> int:
        """Let the leases of the killed process be over, as if their time had passed; how many there were."""
        assert not self.alive
        with (
            contextlib.closing(sqlite3.connect(self.folder / "voicecore.sqlite3", timeout=PATIENCE_S)) as database,
            database,
        ):
            return database.execute("UPDATE job SET lease_us = 0 WHERE status = 'processing'").rowcount

    def submit(self, **body: Any) -> str:
        """The id of an accepted job."""
        answer = self.client.post("/jobs", json={"mode": "dubbing", "source_language": "pt-BR", **body})
        assert answer.status_code == 202, answer.text
        return answer.json()["id"]

    def job(self, job_id: str) -> dict[str, Any]:
        return self.client.get(f"/jobs/{job_id}").raise_for_status().json()

    def stuck(self, job_id: str, number: int) -> None:
        """Wait until a job hangs at this one of its sentences (`stuck_at`)."""
        until(lambda: self.job(job_id)["segments"]["done"] == number - 1, what=f"sentence {number}")

    def finished(self, job_id: str) -> dict[str, Any]:
        return until(lambda: (job := self.job(job_id))["status"] in FINISHED and job, what=f"the end of {job_id}")

    def audio(self, job_id: str) -> bytes:
        return self.client.get(f"/jobs/{job_id}/download").raise_for_status().content
