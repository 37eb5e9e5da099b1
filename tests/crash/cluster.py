"""A whole deployment on one machine: a redis-server, services, workers, each a process that a test may kill."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
from tests.crash.texts import samples_of, stuck_at
from tests.instruments.free_port import free_port
from tests.instruments.processes import runs
from tests.instruments.redis_server import RedisServer
from tests.instruments.tcp_proxy import TcpProxy

from adapters.redisclient import connect

#: Short, for tests that see leases run out. Everywhere else they have their default length, which no pause of a busy machine
#: outlasts, and a test says when they are over (`Cluster.end_leases`).
SHORT_LEASE_S = 3.0
#: How long whatever must come is waited for. Only a defect takes so long.
PATIENCE_S = 120.0
FINISHED = ("completed", "failed", "cancelled")


#: Ends the leases of one worker, named by its process id, in one step: a job that ends meanwhile stays as it is.
_END_LEASES = """
local ended = 0
for _, id in ipairs(redis.call('ZRANGE', 'voicecore:leases', 0, -1)) do
  local key = 'voicecore:job:' .. id
  if string.find(redis.call('HGET', key, 'worker'), ARGV[1], 1, true) then
    redis.call('HSET', key, 'until_us', 0)
    redis.call('ZADD', 'voicecore:leases', 0, id)
    ended = ended + 1
  end
end
return ended
"""


def until(condition, seconds=PATIENCE_S, what="it"):
    """The first truthy answer."""
    end = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < end, f"{what} never happened"
        time.sleep(0.02)
    return answer


class Program:
    """A `voicecore` command in a process of its own, with its log in a file."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self._command, self._environment, self.log_path = command, environment, log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin, once more if it ended."""
        with self.log_path.open("ab") as sink:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "entrypoints.cli", *self._command], env=self._environment, stdout=sink,
                stderr=sink, cwd=self.log_path.parent,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def logged(self) -> str:
        return self.log_path.read_text("utf-8", "replace")

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.pid).children(recursive=True)

    def kill(self) -> None:
        """SIGKILL; its orphaned children see the end of their input and leave."""
        if self.alive:
            children = []
            with contextlib.suppress(psutil.Error):
                children = self.children()
            self.process.kill()
            self.process.wait()
            until(lambda: not any(map(runs, children)), what="the end of its children")

    def terminate(self, seconds=PATIENCE_S) -> int:
        """SIGTERM; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def pause(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)


class Api(Program):
    """`voicecore serve` and a client of it."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        port = free_port()
        super().__init__(["serve"], {**environment, "VOICECORE_PORT": str(port)}, log)
        self.url = f"http://127.0.0.1:{port}"
        self.client = httpx.Client(base_url=self.url, timeout=PATIENCE_S)

    def start(self) -> None:
        super().start()
        until(lambda: not self.alive or self._answers("/live"), what="the start of the service")
        assert self.alive, self.logged()

    def _answers(self, path: str) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return self.client.get(path).status_code == 200
        return False

    def ready(self) -> bool:
        return self._answers("/ready")

    def submit(self, text: str, **fields: Any) -> str:
        """The id of an accepted job."""
        headers = {"Idempotency-Key": key} if (key := fields.pop("key", None)) else {}
        body = {"mode": "dubbing", "source_language": "pt-BR", "text": text, **fields}
        answer = self.client.post("/jobs", json=body, headers=headers)
        assert answer.status_code == 202, answer.text
        return answer.json()["id"]

    def job(self, job_id: str) -> dict[str, Any]:
        return self.client.get(f"/jobs/{job_id}").raise_for_status().json()

    def finished(self, job_id: str, seconds=PATIENCE_S) -> dict[str, Any]:
        return until(lambda: (job := self.job(job_id))["status"] in FINISHED and job, seconds, f"the end of {job_id}")

    def audio(self, job_id: str) -> bytes:
        return self.client.get(f"/jobs/{job_id}/download").raise_for_status().content

    def sound(self, job_id: str) -> bytes:
        """The samples of its audio: what two jobs that ask for the same have in common, beside their marks."""
        return samples_of(self.audio(job_id)).tobytes()

    def done_segments(self, job_id: str) -> int:
        return self.job(job_id)["segments"]["done"]

    def stuck(self, job_id: str, number: int) -> None:
        """Wait until a job hangs at this one of its sentences (`stuck_at`)."""
        until(lambda: self.done_segments(job_id) == number - 1, what=f"sentence {number}")


class Cluster:
    """Redis (perhaps behind a proxy), services, workers, one folder of blobs that they share."""

    def __init__(self, folder: Path, *, appendfsync: str = "everysec", **settings: str) -> None:
        self.folder = folder
        self.redis = RedisServer(folder / "redis", appendfsync=appendfsync).start()
        self.proxy = TcpProxy(self.redis.port)
        #: What is `held_at` a sentence goes on once this file is there.
        self.gate = folder / "go on"
        self._settings = settings
        self._programs: list[Program] = []

    def environment(
        self, *, proxied: bool = False, plan: dict[str, Any] | None = None, **settings: str
    ) -> dict[str, str]:
        port = self.proxy.port if proxied else self.redis.port
        clean = {name: value for name, value in os.environ.items() if not name.startswith("VOICECORE_")}
        tone = {"segment_limit": 60, "batch_size": 1, **(plan or {})}
        return clean | {
            "VOICECORE_REDIS_URL": f"redis://127.0.0.1:{port}/0", "VOICECORE_ENGINE": "tone",
            "VOICECORE_DATA_DIR": str(self.folder / "data"), "VOICECORE_DRAIN_S": "1",
            "VOICECORE_TESTING_TONE": json.dumps(tone),
            # Some have the size of their files bounded meanwhile, and would leave half a compiled module to everybody.
            "PYTHONDONTWRITEBYTECODE": "1", **self._settings, **settings,
        }  # fmt: skip

    def api(self, *, proxied: bool = False, **settings: str) -> Api:
        return self._started(Api(self.environment(proxied=proxied, **settings), self._log("api")))

    def worker(
        self, *, proxied: bool = False, plan: dict[str, Any] | None = None, slots: int = 1, **settings: str
    ) -> Program:
        """A worker; `plan` is its tone engine's."""
        environment = self.environment(proxied=proxied, plan=plan, VOICECORE_WORKER_ENGINES="tone", **settings)
        worker = self._started(Program(["worker", "--slots", str(slots)], environment, self._log("worker")))
        until(lambda: not worker.alive or '"working"' in worker.logged(), what="the start of the worker")
        assert worker.alive, worker.logged()
        return worker

    def held_at(self, number: int) -> dict[str, Any]:
        """The plan of an engine that waits at this sentence until `gate` is touched."""
        return stuck_at(number, self.gate)

    def kill(self, worker: Program) -> None:
        """SIGKILL, and the lease of what it ran is over."""
        worker.kill()
        assert self.end_leases(worker) == 1

    def end_leases(self, worker: Program) -> int:
        """Let the leases of a worker be over, as if their time had passed; how many there were."""
        with connect(self.redis.url, timeout_s=PATIENCE_S) as client:
            return int(client.eval(_END_LEASES, 0, f"-{worker.pid}-"))

    def blobs(self, pattern: str) -> list[Path]:
        """Files of blobs, by a glob of their keys' folders (`jobs+/*/a1+/audio.wav`)."""
        return sorted(path for path in (self.folder / "data" / "blobs").glob(pattern) if path.is_file())

    def _log(self, kind: str) -> Path:
        return self.folder / f"{kind}-{len(self._programs)}.log"

    def _started(self, program):
        self._programs.append(program)
        program.start()
        return program

    def close(self) -> None:
        for program in self._programs:
            if program.alive:
                with contextlib.suppress(ProcessLookupError):
                    program.resume()
                program.kill()
            if isinstance(program, Api):
                program.client.close()
        self.proxy.close()
        self.redis.kill()
