"""Peak resident memory of a job as its text grows, measured over the whole service: worker and model process."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
from tables import Row
from texts import characters

_JOB = """
import json, sys
from pathlib import Path
from entrypoints.container import build
from entrypoints.settings import Settings
from voicecore import Language, SynthesisRequest
settings = Settings(engine=sys.argv[1], data_dir=Path(sys.argv[2]), segment_cache_mb=0, threads=2)
with build(settings).service() as service:
    job = service.submit_synthesis(SynthesisRequest(text=sys.stdin.read(), source_language=Language("pt", "BR")))
    import time
    while not (job := service.store.get(job.id)).status.finished:
        time.sleep(0.2)
    print(json.dumps({"status": job.status.value, "duration_s": job.result.duration_s}))
"""


def _peak_mb(engine: str, text: str) -> float:
    """Largest sum of resident memory of the process and its children, looked at every 20 ms."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-c", _JOB, engine, str(Path(folder))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        peak = 0.0
        stop = threading.Event()

        def watch() -> None:
            nonlocal peak
            root = psutil.Process(process.pid)
            while not stop.is_set():
                try:
                    family = [root, *root.children(recursive=True)]
                    peak = max(peak, sum(each.memory_info().rss for each in family))
                except psutil.NoSuchProcess:
                    pass
                time.sleep(0.02)

        watcher = threading.Thread(target=watch)
        watcher.start()
        out, _ = process.communicate(text)
        stop.set()
        watcher.join()
    if json.loads(out)["status"] != "completed":
        raise SystemExit(f"the job did not complete: {out}")
    return peak / 2**20


def run(*, smoke: bool) -> list[Row]:
    engine, small, large = ("tone", 500, 2_000) if smoke else ("kokoro", 500, 10_000)
    short, long = _peak_mb(engine, characters(small)), _peak_mb(engine, characters(large))
    return [
        Row(f"peak memory, {large} characters ({engine})", long, "MB", short, f"{small} characters",
            f"at most {small} characters + 40 MB: {long - short:+.0f} MB", "1 run each"),
    ]  # fmt: skip
