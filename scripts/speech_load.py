"""What one job costs, what comes in over a day, and jobs drawn from both, for `simulate_scaling.py`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from queueing import Seconds

DAY_S = 86_400.0
TEXT_LIMIT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one job costs; the defaults are docs/performance.md's and docs/scaling.md says where each is from.

    Attributes:
        rtf: real-time factor, seconds of work for one second of sound.
        audio_s_per_character: sound that a character of text becomes.
        characters_per_segment: of a usual sentence.
        job_overhead_s, segment_overhead_s: on top of the model.
        enrol_s: work of one enrolment.
        audio_bytes_per_s: of the master WAV.
        redis_per_job, redis_per_segment: commands of one job from POST to its end, and of each segment of it.
        redis_per_busy_s, redis_per_idle_s: commands per second of a slot with and without a job.
        redis_commands_per_s: what one Redis gets done with one core.
        redis_bytes_per_job: memory of a finished job's record while it is kept.
    """

    rtf: float = 0.355
    audio_s_per_character: float = 0.061
    characters_per_segment: float = 78.0
    job_overhead_s: float = 0.007
    segment_overhead_s: float = 0.002
    enrol_s: float = 0.92
    audio_bytes_per_s: float = 48_000.0
    redis_per_job: float = 34.0
    redis_per_segment: float = 2.0
    redis_per_busy_s: float = 9.0
    redis_per_idle_s: float = 5.0
    redis_commands_per_s: float = 40_000.0
    redis_bytes_per_job: float = 4_000.0


#: `faster` stands for an engine on a graphics card: its real-time factor is an assumption, everything else as measured.
ENGINES = {"kokoro-cpu": Figures(), "faster": Figures(rtf=0.03)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What comes in.

    Attributes:
        peak: rate of the busiest moment over the mean rate of the day.
        burst_share, burst_size: this share of the jobs comes in bursts of so many at once.
        characters, spread: mean length of a text, and its standard deviation over that mean (log-normal).
        enrol_share: jobs that learn a voice.
    """

    jobs_per_day: float
    peak: float = 3.0
    burst_share: float = 0.2
    burst_size: int = 10
    characters: float = 400.0
    spread: float = 1.0
    enrol_share: float = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Jobs:
    """Drawn jobs: when they come (s, ascending), their work (s), segments, and seconds of sound."""

    arrivals: Seconds
    services: Seconds
    segments: Sequence[int]
    audio_s: Seconds


def concentration(peak: float) -> float:
    """The k of the day's rate exp(k cos)/I0(k) (the von Mises density), whose largest value over its mean is e^k/I0(k) = `peak`."""
    low, high = 0.0, 700.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if math.exp(middle) / float(np.i0(middle)) < peak else (low, middle)
    return low


def arrivals(load: Load, days: int, seed: int) -> Seconds:
    """Arrival times, from the quietest hour on: a Poisson process in the day's changing rate, part of it in bursts."""
    chance = np.random.default_rng([seed, 1])
    total = load.jobs_per_day * days
    singles = chance.poisson(total * (1 - load.burst_share))
    bursts = chance.poisson(total * load.burst_share / load.burst_size)
    minutes = np.arange(0, 1441) * 60.0
    rate = np.exp(concentration(load.peak) * np.cos(2 * np.pi * (minutes / DAY_S - 0.5)))
    steps = np.concatenate([[0.0], np.cumsum((rate[1:] + rate[:-1]) / 2)])
    places = np.concatenate([chance.random(singles), np.repeat(chance.random(bursts), load.burst_size)]) * days
    whole = np.floor(places)
    # A uniform place in the day's cumulated rate is a time at that rate.
    return np.sort(whole * DAY_S + np.interp(places - whole, steps / steps[-1], minutes))


def draw(load: Load, figures: Figures, days: int, seed: int) -> Jobs:
    """Jobs of so many days. The same seed draws the same jobs whatever the crew (common random numbers)."""
    times = arrivals(load, days, seed)
    chance = np.random.default_rng([seed, 2])
    sigma2 = math.log(1 + load.spread**2)
    characters = chance.lognormal(math.log(load.characters) - sigma2 / 2, math.sqrt(sigma2), len(times))
    characters = np.clip(characters, 1, TEXT_LIMIT)
    enrols = chance.random(len(times)) < load.enrol_share
    segments = np.where(enrols, 1, np.ceil(characters / figures.characters_per_segment)).astype(int)
    audio_s = np.where(enrols, 0.0, characters * figures.audio_s_per_character)
    work = np.where(enrols, figures.enrol_s, audio_s * figures.rtf + segments * figures.segment_overhead_s)
    return Jobs(times, work + figures.job_overhead_s, segments.tolist(), audio_s)
