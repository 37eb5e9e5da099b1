"""`/jobs`: texts to speak and recordings to convert, and what became of them."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, Router, delete, get, post
from litestar.params import FromPath, QueryParameter

from entrypoints.http.documented import accepts_either, problems
from entrypoints.http.door import ANY_KEY, CONVERT, SPEAK
from entrypoints.http.job_answers import JobAnswer, JobDeleted, JobList, of_found, of_job, of_page
from entrypoints.http.job_asked import asked
from entrypoints.http.recordings import RECORDING
from entrypoints.http.rvc_answers import RvcAnswer
from entrypoints.http.schemas import ConvertBody, JobBody
from entrypoints.http.threads import UPLOADS, blocking
from entrypoints.http.wiring import Calling, Wired, find_job, job_id_of, own_job, refuse_while_draining
from voicecore.job import JobStatus, SynthesisJob
from voicecore.ports import JobQuery
from voicecore.request import Mode
from voicecore.usecases.find_jobs import LONGEST_SEARCH, LOOKED_AT, find_jobs

_SEARCH = QueryParameter(
    description="Only jobs in which all of these words stand: in the text, the name, the id, the voice or the engine; neither case nor "
    f"accents count. 1 to {LONGEST_SEARCH} characters. At most {LOOKED_AT} jobs are looked at for an answer (`looked_at`): go on "
    "with `next_cursor` until it is null."
)


@post(
    "/", status_code=202, guards=[refuse_while_draining], needs=SPEAK + CONVERT,
    operation_class=accepts_either(JobBody, ConvertBody, [RECORDING]),
    request_max_body_size=None, responses=problems(400, 404, 409, 413, 415, 429, 501, 503),
)  # fmt: skip
async def submit(request: Request[Any, Any, Any], service: Wired, caller: Calling) -> Response[JobAnswer]:
    """Speak a text, or in mode `convert` give a recording another voice: the job is accepted and stored, not done.

    Send an `Idempotency-Key` to make repeating safe: the same key, fields and recording give the job made before.
    """
    async with asked(request, service, caller) as wanted:
        # In a thread and uncancelled to its end, so that no decoder reads a file that is closed already.
        run = UPLOADS.run if wanted.uploaded else blocking
        job = await run(wanted.submit, None)
    return _accepted(job, wanted.rvc)


def _accepted(job: SynthesisJob, rvc: RvcAnswer | None = None) -> Response[JobAnswer]:
    return Response(of_job(job, rvc), status_code=202, headers={"Location": f"/jobs/{job.id}"})


@get("/", sync_to_thread=True, responses=problems(400, 503))
def listing(
    service: Wired,
    caller: Calling,
    status: Annotated[JobStatus | None, QueryParameter(description="Only jobs in this state.")] = None,
    mode: Annotated[Mode | None, QueryParameter(description="Only jobs of this mode.")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=100, description="Jobs on one page.")] = 20,
    cursor: Annotated[str | None, QueryParameter(description="`next_cursor` of the page before.")] = None,
    search: Annotated[str | None, _SEARCH] = None,
) -> JobList:
    """Your jobs, newest first; an admin sees everybody's."""
    query = JobQuery(status=status, mode=mode, limit=limit, cursor=cursor, owner=caller.shown)
    if search is None:
        return of_page(service.store.page(query))
    return of_found(find_jobs(service.store, query, search))


@get("/{job_id:str}", sync_to_thread=True, responses=problems(404, 410, 503))
def one(service: Wired, caller: Calling, job_id: FromPath[str]) -> JobAnswer:
    """One job."""
    return of_job(find_job(service, job_id, caller))


@post("/{job_id:str}/cancel", status_code=200, sync_to_thread=True, responses=problems(404, 409, 410, 503))
def cancel(service: Wired, caller: Calling, job_id: FromPath[str]) -> JobAnswer:
    """Call a job off; a running one stops within 2 s."""
    return of_job(service.cancel(own_job(service, job_id, caller).id))


@delete("/{job_id:str}", status_code=200, sync_to_thread=True, responses=problems(404, 410, 503))
def remove(service: Wired, caller: Calling, job_id: FromPath[str]) -> JobDeleted:
    """Remove a job and its audio; a running one is cancelled first. A voice that it enrolled stays."""
    files = service.delete_job(job_id_of(job_id), caller)
    return JobDeleted(message="The job and its files were deleted.", job_id=job_id, files_deleted=files)


router = Router("/jobs", route_handlers=[submit, listing, one, cancel, remove], tags=["jobs"], opt={"needs": ANY_KEY})
