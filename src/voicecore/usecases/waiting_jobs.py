"""Jobs in one state, page by page."""

from __future__ import annotations

from collections.abc import Iterator

from voicecore.job import JobStatus, SynthesisJob
from voicecore.ports import JobQuery, JobStore
from voicecore.usecases.sweep_orphans import readable

_PAGE = 100


def jobs_in(store: JobStore, status: JobStatus) -> Iterator[SynthesisJob]:
    """All jobs in this state, newest first. A record that a newer program wrote ends them, with a line in the log.

    One page is in memory at a time; a cursor is a place, so it holds though what was before it is deleted meanwhile.
    """
    cursor = None
    with readable(store, f"{status.value} jobs"):
        while True:
            page = store.page(JobQuery(status=status, limit=_PAGE, cursor=cursor))
            yield from page.jobs
            cursor = page.next_cursor
            if cursor is None:
                break
