"""Who follows which job in this process, so that only the last one who leaves may end it."""

from __future__ import annotations

import threading
from typing import Protocol
from weakref import WeakSet

from voicecore.job import JobId, SynthesisJob


class Follower(Protocol):
    """Somebody who follows a job.

    Attributes:
        keep: whether the job goes on when he was the last one to leave; None leaves it to those who left before.
    """

    job: SynthesisJob
    keep: bool | None


class Audience:
    """The followers of all jobs. Any thread may call it.

    They are held weakly: one that was thrown away without a word does not keep a job from being cancelled for ever.
    """

    def __init__(self) -> None:
        self._here: WeakSet[Follower] = WeakSet()
        #: Jobs that somebody left who did not want them any more, while others were there.
        self._unwanted: set[JobId] = set()
        self._lock = threading.Lock()

    def join(self, follower: Follower) -> None:
        """He follows his job from now on."""
        with self._lock:
            self._here.add(follower)

    def leave(self, follower: Follower, *, heard_all: bool) -> bool:
        """He follows it no more; whether nobody does now, and nobody wants its sound.

        Args:
            heard_all: whether he had its sound to the end, so that there is nothing to call off.
        """
        with self._lock:
            self._here.discard(follower)
            job_id, followed = follower.job.id, {each.job.id for each in self._here}
            if follower.keep is False and not heard_all:
                self._unwanted.add(job_id)
            unwanted = job_id in self._unwanted and not follower.keep
            self._unwanted &= followed
            return unwanted and job_id not in followed and not heard_all
