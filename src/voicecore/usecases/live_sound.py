"""What followers of a running job hear."""

from __future__ import annotations

import logging

from voicecore.audio import Samples
from voicecore.job import JobId
from voicecore.ports import LiveChunk, Relay

_log = logging.getLogger("voicecore.jobs")


class LiveSound:
    """Passes the sound of one attempt on, while somebody follows the job. Best effort: after its first failure there is no
    more of it.
    """

    def __init__(self, relay: Relay | None, job_id: JobId, attempt: int = 0) -> None:
        self._relay, self._job_id, self._attempt = relay, job_id, attempt
        self._rate_hz, self._voice = 0, ""

    def begin(self, sample_rate_hz: int, voice: str = "") -> None:
        """The sound begins (again) at its first sample, in this voice. What was heard in another one is void."""
        self._rate_hz, self._voice = sample_rate_hz, voice

    def publish(self, start: int, samples: Samples) -> None:
        """Sound whose first sample has the place `start`."""
        if self._relay is None:
            return
        try:
            if self._relay.followed(self._job_id):
                chunk = LiveChunk(start, samples, self._rate_hz, self._voice, self._attempt)
                self._relay.publish(self._job_id, chunk)
        except Exception:  # noqa: BLE001 - the job is worth more than its listeners, whom the blobs give the whole
            _log.exception("job %s is not heard live any more", self._job_id)
            self._relay = None
