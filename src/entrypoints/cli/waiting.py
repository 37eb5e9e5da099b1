"""Following a job until it ends."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable

from entrypoints.cli.client import Answer, ServiceClient
from entrypoints.cli.exits import Exit, ServiceFailed, exit_code_of
from entrypoints.cli.naming import job_path
from voicecore.errors import DeadlineExceeded, VoiceCoreError
from voicecore.needs import needs_of

FINISHED = frozenset({"completed", "failed", "cancelled"})
#: Seconds between two looks: short at first, since most jobs are.
_FIRST_POLL_S, _LAST_POLL_S = 0.05, 2.0
#: How long a job may be queued before it is asked why.
_QUEUED_S = 3.0


def wait_for(
    client: ServiceClient,
    job_id: str,
    *,
    told: Callable[[Answer], object] = lambda _job: None,
    timeout_s: float | None = None,
) -> Answer:
    """The job when it has ended, however it ended.

    Raises:
        DeadlineExceeded: if it has not ended after `timeout_s`; the job goes on.
    """
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    pause_s = _FIRST_POLL_S
    while True:
        job = client.call("GET", job_path(job_id))
        told(job)
        if job["status"] in FINISHED:
            return job
        if deadline is not None and time.monotonic() >= deadline:
            raise DeadlineExceeded(f"Job {job_id} is still {job['status']} after {timeout_s:g} s; it goes on.")
        client.pause(pause_s)
        pause_s = min(_LAST_POLL_S, pause_s * 1.5)


def completed_or_cancelled(client: ServiceClient, job_id: str, told: Callable[[Answer], object]) -> Answer:
    """The completed job of a command that asked for it; interrupting the command cancels the job.

    Raises:
        ServiceFailed: with the job's own error, if it failed or somebody cancelled it.
    """
    patience = _Patience(client)

    def look(job: Answer) -> None:
        told(job)
        patience.look(job)

    try:
        job = wait_for(client, job_id, told=look)
    except KeyboardInterrupt:
        with contextlib.suppress(VoiceCoreError):
            client.call("POST", job_path(job_id, "cancel"))
        raise
    must_be_completed(job)
    return job


class _Patience:
    """Says once why a job waits, if it is for want of a worker: else the wait would look like a slow service."""

    def __init__(self, client: ServiceClient) -> None:
        self._client, self._say_at = client, time.monotonic() + _QUEUED_S
        self._said = False

    def look(self, job: Answer) -> None:
        """`job` is as it was last seen."""
        if self._said or job["status"] != "queued" or time.monotonic() < self._say_at:
            return
        self._said = True
        # A service that does not tell its workers is no reason to stop waiting.
        with contextlib.suppress(VoiceCoreError):
            needs = frozenset(job["needs"])
            if any(needs_of(line) == needs for line in self._client.call("GET", "/admin/workers")["unserved"]):
                sys.stderr.write(
                    f"voicecore: job {job['id']} waits, since no worker serves {' and '.join(sorted(needs))}: "
                    "start one with 'voicecore worker'; Ctrl-C cancels the job\n"
                )


def must_be_completed(job: Answer) -> None:
    """Raise the job's error as `ServiceFailed` unless it is completed."""
    if job["status"] == "completed":
        return
    if job["status"] == "cancelled":
        raise ServiceFailed(f"Job {job['id']} was cancelled.", code="cancelled", exit_code=Exit.FAILED)
    code = str(job.get("error_code") or "failed")
    raise ServiceFailed(f"{job.get('error') or 'The job failed.'}", code=code, exit_code=exit_code_of(code, 500))


def progress_line(job: Answer) -> str:
    """Where a job is, for a spinner."""
    share = f" {job['progress']:.0f} %" if job.get("progress") else ""
    return f"{job['status']}{share}"
