"""After kill -9 of a worker with all its children: seconds until its job runs again; and 1 000 jobs with 50 kills.

Celery gives a lost task to another worker when its visibility timeout is over, by default an hour. It is measured with
the timeout set to our lease of 30 s and a look for lost tasks every 10 s, and with its defaults for as long as `PATIENCE_S`.
A timeout is not prolonged while a task runs, so a short one makes long tasks run twice; that is measured too.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass

from fleets import CeleryFleet, Fleet, VoicecoreFleet, deployed, working
from tables import Row, median, spread

LEASE_S = 30.0
PATIENCE_S = 90.0
#: Leases that may pass after the last kill before a job counts as lost.
SIEGE_PATIENCE = 6


def _until(done, patience_s: float) -> float:
    """Seconds until it is done, or infinity."""
    began = time.monotonic()
    while not done():
        if time.monotonic() - began > patience_s:
            return float("inf")
        time.sleep(0.05)
    return time.monotonic() - began


def _again_s(kind: type[Fleet], lease_s: float | None, patience_s: float, renewal_s: float) -> float:
    """From the kill of the worker that has a job until another one has it."""
    with deployed(kind, step_s=15.0, lease_s=lease_s) as fleet, working(fleet, 1):
        fleet.submit(0, 1)
        _until(lambda: fleet.starts() == 1, 30)
        fleet.start(1)
        # Anywhere between two renewals of the lease.
        time.sleep(random.uniform(0, renewal_s))  # noqa: S311 - no secret
        fleet.kill(0)
        taken_s = _until(lambda: fleet.starts() >= 2, patience_s)
        # What was asked is known; a polite end would wait for the rest of the job.
        fleet.kill(0)
        return taken_s


def _runs_of_a_long_job(kind: type[Fleet], lease_s: float, job_s: float) -> int:
    """How often a job that takes longer than the lease is started, when nobody dies."""
    with deployed(kind, step_s=job_s, lease_s=lease_s) as fleet, working(fleet, 2):
        fleet.submit(0, 1)
        _until(lambda: fleet.ended() == 1, job_s + 30)
        return fleet.starts()


@dataclass(frozen=True, slots=True)
class _Siege:
    """What became of many jobs under many kills."""

    lost: int
    doubled: int
    again: int
    took_s: float
    failed: int


def _siege(kind: type[Fleet], jobs: int, kills: int, lease_s: float) -> _Siege:
    """Four workers; one is killed each time so many jobs have ended, and started anew."""
    with deployed(kind, step_s=0.1, lease_s=lease_s) as fleet:
        fleet.submit(0, jobs)
        began = time.monotonic()
        with working(fleet, 4):
            for number in range(1, kills + 1):
                goal = number * (jobs - jobs // 10) // kills
                _until(lambda goal=goal: fleet.ended() >= goal, 120)
                fleet.kill(random.randrange(len(fleet.workers)))  # noqa: S311 - no secret
                fleet.spawn()
            _until(lambda: fleet.ended() >= jobs, SIEGE_PATIENCE * lease_s)
            took_s = time.monotonic() - began
        ends: Counter[str] = fleet.ends()
        return _Siege(
            jobs - len(ends), sum(n > 1 for n in ends.values()), fleet.starts() - jobs, took_s, fleet.failed()
        )


def _siege_rows(jobs: int, kills: int, lease_s: float) -> list[Row]:
    ours, peer = (_siege(kind, jobs, kills, lease_s) for kind in (VoicecoreFleet, CeleryFleet))
    what, name = f"{jobs} jobs, {kills} kills", f"Celery, timeout {lease_s:g} s"
    return [
        Row(f"{what}: jobs that never ended", ours.lost, "", peer.lost, name),
        Row(f"{what}: jobs that ended more than once", ours.doubled, "", peer.doubled, name),
        Row(f"{what}: jobs given up as failed", ours.failed, "", peer.failed, name),
        Row(f"{what}: starts beyond one a job", ours.again, "", peer.again, name),
        Row(f"{what}: all done after", ours.took_s, "s", peer.took_s, name),
    ]


def run(*, smoke: bool) -> list[Row]:
    lease_s = 3.0 if smoke else LEASE_S
    renewal_s = lease_s / 3
    jobs, kills, rounds = (40, 2, 1) if smoke else (1_000, 50, 3)
    ours = [_again_s(VoicecoreFleet, lease_s, 120, renewal_s) for _ in range(rounds)]
    short = [_again_s(CeleryFleet, lease_s, 10 if smoke else 240, renewal_s) for _ in range(rounds)]
    default = _again_s(CeleryFleet, None, 2 if smoke else PATIENCE_S, renewal_s)
    waited_s = 2 if smoke else PATIENCE_S
    seen = "Celery as it comes, which had not" if default == float("inf") else "Celery as it comes"
    long = [_runs_of_a_long_job(kind, lease_s, 1.5 * lease_s + 0.5) for kind in (VoicecoreFleet, CeleryFleet)]
    return [
        Row("after kill -9: the job runs again after", median(ours), "s", median(short),
            f"Celery, timeout {lease_s:g} s", "<= 45 s", spread(ours)),
        Row("the same, beside Celery's default of 3600 s", median(ours), "s", min(default, waited_s), seen, "<= 45 s"),
        Row(f"nobody dies, a job of {1.5 * lease_s + 0.5:g} s: times run", long[0], "", long[1],
            f"Celery, timeout {lease_s:g} s", "1"),
        *_siege_rows(jobs, kills, lease_s),
    ]  # fmt: skip
