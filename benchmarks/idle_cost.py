"""What an idle worker asks of Redis, beside Celery's, and what a job does: commands, processor time, memory."""

from __future__ import annotations

import time

from fleets import CeleryFleet, Fleet, VoicecoreFleet, deployed, working
from redis_box import watching
from tables import Row, median, spread


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


def _per_job(kind: type[Fleet], count: int) -> tuple[float, float, float]:
    """A job's commands from clients, the server's processor milliseconds for it, and kilobytes that stay of it."""
    with deployed(kind) as fleet, working(fleet, 1):
        box = fleet.box
        _finish(fleet, 0, 20)
        memory, cpu_s = box.memory(), box.cpu_s()
        _finish(fleet, 100, count)
        kilobytes = (box.memory() - memory) / count / 1000
        milliseconds = 1000 * (box.cpu_s() - cpu_s) / count
        return _commands(fleet, min(count, 30), 0.5), milliseconds, kilobytes


def _commands(fleet: Fleet, count: int, job_s: float) -> float:
    """Commands of one job, posting included, without those of an idle worker. Nobody looks meanwhile whether it is done."""
    # The doorbells of earlier jobs are answered to the last.
    time.sleep(20)
    with watching(fleet.box) as idle:
        time.sleep(10)
    before, began = fleet.ended(), time.monotonic()
    with watching(fleet.box) as seen:
        fleet.submit(100_000, count)
        time.sleep(5 + 1.2 * job_s * count)
        took_s = time.monotonic() - began
    if fleet.ended() < before + count:
        raise SystemExit(f"{count} jobs were not done within {took_s:.0f} s; this machine needs longer")
    return (seen.total - idle.total * took_s / 10) / count


def _per_busy_s(count: int) -> float:
    """Commands of each second of a running job of ours beyond an idle worker's: it is renewed, and looked after for a cancellation."""
    with deployed(VoicecoreFleet, step_s=4.0) as slow, working(slow, 1):
        long = _commands(slow, count, 4.1)
    with deployed(VoicecoreFleet) as fast, working(fast, 1):
        return (long - _commands(fast, count, 0.5)) / 4.0


def run(*, smoke: bool) -> list[Row]:
    window_s, rounds, jobs = (2.0, 1, 20) if smoke else (10.0, 3, 300)
    rows = []
    for workers in (1, 4):
        ours, peer = (_idle(kind, window_s, rounds, workers) for kind in (VoicecoreFleet, CeleryFleet))
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
    ours, peer = (_per_job(kind, jobs) for kind in (VoicecoreFleet, CeleryFleet))
    return [
        *rows,
        Row("a job of one segment: commands sent to Redis", ours[0], "", peer[0], "Celery"),
        Row("a job of one segment: Redis' processor", ours[1], "ms", peer[1], "Celery"),
        Row("each second of a running job: commands beyond an idle worker's", _per_busy_s(2 if smoke else 10), "/s"),
        Row("a finished job: Redis' memory", ours[2], "kB", peer[2], "Celery"),
    ]
