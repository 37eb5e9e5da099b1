"""For dialects whose answer is the voice itself, not the job that makes it."""

from __future__ import annotations

from typing import Any

from litestar import Request

from entrypoints.http.downloads import MAX_WAIT_S, finished_job
from entrypoints.http.threads import blocking
from entrypoints.http.wiring import find_voice
from entrypoints.service import Service
from voicecore.access import Caller
from voicecore.errors import Conflict
from voicecore.job import SynthesisJob
from voicecore.voice import VoiceProfile


async def made_voice(
    request: Request[Any, Any, Any], service: Service, caller: Caller, job: SynthesisJob
) -> VoiceProfile:
    """The voice that the job makes, when it is made. Raises what the job failed of, `Conflict`, or as `finished_job`.

    The job goes on when the client leaves: the voice is what was wanted, not the answer.
    """
    ended = await finished_job(request, service, caller, job.id, MAX_WAIT_S)
    return await blocking(_made, service, ended, caller)


def _made(service: Service, job: SynthesisJob, caller: Caller) -> VoiceProfile:
    if job.error is not None:
        raise job.error.raised()
    if job.result is None or job.result.voice_id is None:
        raise Conflict(f"Job {job.id} was {job.status.value} and made no voice.")
    return find_voice(service, job.result.voice_id, caller)
