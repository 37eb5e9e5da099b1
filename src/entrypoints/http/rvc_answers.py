"""A job's conversion as clients see it: what was asked for, and what became of it."""

from __future__ import annotations

import msgspec

from entrypoints.http.conversion_body import settings_of
from entrypoints.http.schemas import JobBody
from voicecore.conversion import ConversionSettings
from voicecore.job import SynthesisJob
from voicecore.request import ConversionRequest, SynthesisRequest


class RvcAnswer(msgspec.Struct, kw_only=True):
    """Conversion as asked for. `f0_method` is the one that is used, which is another one than the default where the
    default's weights are missing. `index_used` is null until the job has ended, and where there was nothing to tell;
    `index_reason` says why the index was not used.

    Without conversion the values are echoed by POST /jobs; later they are null, for then they are no part of the job.
    """

    enabled: bool = False
    model_id: str | None = None
    required: bool = False
    pitch: float | None = None
    index_rate: float | None = None
    protect: float | None = None
    rms_mix_rate: float | None = None
    filter_radius: int | None = None
    hop_length: int | None = None
    f0_method: str | None = None
    index_used: bool | None = None
    index_reason: str | None = None


def of_conversion(job: SynthesisJob) -> RvcAnswer:
    """The conversion of a job; empty if it has none."""
    asked, result = job.conversion, job.result
    if asked is None:
        return RvcAnswer()
    return _answer(
        asked, enabled=True, model_id=asked.model_id, required=_required(job),
        index_used=None if result is None else result.index_used,
        index_reason=None if result is None else result.index_reason or None,
    )  # fmt: skip


def echo_rvc(body: JobBody) -> RvcAnswer:
    """The conversion fields of a job without conversion, as they were understood."""
    return _answer(settings_of(body, ""), enabled=False, model_id=body.rvc_model_id or None, required=False)


def fallback_reason(job: SynthesisJob) -> str | None:
    """Why a job that should have been converted has the plain voice, or None."""
    return None if job.result is None else job.result.conversion_fallback or None


def _required(job: SynthesisJob) -> bool:
    request = job.request
    if isinstance(request, ConversionRequest):
        return True  # there is no plain voice to keep
    return isinstance(request, SynthesisRequest) and request.conversion_required


def _answer(
    settings: ConversionSettings, *, enabled: bool, model_id: str | None, required: bool,
    index_used: bool | None = None, index_reason: str | None = None,
) -> RvcAnswer:  # fmt: skip
    return RvcAnswer(
        enabled=enabled, model_id=model_id, required=required, pitch=settings.pitch, index_rate=settings.index_rate,
        protect=settings.protect, rms_mix_rate=settings.rms_mix_rate, filter_radius=settings.filter_radius,
        hop_length=settings.hop_length, f0_method=settings.f0_method.value, index_used=index_used,
        index_reason=index_reason,
    )  # fmt: skip
