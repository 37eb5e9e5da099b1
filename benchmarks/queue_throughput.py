"""Jobs per second with 1, 2 and 4 worker processes, beside Celery on an equal Redis; and what the queue costs a job.

The jobs wait before the workers start; counted is what ends in a window in which all of them work. A job of 200 ms
waits for its model (as for a graphics card), so two cores can serve four; a job without work shows the limit.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from fleets import TEXT, CeleryFleet, Fleet, VoicecoreFleet, deployed, working
from tables import Row, median, spread
from wav_file import write_wav

import voicecore

STEP_S = 0.2
CREWS = (1, 2, 4)


def _rate(fleet: Fleet, window_s: float) -> float:
    """Jobs that end per second, once every worker has warmed up."""
    time.sleep(min(1.0, window_s))
    before, began = fleet.ended(), time.perf_counter()
    time.sleep(window_s)
    while fleet.ended() == before and fleet.ended() < fleet.posted:
        # A slow machine, in the short window of a smoke.
        time.sleep(0.1)
    return (fleet.ended() - before) / (time.perf_counter() - began)


Rates = dict[int, list[float]]


def _one_rate(fleet: Fleet, count: int, backlog: int, window_s: float) -> float:
    """With so many workers, while enough jobs wait. Where they run out, as while this process stands still, again with more."""
    for times in (1, 2, 4, 8):
        fleet.submit(fleet.posted, times * backlog - (fleet.posted - fleet.ended()))
        with working(fleet, count):
            rate = _rate(fleet, window_s)
            ran_out = fleet.ended() >= fleet.posted
        if fleet.failed():
            raise SystemExit(f"{fleet.failed()} jobs failed, so their rate means nothing")
        if not ran_out:
            return rate
    raise SystemExit(f"the backlog of {times * backlog} jobs ran out; this machine needs a larger one")


def _rates(
    step_s: float, backlogs: tuple[int, int], window_s: float, rounds: int, crews: tuple[int, ...]
) -> tuple[Rates, Rates]:
    """Workers → jobs per second, ours and the peer's. Sides and sizes take turns, so that a slow minute hits all."""
    ours, peer = ({count: [] for count in crews} for _ in range(2))
    with deployed(VoicecoreFleet, step_s=step_s) as first, deployed(CeleryFleet, step_s=step_s) as second:
        for _ in range(rounds):
            for count in crews:
                ours[count].append(_one_rate(first, count, backlogs[0], window_s))
                peer[count].append(_one_rate(second, count, backlogs[1], window_s))
    return ours, peer


def _direct_ms(rounds: int) -> list[float]:
    """The same text through the library, in this process, and a WAV file of it: milliseconds a job."""
    studio = voicecore.open("tone")
    taken = []
    with tempfile.TemporaryDirectory() as folder:
        for each in range(rounds):
            began = time.perf_counter()
            for seed in range(100):
                audio = studio.say(TEXT, language="pt-BR", seed=seed)
                write_wav(Path(folder) / f"{each}-{seed}.wav", audio.samples, audio.sample_rate_hz)
            taken.append(10 * (time.perf_counter() - began))
    studio.close()
    return taken


def _rows(what: str, ours: Rates, peer: Rates) -> list[Row]:
    rows = [
        Row(
            f"{what}, {count} worker{'s' * (count > 1)}",
            median(ours[count]),
            "jobs/s",
            median(peer[count]),
            "Celery",
            spread=spread(ours[count]),
        )
        for count in ours
    ]
    for count in list(ours)[1:]:
        scaling = median(ours[count]) / median(ours[1])
        rows.append(
            Row(f"{what}, {count} workers over one", scaling, "x", median(peer[count]) / median(peer[1]), "Celery")
        )
    return rows


def run(*, smoke: bool) -> list[Row]:
    window_s, rounds, crews = (0.5, 1, (1, 2)) if smoke else (5.0, 3, CREWS)
    slow = _rates(STEP_S, (100, 100) if smoke else (300, 300), window_s, rounds, crews)
    fast = _rates(0.0, (1_000, 2_500) if smoke else (4_000, 10_000), window_s, rounds, crews)
    direct = _direct_ms(rounds)
    job_ms = [1000 / rate for rate in fast[0][1]]
    return [
        *_rows("jobs of 200 ms", *slow),
        *_rows("jobs without work", *fast),
        Row("one job without work, one worker", median(job_ms), "ms", median(direct), "library and a WAV file, in process",
            spread=spread(job_ms)),
    ]  # fmt: skip
