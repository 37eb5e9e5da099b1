"""Looking after jobs for those who watch them: one look at the store for all watchers of a job, not one for each."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field

import anyio

from voicecore.errors import StorageUnavailable, VoiceCoreError
from voicecore.job import JobId, SynthesisJob

#: Between two looks at a job that somebody watches.
LOOK_EVERY_S = 0.25


@dataclass(slots=True)
class _Watched:
    """A job that somebody watches: what was seen last, or what kept it from being seen."""

    watchers: int = 0
    looking: bool = False
    looked_at: float = -1.0
    seen: SynthesisJob | None = None
    failure: VoiceCoreError | None = None
    news: anyio.Event = field(default_factory=anyio.Event)


class JobWatching:
    """Belongs to one event loop.

    No task runs for it: whichever watcher finds the last look too old looks for all of them. So there is nothing to start,
    and nothing stays behind when the last one leaves.
    """

    def __init__(self, look: Callable[[JobId], Awaitable[SynthesisJob]]) -> None:
        """`look` raises `NotFound` and its like, which end a watch, or `StorageUnavailable`, which does not."""
        self._look = look
        self._jobs: dict[JobId, _Watched] = {}

    @property
    def watched(self) -> int:
        """Jobs that somebody watches."""
        return len(self._jobs)

    async def states(self, job_id: JobId) -> AsyncGenerator[SynthesisJob | None]:
        """The job now, again whenever it changed, and once it is finished for the last time; None where it did not change for a
        moment.
        """
        watched = self._jobs.setdefault(job_id, _Watched())
        watched.watchers += 1
        last: SynthesisJob | None = None
        try:
            while last is None or not last.status.finished:
                await self._fresh(job_id, watched)
                if watched.failure is not None:
                    raise watched.failure
                changed = watched.seen is not None and watched.seen != last
                last = watched.seen
                yield last if changed else None
        finally:
            watched.watchers -= 1
            if not watched.watchers:
                self._jobs.pop(job_id, None)

    async def _fresh(self, job_id: JobId, watched: _Watched) -> None:
        """Wait until it was looked again."""
        if watched.looking:
            await watched.news.wait()
            return
        watched.looking = True
        try:
            await anyio.sleep(max(0.0, watched.looked_at + LOOK_EVERY_S - anyio.current_time()))
            watched.seen = await self._look(job_id)
        except StorageUnavailable:
            pass  # a short outage; the next look may see more
        except VoiceCoreError as error:
            watched.failure = error
        finally:
            # Also when this watcher left: another one looks then.
            watched.looking = False
            watched.looked_at = anyio.current_time()
            watched.news.set()
            watched.news = anyio.Event()
