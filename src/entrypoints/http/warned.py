"""What an answer that is nothing but sound says beside it."""

from __future__ import annotations

from collections.abc import Iterable

from voicecore.job import SynthesisJob

WARNINGS = "X-Voicecore-Warnings"
_LONGEST_HEADER = 1_000


def warnings_header(told: Iterable[str]) -> dict[str, str]:
    """The sentences in one header; no header where there is none."""
    text = " ".join(" ".join(told).encode("ascii", "replace").decode().split())
    return {WARNINGS: text[:_LONGEST_HEADER]} if text else {}


def speech_headers(job: SynthesisJob, notes: Iterable[str] = ()) -> dict[str, str]:
    """In which language the job speaks, and what its caller should know."""
    return {"Content-Language": job.spoken_language.tag} | warnings_header((*notes, *job.warnings))
