"""The service that does everything in one process, which a test may kill and start again on the same data."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from pathlib import Path
from typing import Any

from tests.crash.cluster import PATIENCE_S, Api, until


class Server(Api):
    """`voicecore serve` with a tone engine. What is changed of `plan` and `drain_s` holds from the next start on."""

    def __init__(self, folder: Path, *, drain_s: str = "0.5", **plan: Any) -> None:
        self.folder, self.plan, self.drain_s = folder, plan, drain_s
        clean = {name: value for name, value in os.environ.items() if not name.startswith("VOICECORE_")}
        environment = clean | {"VOICECORE_ENGINE": "tone", "VOICECORE_DATA_DIR": str(folder)}
        super().__init__(environment, folder.with_suffix(".log"))

    def start(self) -> None:
        """Begin, once more if it ended; returns when it is ready."""
        tone = {"segment_limit": 60, "batch_size": 1, **self.plan}
        self._environment |= {"VOICECORE_DRAIN_S": self.drain_s, "VOICECORE_TESTING_TONE": json.dumps(tone)}
        super().start()
        until(lambda: not self.alive or self.ready(), what="its readiness")
        assert self.alive, self.logged()

    def end_leases(self) -> int:
        """Let the leases of the killed process be over, as if their time had passed; how many there were."""
        assert not self.alive
        with (
            contextlib.closing(sqlite3.connect(self.folder / "voicecore.sqlite3", timeout=PATIENCE_S)) as database,
            database,
        ):
            return database.execute("UPDATE job SET lease_us = 0 WHERE status = 'processing'").rowcount
