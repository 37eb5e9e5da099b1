"""Sound from a service while it is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from entrypoints.cli.client import Answer, Cut, ServiceClient
from entrypoints.cli.naming import job_path
from entrypoints.cli.waiting import must_be_completed


def streamed(
    client: ServiceClient, method: str, path: str, write: Callable[[bytes], object], audio_format: str, *,
    keep: bool = False, **request: Any,
) -> Answer:  # fmt: skip
    """Hand the sound to `write` as it comes; the job, completed.

    Args:
        keep: whether the job goes on if this is interrupted.

    Raises:
        ServiceFailed: with the job's own error, if it failed or was cancelled on its way.
    """
    params = {"format": audio_format, "keep": "true" if keep else "false"}
    try:
        headers = client.stream(method, path, write, params=params, **request)
    except Cut as error:
        job = client.call("GET", job_path(error.headers["x-job-id"]))
        must_be_completed(job)
        raise
    return client.call("GET", job_path(headers["x-job-id"]))
