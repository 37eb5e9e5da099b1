"""What an idle worker asks of Redis, beside Celery's, and what a job does: commands, processor time, memory."""

from __future__ import annotations

import time
from dataclasses import dataclass

from fleets import CeleryFleet, Fleet, VoicecoreFleet, deployed, working
from redis_box import watching
from server import PATIENCE_S
from tables import Row, median, spread


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sizes:
    """How long is looked, in seconds, and how many jobs are done."""

    window_s: float
    rounds: int
    jobs: int
    settle_s: float
    calm_s: float
    long_s: float
    long_jobs: int


_FULL = _Sizes(window_s=10.0, rounds=3, jobs=300, settle_s=20.0, calm_s=10.0, long_s=4.0, long_jobs=10)
_SMOKE = _Sizes(window_s=1.0, rounds=1, jobs=5, settle_s=1.0, calm_s=1.0, long_s=1.0, long_jobs=2)


def _idle(
    kind: type[Fleet], window_s: float, rounds: int, workers: int
) -> tuple[list[float], list[float], list[float]]:
    """Per worker: commands that clients send a second, all that the server runs a second, and its processor's share in %."""
    sent, run, busy = [], [], []
    with deployed(kind) as fleet:
        box = fleet.box
        with working(fleet, workers):
            time.sleep(min(5.0, window_s))
            for _ in range(rounds):
                with watching(box) as seen:
                    time.sleep(window_s)
                sent.append(seen.total / window_s / workers)
                calls, cpu_s = box.calls(), box.cpu_s()
                time.sleep(window_s)
                run.append((box.calls() - calls) / window_s / workers)
                busy.append(100 * (box.cpu_s() - cpu_s) / window_s / workers)
    return sent, run, busy


def _finish(fleet: Fleet, first: int, count: int) -> None:
    before = fleet.ended()
    fleet.submit(first, count)
    while fleet.ended() < before + count:
        time.sleep(0.05)


def _per_job(kind: type[Fleet], sizes: _Sizes) -> tuple[float, float, float]:
    """A job's commands from clients, the server's processor milliseconds for it, and kilobytes that stay of it."""
    with deployed(kind) as fleet, working(fleet, 1):
        box = fleet.box
        _finish(fleet, 0, 20)
        memory, cpu_s = box.memory(), box.cpu_s()
        _finish(fleet, 100, sizes.jobs)
        kilobytes = (box.memory() - memory) / sizes.jobs / 1000
        milliseconds = 1000 * (box.cpu_s() - cpu_s) / sizes.jobs
        return _commands(fleet, min(sizes.jobs, 30), 0.5, sizes), milliseconds, kilobytes


def _commands(fleet: Fleet, count: int, job_s: float, sizes: _Sizes) -> float:
    """Commands of one job, posting included, without those of an idle worker. Nobody looks meanwhile whether it is done."""
    # The doorbells of earlier jobs are answered to the last.
    time.sleep(sizes.settle_s)
    with watching(fleet.box) as idle:
        time.sleep(sizes.calm_s)
    before, began = fleet.ended(), time.monotonic()
    with watching(fleet.box) as seen:
        fleet.submit(100_000, count)
        time.sleep(5 + 1.2 * job_s * count)
        while fleet.ended() < before + count:
            # A machine that stood still. Each look is a command or two among some hundreds.
            if time.monotonic() > began + PATIENCE_S:
                raise SystemExit(f"{count} jobs were not done within {PATIENCE_S:g} s")
            time.sleep(5)
        took_s = time.monotonic() - began
    return (seen.total - idle.total * took_s / sizes.calm_s) / count


def _per_busy_s(sizes: _Sizes) -> float:
    """Commands of each second of a running job of ours beyond an idle worker's: it is renewed, and looked after for a cancellation."""
    with deployed(VoicecoreFleet, step_s=sizes.long_s) as slow, working(slow, 1):
        long = _commands(slow, sizes.long_jobs, sizes.long_s + 0.1, sizes)
    with deployed(VoicecoreFleet) as fast, working(fast, 1):
        return (long - _commands(fast, sizes.long_jobs, 0.5, sizes)) / sizes.long_s


def run(*, smoke: bool) -> list[Row]:
    sizes = _SMOKE if smoke else _FULL
    rows = []
    for workers in (1, 4):
        ours, peer = (_idle(kind, sizes.window_s, sizes.rounds, workers) for kind in (VoicecoreFleet, CeleryFleet))
        name = "one idle worker" if workers == 1 else f"each of {workers} idle workers"
        rows += [
            Row(
                f"{name}: commands sent to Redis",
                median(ours[0]),
                "/s",
                median(peer[0]),
                "Celery",
                spread=spread(ours[0]),
            ),
            Row(
                f"{name}: commands that Redis runs",
                median(ours[1]),
                "/s",
                median(peer[1]),
                "Celery",
                spread=spread(ours[1]),
            ),
            Row(f"{name}: Redis' processor", median(ours[2]), "%", median(peer[2]), "Celery", spread=spread(ours[2])),
        ]
    ours, peer = (_per_job(kind, sizes) for kind in (VoicecoreFleet, CeleryFleet))
    return [
        *rows,
        Row("a job of one segment: commands sent to Redis", ours[0], "", peer[0], "Celery"),
        Row("a job of one segment: Redis' processor", ours[1], "ms", peer[1], "Celery"),
        Row("each second of a running job: commands beyond an idle worker's", _per_busy_s(sizes), "/s"),
        Row("a finished job: Redis' memory", ours[2], "kB", peer[2], "Celery"),
    ]
