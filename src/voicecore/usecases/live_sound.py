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

    def __init__(self, relay: Relay | None, job_id: JobId) -> None:
        self._relay, self._job_id = relay, job_id
        self._rate_hz, self._voice = 0, ""
        self._heard = False

    def begin(self, sample_rate_hz: int, voice: str = "") -> None:
        """The sound begins (again) at its first sample, in this voice.

        What was heard in another voice is void. Followers know by the other rate (see `LiveChunk`); where the rates do not
        differ they could not, and hear no more of this attempt: what is finished has it all.
        """
        if self._heard and voice != self._voice:
            if sample_rate_hz == self._rate_hz:
                self._relay = None
            self._heard = False
        self._rate_hz, self._voice = sample_rate_hz, voice

    def publish(self, start: int, samples: Samples) -> None:
        """Sound whose first sample has the place `start`."""
        if self._relay is None:
            return
        try:
            if self._relay.followed(self._job_id):
                self._relay.publish(self._job_id, LiveChunk(start, samples, self._rate_hz))
                self._heard = True
        except Exception:  # noqa: BLE001 - the job is worth more than its listeners, whom the blobs give the whole
            _log.exception("job %s is not heard live any more", self._job_id)
            self._relay = None
