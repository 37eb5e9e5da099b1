"""Workers in processes of their own, ours and the peer's, under one interface, so that both are measured by the same lines."""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
from redis_box import RedisBox, running_redis
from server import PATIENCE_S

import voicecore
from entrypoints.container import build
from entrypoints.settings import Settings
from voicecore import Language, SynthesisRequest
from voicecore.job import JobId, JobStatus

CELERY = "celery[redis]==5.7.0"
HERE = Path(__file__).parent
TEXT = "Bom dia."
PT = Language("pt", "BR")


class Fleet(ABC):
    """Some workers of one slot each over one Redis. `step_s` is how long a job's model takes: pure waiting, no processor.

    Attributes:
        name: for tables.
        posted: jobs so far.
        lease_s: after which a silent worker's job is given to another; Celery calls it visibility timeout.
    """

    name: str

    def __init__(self, box: RedisBox, folder: Path, *, step_s: float = 0.0, lease_s: float | None = None) -> None:
        self.box, self.folder, self.step_s, self.lease_s = box, folder, step_s, lease_s
        self.workers: list[subprocess.Popen[bytes]] = []
        self.posted = 0
        self._logs = 0
        folder.mkdir(parents=True, exist_ok=True)

    @abstractmethod
    def command(self) -> list[str]:
        """That starts one worker."""

    @abstractmethod
    def environment(self) -> dict[str, str]:
        """Of one worker."""

    @property
    @abstractmethod
    def ready_word(self) -> str:
        """What a worker logs when it works."""

    @abstractmethod
    def submit(self, first: int, count: int) -> None:
        """Post jobs number first … first + count - 1, each with a seed of its own."""

    @abstractmethod
    def starts(self) -> int:
        """How often a job was started so far."""

    @abstractmethod
    def ended(self) -> int:
        """How many jobs have ended, each counted once."""

    @abstractmethod
    def failed(self) -> int:
        """How many of these failed."""

    @abstractmethod
    def ends(self) -> Counter[str]:
        """How often each job ended."""

    @abstractmethod
    def latencies_ms(self, count: int, gap_s: float) -> list[float]:
        """From posting to the start, one job at a time."""

    @abstractmethod
    def close(self) -> None:
        """Give back the poster's connections; before Redis ends, or the poster waits for it."""

    def start(self, count: int) -> None:
        """Start workers; returns when all of them are ready."""
        logs = [self.spawn() for _ in range(count)]
        end = time.monotonic() + PATIENCE_S
        while not all(self.ready_word in log.read_text("utf-8", "replace") for log in logs):
            if time.monotonic() > end or any(worker.poll() is not None for worker in self.workers):
                raise SystemExit(
                    f"a worker of {self.name} did not start:\n{logs[-1].read_text('utf-8', 'replace')[-2000:]}"
                )
            time.sleep(0.02)

    def spawn(self) -> Path:
        """Start one worker; its log."""
        self._logs += 1
        path = self.folder / f"worker-{self._logs}.log"
        with path.open("wb") as log:
            worker = subprocess.Popen(self.command(), env=self.environment(), stdout=log, stderr=log, cwd=self.folder)
        self.workers.append(worker)
        return path

    def kill(self, number: int) -> None:
        """SIGKILL to one worker and all of its children at once, as a machine dies."""
        worker = self.workers.pop(number)
        family = [psutil.Process(worker.pid), *psutil.Process(worker.pid).children(recursive=True)]
        for each in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        worker.wait()

    def stop(self) -> None:
        """SIGTERM to all, SIGKILL to who does not end."""
        for worker in self.workers:
            worker.send_signal(signal.SIGTERM)
        for worker in self.workers:
            try:
                worker.wait(20)
            except subprocess.TimeoutExpired:
                self.kill(self.workers.index(worker))
        self.workers.clear()


class VoicecoreFleet(Fleet):
    """`voicecore worker`, and the use case that `POST /jobs` calls."""

    name = "voicecore"
    ready_word = '"working"'

    def __init__(self, box: RedisBox, folder: Path, *, step_s: float = 0.0, lease_s: float | None = None) -> None:
        super().__init__(box, folder, step_s=step_s, lease_s=lease_s)
        self.ids: list[JobId] = []

    def command(self) -> list[str]:
        return [sys.executable, "-m", "entrypoints.cli", "worker"]

    def environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("VOICECORE_")}
        lease = {} if self.lease_s is None else {"VOICECORE_LEASE_S": str(self.lease_s)}
        return clean | lease | {
            "VOICECORE_REDIS_URL": self.box.url, "VOICECORE_ENGINE": "tone", "VOICECORE_WORKER_ENGINES": "tone",
            "VOICECORE_DATA_DIR": str(self.folder / "data"), "VOICECORE_TESTING_TONE": json.dumps({"step_s": self.step_s}),
        }  # fmt: skip

    @functools.cached_property
    def _container(self):
        settings = Settings(redis_url=self.box.url, engine="tone", data_dir=self.folder / "data", max_queued=1_000_000)
        # Thousands of jobs are posted at once, faster than over HTTP: that some rings get lost then is said once too often.
        logging.getLogger("voicecore").setLevel(logging.ERROR)
        return build(settings)

    def close(self) -> None:
        self._container.doorbell().close()
        self._container.catalog().close()
        self._container.store().close()

    def _request(self, number: int) -> SynthesisRequest:
        # A seed of its own for each job keeps the segment cache out of the figures.
        return SynthesisRequest(text=TEXT, source_language=PT, seed=number)

    def submit(self, first: int, count: int) -> None:
        submit = self._container.submit_synthesis()
        self.posted += count
        self.ids += [submit(self._request(number)).id for number in range(first, first + count)]

    def starts(self) -> int:
        store = self._container.store()
        return sum(job.attempt for each in self.ids if (job := store.get(each)) is not None)

    def ended(self) -> int:
        counts = self._container.store().counts()
        return counts[JobStatus.COMPLETED] + counts[JobStatus.FAILED]

    def failed(self) -> int:
        return self._container.store().counts()[JobStatus.FAILED]

    def ends(self) -> Counter[str]:
        """By the workers' logs, which say every end that was written; and the store, since a dead worker may not have said it."""
        said: Counter[str] = Counter()
        for log in self.folder.glob("worker-*.log"):
            for line in log.read_text("utf-8", "replace").splitlines():
                if ": completed" in line or ": failed" in line:
                    said[line.split("job job_", 1)[1].split()[0]] += 1
        store = self._container.store()
        for each in self.ids:
            job = store.get(each)
            if job is not None and job.status.finished:
                said[str(each).removeprefix("job_")] = max(1, said[str(each).removeprefix("job_")])
        return said

    def latencies_ms(self, count: int, gap_s: float) -> list[float]:
        submit, store, taken = self._container.submit_synthesis(), self._container.store(), []
        for number in range(count):
            before = time.time()
            job = submit(self._request(number))
            while not (job := store.get(job.id)).status.finished:
                time.sleep(0.005)
            taken.append(1000 * (job.started_at.timestamp() - before))
            time.sleep(gap_s * (0.5 + number % 10 / 10))
        return taken


@functools.cache
def celery_python() -> str:
    """The interpreter of an environment with Celery, beside the running one. Made at the first call, by pip.

    voicecore and numpy are lent to it by a path that comes after its own packages.
    """
    folder = Path(sys.prefix) / "celery-peer"
    python = folder / "bin" / "python"
    lent = "\n".join(sorted({str(Path(each.__file__).parents[1]) for each in (voicecore, np)})) + "\n"
    # Benchmarks run side by side: what is whole stays as it is, for a worker of another one may just read it.
    stamp, wanted = folder / "made.txt", f"{CELERY}\n{lent}"
    if stamp.is_file() and stamp.read_text("utf-8") == wanted:
        return str(python)
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    for pause_s in (5, 20, 60, 0):
        command = [str(python), "-m", "pip", "install", "-q", CELERY, "hiredis"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            break
        time.sleep(pause_s)  # a registry that stutters
    else:
        raise SystemExit(f"Celery, the peer, cannot be installed:\n{done.stderr[-2000:]}")
    packages = next((folder / "lib").glob("python3*/site-packages"))
    (packages / "lent.pth").write_text(lent, "utf-8")
    stamp.write_text(wanted, "utf-8")
    return str(python)


class CeleryFleet(Fleet):
    """`celery worker` with one process each, and `delay`."""

    name = "Celery"
    ready_word = " ready."

    def command(self) -> list[str]:
        return [celery_python(), "-m", "celery", "-A", "celery_app", "worker", "-c", "1", "-l", "INFO", "-n",
                f"w{self._logs}@%h", "--without-gossip", "--without-mingle"]  # fmt: skip

    def environment(self) -> dict[str, str]:
        more = {} if self.lease_s is None else {"BENCH_VISIBILITY_S": str(int(self.lease_s))}
        return os.environ | more | {
            "BENCH_REDIS_URL": self.box.url, "BENCH_FOLDER": str(self.folder), "BENCH_TEXT": TEXT,
            "PYTHONPATH": str(HERE), "VOICECORE_TESTING_TONE": json.dumps({"step_s": self.step_s}),
        }  # fmt: skip

    def _client(self, *words: object) -> str:
        command = [celery_python(), str(HERE / "celery_app.py"), *map(str, words)]
        return subprocess.run(command, env=self.environment(), check=True, capture_output=True, text=True).stdout

    def submit(self, first: int, count: int) -> None:
        self.posted += count
        self._client("submit", first, count)

    def starts(self) -> int:
        return int(self.box.client.llen("bench:starts"))

    def ended(self) -> int:
        return len(self.ends())

    def failed(self) -> int:
        return 0  # what fails is not written down as ended

    def ends(self) -> Counter[str]:
        return Counter(each.decode() for each in self.box.client.lrange("bench:ends", 0, -1))

    def close(self) -> None:
        """Its posters are processes that have ended."""

    def latencies_ms(self, count: int, gap_s: float) -> list[float]:
        return list(json.loads(self._client("latency", count, gap_s)))


@contextlib.contextmanager
def deployed(kind: type[Fleet], *, step_s: float = 0.0, lease_s: float | None = None) -> Iterator[Fleet]:
    """A fleet over a Redis and a folder of its own, without workers yet."""
    with running_redis() as box, tempfile.TemporaryDirectory() as folder:
        fleet = kind(box, Path(folder), step_s=step_s, lease_s=lease_s)
        try:
            yield fleet
        finally:
            fleet.close()


@contextlib.contextmanager
def working(fleet: Fleet, count: int) -> Iterator[None]:
    """So many workers, ready, and ended afterwards."""
    try:
        fleet.start(count)
        yield
    finally:
        fleet.stop()
