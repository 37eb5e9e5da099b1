"""The peer: the same work through Celery on the same Redis, in an environment of its own (Celery needs redis-py 6.4 or newer).

Settings as Celery's documentation recommends them for long tasks that must not be lost: `acks_late`,
`reject_on_worker_lost`, a prefetch of one. Run as a program it is the client: `python celery_app.py submit 100`.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import time
from pathlib import Path

import redis
from celery import Celery
from wav_file import write_wav

import voicecore
from voicecore.studio import Studio

URL = os.environ["BENCH_REDIS_URL"]
FOLDER = Path(os.environ["BENCH_FOLDER"])
TEXT = os.environ["BENCH_TEXT"]

app = Celery("celery_app", broker=URL, backend=URL)
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
)
if seconds := os.environ.get("BENCH_VISIBILITY_S"):
    # With the throttle of 10 as it comes, lost tasks are looked for only every 100 s; kombu's documentation says to lower
    # it with a short timeout. Then it looks every 10 s, as our sweeper does.
    app.conf.broker_transport_options = {"visibility_timeout": int(seconds), "unacked_restore_throttle": 1}


@functools.cache
def _studio() -> Studio:
    return voicecore.open("tone")


@functools.cache
def _log() -> redis.Redis:
    return redis.Redis.from_url(URL)


@app.task
def speak(number: int) -> str:
    """Speak the text; starts and ends are written down for the benchmark."""
    _log().rpush("bench:starts", f"{number} {time.time()}")
    audio = _studio().say(TEXT, language="pt-BR", seed=number)
    path = FOLDER / f"{number}-{time.monotonic_ns()}.wav"
    write_wav(path, audio.samples, audio.sample_rate_hz)
    _log().rpush("bench:ends", number)
    return str(path)


def _submit(first: int, count: int) -> None:
    for number in range(first, first + count):
        speak.delay(number)


def _latency(count: int, gap_s: float) -> None:
    """Milliseconds from `delay` to the task's first line, one task at a time, as JSON."""
    taken = []
    for number in range(count):
        before = time.time()
        speak.delay(number).get(timeout=300)
        line = _log().lindex("bench:starts", -1).decode()
        taken.append(1000 * (float(line.split()[1]) - before))
        time.sleep(gap_s * (0.5 + number % 10 / 10))
    print(json.dumps(taken))


if __name__ == "__main__":
    if sys.argv[1] == "submit":
        _submit(int(sys.argv[2]), int(sys.argv[3]))
    else:
        _latency(int(sys.argv[2]), float(sys.argv[3]))
