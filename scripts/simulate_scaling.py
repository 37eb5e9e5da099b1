"""How many workers hold a load at a given waiting time, and when one Redis is no longer enough.

    python scripts/simulate_scaling.py --engine kokoro-cpu --jobs-per-day 1000 10000 --workers 1 2 4
    python scripts/simulate_scaling.py --engine faster --jobs-per-day 1000000 --p99-end-s 30

Without --workers it looks for the least number whose p99 in the three busiest hours of the day stays under the target.
docs/scaling.md says which figures were measured and which are assumed; every one of them is an option.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from queueing import Crew, Outcome, Seconds, simulate
from speech_load import DAY_S, ENGINES, Figures, Jobs, Load, draw

HOUR_S = 3_600.0
#: A queue is longest after the busiest hour, so its neighbours count too.
BUSY_HOURS = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """One load on one crew. Percentiles in seconds, of the three busiest hours of the day."""

    workers: int
    wait_p50: float
    wait_p99: float
    end_p99: float
    day_wait_p99: float
    utilisation: float
    refused: float
    lost_leases: int


def judge(jobs: Jobs, crew: Crew, outcome: Outcome, days: int) -> Verdict:
    """Percentiles and shares of an outcome."""
    hour = (jobs.arrivals % DAY_S) // HOUR_S
    busiest = np.isin(hour, np.argsort(np.bincount(hour.astype(int), minlength=24))[-BUSY_HOURS:])
    taken = ~np.isnan(outcome.waits)
    peak = taken & busiest

    def percentile(values: Seconds, mask: np.ndarray, share: float) -> float:
        return float(np.percentile(values[mask], share)) if mask.any() else math.nan

    return Verdict(
        crew.workers, percentile(outcome.waits, peak, 50), percentile(outcome.waits, peak, 99),
        percentile(outcome.stays, peak, 99), percentile(outcome.waits, taken, 99),
        outcome.busy_s / crew.workers / max(outcome.end_s, days * DAY_S), outcome.refused / len(taken), outcome.lost_leases,
    )  # fmt: skip


def least(holds: Callable[[int], bool], start: int) -> int:
    """The least number of workers that holds, found by doubling and halving; it takes for granted that more are not worse."""
    low, high = 0, max(1, start)
    while not holds(high):
        low, high = high, 2 * high
    while high - low > max(1, high // 500):
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def redis_row(load: Load, figures: Figures, jobs: Jobs, workers: int, days: int, keep_h: float) -> list[str]:
    """What the load asks of one Redis in the busiest moment, and of the disk."""
    count = len(jobs.arrivals)
    per_s = load.peak * load.jobs_per_day / DAY_S
    job_commands = figures.redis_per_job + figures.redis_per_segment * sum(jobs.segments) / count
    slots = max(figures.redis_per_busy_s, figures.redis_per_idle_s) * workers
    commands = per_s * job_commands + slots
    share = commands / figures.redis_commands_per_s
    kept = load.jobs_per_day * keep_h / 24
    sound = float(jobs.audio_s.sum()) / days * figures.audio_bytes_per_s * keep_h / 24
    return [
        f"{load.jobs_per_day:,.0f}", f"{workers:,}", f"{commands:,.0f}", f"{share:.1%}",
        f"{kept * figures.redis_bytes_per_job / 1e6:,.0f} MB", f"{sound / 1e9:,.1f} GB",
    ]  # fmt: skip


def redis_limit(load: Load, figures: Figures) -> float:
    """Jobs per day of this shape whose busiest moment takes half of what one Redis gets done."""
    one = draw(replace(load, jobs_per_day=20_000), figures, 1, 0)
    count = len(one.arrivals)
    commands = figures.redis_per_job + figures.redis_per_segment * sum(one.segments) / count
    # A quarter more slots than are busy at the peak.
    commands += 1.25 * float(one.services.mean()) * max(figures.redis_per_busy_s, figures.redis_per_idle_s)
    return figures.redis_commands_per_s / 2 / commands * DAY_S / load.peak


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown, numbers to the right."""
    lines = [head, ["---:"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _seconds(value: float) -> str:
    return f"{value:.2f} s" if value < 10 else f"{value:,.0f} s"


def _row(load: Load, verdict: Verdict) -> list[str]:
    return [
        f"{load.jobs_per_day:,.0f}", f"{verdict.workers:,}", _seconds(verdict.wait_p50), _seconds(verdict.wait_p99),
        _seconds(verdict.end_p99), _seconds(verdict.day_wait_p99), f"{verdict.utilisation:.0%}", f"{verdict.refused:.2%}",
        str(verdict.lost_leases),
    ]  # fmt: skip


HEAD = ("jobs/day", "workers", "wait p50", "wait p99", "end p99", "wait p99, day", "busy", "refused", "deaths")
REDIS_HEAD = ("jobs/day", "workers", "commands/s at peak", "of one Redis", "job records", "audio kept")


def report(load: Load, figures: Figures, crew: Crew, chosen: argparse.Namespace) -> tuple[list[list[str]], list[str]]:
    """The table's rows of one load, and its row of the Redis table."""
    days = max(1, math.ceil(chosen.least_jobs / load.jobs_per_day))
    jobs = draw(load, figures, days, chosen.seed)
    tried: dict[int, Verdict] = {}

    def verdict(workers: int) -> Verdict:
        if workers not in tried:
            own = replace(crew, workers=workers)
            outcome = simulate(jobs.arrivals, jobs.services, own, pieces=jobs.segments, seed=chosen.seed)
            tried[workers] = judge(jobs, own, outcome, days)
        return tried[workers]

    def holds(workers: int) -> bool:
        seen = verdict(workers)
        in_time = seen.end_p99 <= chosen.p99_end_s if chosen.p99_end_s else seen.wait_p99 <= chosen.p99_wait_s
        return in_time and seen.refused == 0

    shortest = float(np.percentile(jobs.services, 99))
    if chosen.p99_end_s and not chosen.workers and shortest > chosen.p99_end_s:
        raise SystemExit(
            f"No number of workers is enough: 1 % of the jobs take {shortest:.0f} s of work; raise --p99-end-s."
        )
    mean_load = float(jobs.services.sum()) / days / DAY_S
    numbers = chosen.workers or [least(holds, math.ceil(load.peak * mean_load))]
    rows = [_row(load, verdict(number)) for number in numbers]
    return rows, redis_row(load, figures, jobs, numbers[-1], days, chosen.keep_h)


def read(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line. Every figure, every side of the load and of the crew is an option."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--engine", choices=ENGINES, default="kokoro-cpu", help="set of figures; options below override it"
    )
    parser.add_argument("--jobs-per-day", type=float, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument(
        "--workers", type=int, nargs="*", default=[], help="slots to try; none: look for the least number"
    )
    parser.add_argument(
        "--p99-wait-s", type=float, default=10.0, help="target of the waiting time in the three busiest hours"
    )
    parser.add_argument("--p99-end-s", type=float, help="target of the time from POST to the end, instead")
    parser.add_argument("--max-queued", type=int, default=1_000, help="as VOICECORE_MAX_QUEUED")
    parser.add_argument("--mtbf-h", type=float, default=24.0, help="mean hours between deaths of one worker; inf: none")
    parser.add_argument("--lease-s", type=float, default=30.0, help="as VOICECORE_LEASE_S")
    parser.add_argument("--keep-h", type=float, default=24.0, help="as VOICECORE_KEEP_JOBS_H")
    parser.add_argument("--least-jobs", type=float, default=50_000, help="simulate as many days as give so many jobs")
    parser.add_argument("--seed", type=int, default=1)
    for kind in (Figures, Load):
        for each in fields(kind):
            if each.name != "jobs_per_day":
                number = int if each.name == "burst_size" else float
                parser.add_argument(f"--{each.name.replace('_', '-')}", type=number, default=None)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = read(arguments)
    given = {name: value for name, value in vars(chosen).items() if value is not None}
    figures = replace(ENGINES[chosen.engine], **{f.name: given[f.name] for f in fields(Figures) if f.name in given})
    load_options = {f.name: given[f.name] for f in fields(Load) if f.name in given and f.name != "jobs_per_day"}
    crew = Crew(workers=1, max_queued=chosen.max_queued, mtbf_s=3600 * chosen.mtbf_h, lease_s=chosen.lease_s)
    rows, redis_rows = [], []
    for per_day in chosen.jobs_per_day:
        more, redis = report(Load(jobs_per_day=per_day, **load_options), figures, crew, chosen)
        rows += more
        redis_rows.append(redis)
    print(table(HEAD, rows))
    print(table(REDIS_HEAD, redis_rows))
    limit = redis_limit(Load(jobs_per_day=1, **load_options), figures)
    print(f"One Redis is half busy in the busiest moment of {float(f'{limit:.2g}'):,.0f} jobs a day.")


if __name__ == "__main__":
    main()
