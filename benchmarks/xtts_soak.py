"""Memory over many minutes: a service speaks texts of random length, a fifth of them called off; then nothing, until it unloads."""

from __future__ import annotations

import math
import random
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
from tables import Row
from texts import SENTENCES

from entrypoints.container import build
from entrypoints.service import Service
from entrypoints.settings import Settings
from voicecore import PRESETS, Language, SynthesisRequest
from voicecore.errors import VoiceCoreError
from voicecore.job import JobId

PT = Language("pt", "BR")
WAITING = 4
CALLED_OFF = 0.2
#: Within which they are called off: some wait still then, some are being spoken, some have ended.
PATIENCE_S = 30.0
IDLE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Resident megabytes of the service and of its model processes, so many seconds after the start."""

    at_s: float
    service_mb: float
    models_mb: float


def _sample(began: float) -> Sample:
    own = psutil.Process()
    models = 0
    for child in own.children(recursive=True):
        try:
            models += child.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return Sample(at_s=time.monotonic() - began, service_mb=own.memory_info().rss / 2**20, models_mb=models / 2**20)


def _text(chance: random.Random) -> str:
    """One to six sentences, the last of them cut somewhere."""
    chosen = chance.choices(SENTENCES, k=chance.randint(1, 6))
    chosen[-1] = chosen[-1][: chance.randint(12, len(chosen[-1]))].strip()
    return " ".join(chosen)


def _submit(service: Service, chance: random.Random) -> JobId:
    return service.submit_synthesis(
        SynthesisRequest(
            text=_text(chance), source_language=PT, voice_preset=chance.choice(PRESETS), seed=chance.randrange(2**31)
        )
    ).id


@dataclass(slots=True)
class Traffic:
    """Keeps some jobs waiting and calls some of them off, sooner or later.

    Attributes:
        waiting: job → when it will be called off, by the monotonic clock; infinity for most.
    """

    service: Service
    chance: random.Random
    waiting: dict[JobId, float] = field(default_factory=dict)
    ended: int = 0
    called_off: int = 0
    failed: int = 0

    def go_on(self) -> None:
        """What happens in one moment."""
        now = time.monotonic()
        for job_id, end_at in list(self.waiting.items()):
            job = self.service.store.get(job_id)
            if job is None or job.status.finished:
                del self.waiting[job_id]
                self.ended += 1
                self.failed += job is not None and job.status.value == "failed"
            elif now > end_at:
                self.waiting[job_id] = math.inf
                self.call_off(job_id)
        while len(self.waiting) < WAITING:
            soon = self.chance.random() < CALLED_OFF
            at = now + self.chance.uniform(0, PATIENCE_S) if soon else math.inf
            self.waiting[_submit(self.service, self.chance)] = at

    def call_off(self, job_id: JobId) -> None:
        """Cancel it, unless it ended a moment before."""
        with suppress(VoiceCoreError):
            self.service.cancel(job_id)
            self.called_off += 1


def _slope(samples: Sequence[Sample]) -> float:
    """Megabytes a minute that the model processes grow by, by least squares."""
    minutes = np.array([each.at_s for each in samples]) / 60
    return float(np.polyfit(minutes, [each.models_mb for each in samples], 1)[0]) if len(samples) > 2 else 0.0


def _unloaded(began: float, patience_s: float) -> Sample | None:
    """The first moment without a model in memory."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        found = _sample(began)
        # The process may stay; the model may not.
        if found.models_mb < 100:
            return found
        time.sleep(0.2)
    return None


def _quarter(samples: Sequence[Sample], number: int) -> Sequence[Sample]:
    size = max(1, len(samples) // 4)
    # A slow machine has three in a smoke.
    begin = min((number - 1) * size, len(samples) - size)
    return samples[begin : begin + size]


def _rows(samples: Sequence[Sample], traffic: Traffic, minutes: float, unloaded: Sample | None) -> list[Row]:
    first, last = _quarter(samples, 1), _quarter(samples, 4)
    mean = [sum(each.models_mb for each in part) / len(part) for part in (first, last)]
    service = [sum(each.service_mb for each in part) / len(part) for part in (first, last)]
    peak = max(each.models_mb for each in samples)
    return [
        Row(f"{minutes:g} minutes: model process, last quarter", mean[1], "MB", mean[0], "first quarter", "ratio <= 1.02"),
        Row("its growth in the last quarter", _slope(last), "MB/min", _slope(first), "first quarter", "about 0"),
        Row("its peak", peak, "MB", mean[0], "mean of the first quarter"),
        Row("the service itself, last quarter", service[1], "MB", service[0], "first quarter", "ratio <= 1.02"),
        Row(f"{IDLE_S:g} s after the last job: models in memory", -1.0 if unloaded is None else unloaded.models_mb, "MB",
            samples[-1].models_mb, "before", "unloaded"),
        Row("jobs that ended", traffic.ended, ""),
        Row("jobs called off", traffic.called_off, ""),
        Row("jobs that failed", traffic.failed, "", limit="0"),
    ]  # fmt: skip


def run(models_dir: Path, *, minutes: float, precision: str, device: str, threads: int) -> list[Row]:
    """Speak for so long."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            engine="xtts", models_dir=models_dir, data_dir=Path(folder), segment_cache_mb=0, precision=precision,
            device=device, threads=threads, slots=2, share_model=True, idle_unload_s=IDLE_S, accept_licences=("xtts",),
            max_queued=1_000,
        )  # fmt: skip
        with build(settings).service() as service:
            traffic, samples = Traffic(service, random.Random(4)), []  # noqa: S311 - no secret
            began = time.monotonic()
            while (now := time.monotonic() - began) < 60 * minutes or traffic.ended == 0:
                traffic.go_on()
                if now > len(samples):
                    samples.append(_sample(began))
                time.sleep(0.1)
            for job_id in traffic.waiting:
                traffic.call_off(job_id)
            unloaded = _unloaded(began, IDLE_S + 60)
    # What was spoken while the first model was being loaded is not part of it.
    loaded = [each for each in samples if each.models_mb > 0.5 * max(one.models_mb for one in samples)]
    return _rows(loaded, traffic, minutes, unloaded)
