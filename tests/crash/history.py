"""What clients saw of a run, and whether that may have been.

The checks, after the style of Jepsen's (https://jepsen.io/consistency): every acknowledged job is still known; what a job
was seen as only ever goes forwards; it is published at most once, and what was published never changes.
"""

from __future__ import annotations

import hashlib
import itertools
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field

import httpx
from tests.crash.cluster import FINISHED

#: Steps that a watcher may see, which looks now and then: some may pass unseen, none may go back.
_MAY_FOLLOW = {
    "queued": {"queued", "processing", *FINISHED},
    "processing": {"queued", "processing", *FINISHED},  # handed back, or its lease ran out and it was claimed again
    **{state: {state} for state in FINISHED},
}


@dataclass
class History:
    """Sightings of jobs, in order, from however many threads."""

    acknowledged: set[str] = field(default_factory=set)
    sightings: dict[str, list[tuple[str, int, float]]] = field(default_factory=lambda: defaultdict(list))
    audio: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    lost: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def accepted(self, job_id: str) -> None:
        with self._lock:
            self.acknowledged.add(job_id)

    def saw(self, job: dict) -> None:
        with self._lock:
            self.sightings[job["id"]].append((job["status"], job["attempt"], job["progress"]))

    def heard(self, job_id: str, audio: bytes) -> None:
        with self._lock:
            self.audio[job_id].add(hashlib.sha256(audio).hexdigest())

    def look(self, client: httpx.Client, job_id: str) -> str | None:
        """Look at one job, and at its audio if there is any; its state, or None while nobody answers."""
        try:
            answer = client.get(f"/jobs/{job_id}")
            if answer.status_code == 404:
                self.lost.add(job_id)
            if answer.status_code != 200:
                return None
            self.saw(answer.json())
            if answer.json()["status"] == "completed":
                download = client.get(f"/jobs/{job_id}/download")
                if download.status_code == 200:
                    self.heard(job_id, download.content)
            return answer.json()["status"]
        except httpx.TransportError:
            return None

    def settle(self, client: httpx.Client, seconds: float) -> None:
        """Look at every acknowledged job until all have ended."""
        end = time.monotonic() + seconds
        waiting = set(self.acknowledged)
        while waiting:
            assert time.monotonic() < end, f"still not ended: {sorted(waiting)[:5]} and {len(waiting)} in all"
            waiting = {job_id for job_id in waiting if self.look(client, job_id) not in FINISHED}
            time.sleep(0.05)

    def check(self) -> None:
        """Raise AssertionError for what must never be."""
        assert not self.lost, f"acknowledged and lost: {sorted(self.lost)}"
        unseen = self.acknowledged - self.sightings.keys()
        assert not unseen, f"acknowledged and never seen: {sorted(unseen)}"
        for job_id, seen in self.sightings.items():
            for (before, attempt, _), (after, later, _) in itertools.pairwise(seen):
                assert after in _MAY_FOLLOW[before], f"{job_id} went from {before} to {after}: {seen}"
                assert later >= attempt, f"{job_id} went back to attempt {later}: {seen}"
            published = {attempt for state, attempt, _ in seen if state == "completed"}
            assert len(published) <= 1, f"{job_id} was published by attempts {sorted(published)}"
        changed = {job_id for job_id, digests in self.audio.items() if len(digests) > 1}
        assert not changed, f"published more than once: {sorted(changed)}"
