"""A discrete-event simulation of jobs that wait for workers: first come, first served, with leases and a bounded queue.

It knows nothing of speech: times go in, times come out. `simulate_scaling.py` feeds it, and its tests hold it against the
formulas of queueing theory.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Seconds = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """Who works, and what happens when one of them dies.

    Attributes:
        workers: jobs that can run at once (slots), all alike.
        max_queued: jobs that may wait; the next is refused. None: no bound.
        mtbf_s: mean time between failures of one worker, exponentially distributed; infinity: none ever fails.
        lease_s: how long a dead worker's job is left alone. The lease is renewed every third of it, so two thirds to
            all of it are left at a death.
        sweep_s: until somebody looks after that, at most.
        restart_s: from a worker's death until it works again.
    """

    workers: int
    max_queued: int | None = None
    mtbf_s: float = math.inf
    lease_s: float = 30.0
    sweep_s: float = 5.0
    restart_s: float = 15.0


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What became of the jobs. Arrays have one value a job, in the order of arrival; NaN where a job was refused.

    Attributes:
        waits: seconds from arrival to the first start.
        stays: seconds from arrival to the end.
        refused: jobs turned away.
        lost_leases: deaths of workers that had a job; each was done again from its first missing segment.
        busy_s: seconds that workers worked, all together.
        in_system_s: integral of the number of jobs waiting or running over time, counted apart from `stays` (Little's law).
        end_s: when the last job ended.
    """

    waits: Seconds
    stays: Seconds
    refused: int
    lost_leases: int
    busy_s: float
    in_system_s: float
    end_s: float


class _Kind(IntEnum):
    """Events, in the order in which simultaneous ones happen."""

    DONE = 0
    BACK = 1
    LEASE_OVER = 2
    DEATH = 3


class _Run:
    """The state of one simulation. Waiting jobs and free workers are heaps: the oldest job goes to the lowest number."""

    def __init__(
        self, arrivals: Seconds, work: Seconds, pieces: Sequence[int], crew: Crew, lives: Iterator[float], seed: int
    ) -> None:
        self.arrivals, self.work, self.pieces = arrivals.tolist(), work.tolist(), list(pieces)
        self.crew, self.lives, self.chance = crew, lives, np.random.default_rng(seed)
        count, workers = len(self.arrivals), crew.workers
        self.first, self.ended = [math.nan] * count, [math.nan] * count
        self.events: list[tuple[float, int, int, int]] = []
        self.waiting: list[int] = []
        self.free, self.idle = list(range(workers)), [True] * workers
        self.running, self.since, self.turn = [-1] * workers, [0.0] * workers, [0] * workers
        self.refused = self.lost = self.inside = 0
        self.now = self.busy_s = self.area = 0.0
        for worker in range(workers):
            self._let_live(worker)

    def go(self) -> None:
        """Until every job has ended or was refused."""
        job, count = 0, len(self.arrivals)
        while job < count or self.inside:
            if job < count and not (self.events and self.events[0][0] <= self.arrivals[job]):
                self._pass_to(self.arrivals[job])
                self._arrive(job)
                job += 1
            else:
                at, kind, number, turn = heapq.heappop(self.events)
                self._pass_to(at)
                self._happen(kind, number, turn)
            self._match()

    def _pass_to(self, at: float) -> None:
        self.area += self.inside * (at - self.now)
        self.now = at

    def _happen(self, kind: int, number: int, turn: int) -> None:
        if kind == _Kind.DONE:
            self._done(number, turn)
        elif kind == _Kind.DEATH:
            self._die(number)
        elif kind == _Kind.BACK:
            self._let_live(number)
            self._release(number)
        else:
            heapq.heappush(self.waiting, number)

    def _arrive(self, job: int) -> None:
        bound = self.crew.max_queued
        if bound is not None and len(self.waiting) >= bound and self._idle_worker() is None:
            self.refused += 1
            return
        self.inside += 1
        heapq.heappush(self.waiting, job)

    def _idle_worker(self) -> int | None:
        """The lowest number that is idle. Entries of workers that died meanwhile are thrown away here."""
        while self.free and not self.idle[self.free[0]]:
            heapq.heappop(self.free)
        return self.free[0] if self.free else None

    def _match(self) -> None:
        """Give waiting jobs to idle workers."""
        while self.waiting and (worker := self._idle_worker()) is not None:
            job = heapq.heappop(self.waiting)
            self.idle[worker] = False
            self.running[worker], self.since[worker] = job, self.now
            self.turn[worker] += 1
            if math.isnan(self.first[job]):
                self.first[job] = self.now
            heapq.heappush(self.events, (self.now + self.work[job], _Kind.DONE, worker, self.turn[worker]))

    def _done(self, worker: int, turn: int) -> None:
        if turn != self.turn[worker]:
            return  # it died before it got there
        self.ended[self.running[worker]] = self.now
        self.inside -= 1
        self.busy_s += self.now - self.since[worker]
        self._release(worker)

    def _release(self, worker: int) -> None:
        self.running[worker] = -1
        self.idle[worker] = True
        heapq.heappush(self.free, worker)

    def _die(self, worker: int) -> None:
        job, crew = self.running[worker], self.crew
        self.idle[worker] = False
        self.turn[worker] += 1
        if job >= 0:
            worked = self.now - self.since[worker]
            self.busy_s += worked
            self.lost += 1
            self.running[worker] = -1
            self._keep_whole_pieces(job, worked)
            left = crew.lease_s * (2 + self.chance.random()) / 3 + crew.sweep_s * self.chance.random()
            heapq.heappush(self.events, (self.now + left, _Kind.LEASE_OVER, job, 0))
        heapq.heappush(self.events, (self.now + crew.restart_s, _Kind.BACK, worker, 0))

    def _keep_whole_pieces(self, job: int, worked: float) -> None:
        """Segments that were finished are in the cache; the one under way is lost."""
        piece = self.work[job] / self.pieces[job]
        done = min(self.pieces[job] - 1, int(worked / piece)) if piece > 0 else 0
        self.work[job] -= done * piece
        self.pieces[job] -= done

    def _let_live(self, worker: int) -> None:
        life = next(self.lives)
        if life < math.inf:
            heapq.heappush(self.events, (self.now + life, _Kind.DEATH, worker, 0))


def exponential(mean_s: float, seed: int) -> Iterator[float]:
    """Lives of workers, one after another; with an infinite mean nobody dies."""
    chance = np.random.default_rng(seed)
    while True:
        yield math.inf if mean_s == math.inf else float(chance.exponential(mean_s))


def simulate(
    arrivals: Seconds, services: Seconds, crew: Crew, *,
    pieces: Sequence[int] | None = None, lives: Iterator[float] | None = None, seed: int = 0,
) -> Outcome:  # fmt: skip
    """Let the jobs come and the crew work.

    Args:
        arrivals: seconds, ascending, one a job.
        services: seconds of work of each job on one worker, of the same length.
        pieces: segments of each job (at least 1), of equal length: what a dead worker's successor need not do again.
        lives: seconds that workers live, in the order in which they (re)start; by default exponential with the crew's mean.
        seed: of failures; the same arguments give the same outcome.
    """
    if crew.workers < 1 or len(arrivals) != len(services) or (np.diff(arrivals) < 0).any():
        raise ValueError("give at least one worker, and as many services as ascending arrivals")
    each = [1] * len(arrivals) if pieces is None else pieces
    run = _Run(arrivals, services, each, crew, lives or exponential(crew.mtbf_s, seed), seed + 1)
    run.go()
    return Outcome(
        waits=np.array(run.first) - arrivals, stays=np.array(run.ended) - arrivals, refused=run.refused,
        lost_leases=run.lost, busy_s=run.busy_s, in_system_s=run.area, end_s=run.now,
    )  # fmt: skip
