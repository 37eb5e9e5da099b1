"""Every limit of the service, with the default of its contract. `docs/operations.md` lists the settings behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from voicecore.errors import require
from voicecore.request import TEXT_LIMIT

#: Beyond these, dates overflow and a lost job would wait for ever.
LONGEST_LEASE = timedelta(days=1)
LONGEST_TIME = timedelta(days=3650)
LONGEST_AUDIO_S = 86_400.0

_ABOVE_ZERO = ("max_queued", "max_upload_bytes", "max_audio_s", "max_tries", "max_voices", "max_rvc_models",
               "max_rvc_model_bytes", "max_rvc_stored_bytes")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one service instance allows.

    Attributes:
        max_queued: jobs that may wait; the next one is refused with 429.
        max_upload_bytes: of one uploaded file.
        max_audio_s: decoded length of an upload.
        job_timeout: processing time of one attempt.
        lease: how long a claim lasts without renewal.
        max_tries: attempts that may end badly before a job is poisoned.
        keep_jobs: how long finished jobs and their audio are kept.
        segment_cache_bytes: size of the segment cache, beyond which the oldest entries go.
        max_voices: enrolled voices.
        max_rvc_models: conversion models.
        max_rvc_model_bytes: of one uploaded file of a conversion model.
        max_rvc_stored_bytes: of all stored conversion models together.
    """

    max_text: int = TEXT_LIMIT
    max_queued: int = 1_000
    max_upload_bytes: int = 100 * 1024 * 1024
    max_audio_s: float = 600.0
    job_timeout: timedelta = timedelta(minutes=15)
    lease: timedelta = timedelta(seconds=30)
    max_tries: int = 3
    keep_jobs: timedelta = timedelta(hours=24)
    segment_cache_bytes: int = 2 * 1024**3
    max_voices: int = 1_000
    max_rvc_models: int = 100
    max_rvc_model_bytes: int = 200 * 1024 * 1024
    max_rvc_stored_bytes: int = 20 * 1024**3

    def __post_init__(self) -> None:
        require(1 <= self.max_text <= TEXT_LIMIT, f"max_text is {self.max_text}; give 1 to {TEXT_LIMIT}.")
        for name in _ABOVE_ZERO:
            require(getattr(self, name) > 0, f"{name} must be above 0.")
        require(self.segment_cache_bytes >= 0, "segment_cache_bytes must not be negative; 0 keeps no cache.")
        require(self.lease >= timedelta(seconds=3), "lease must be at least 3 s, or a busy machine loses jobs.")
        require(self.lease <= LONGEST_LEASE, f"lease must be at most {LONGEST_LEASE}.")
        require(self.max_audio_s <= LONGEST_AUDIO_S, f"max_audio_s must be at most {LONGEST_AUDIO_S:g}.")
        for name in ("job_timeout", "keep_jobs"):
            require(
                timedelta() < getattr(self, name) <= LONGEST_TIME, f"{name} must be above 0 and at most {LONGEST_TIME}."
            )
