"""When the segments and words of a finished job are heard."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from voicecore.errors import BlobCorrupt, Conflict, InvalidInput
from voicecore.job import SynthesisJob
from voicecore.ports import BlobStore
from voicecore.request import SynthesisRequest
from voicecore.timed_text import TimedText


@dataclass(frozen=True, slots=True)
class ReadTimedText:
    """Reads the manifest of a job that spoke a text. One of before words were told has segments only."""

    blobs: BlobStore

    def __call__(self, job: SynthesisJob) -> TimedText:
        """The text of the job with its times.

        Raises:
            Conflict: the job is not completed, or spoke no text.
            NotFound, BlobCorrupt, StorageUnavailable: of its manifest.
        """
        if not isinstance(job.request, SynthesisRequest):
            raise Conflict(f"Job {job.id} has no text whose times could be told: it is of mode {job.mode.value}.")
        if job.result is None or job.result.manifest_key is None:
            raise Conflict(f"Job {job.id} has no audio: it is {job.status.value}.")
        with self.blobs.open(job.result.manifest_key) as reader:
            manifest = reader.read()
        try:
            return TimedText.of_manifest(job.request.text, _rows(manifest))
        except (ValueError, TypeError, KeyError, InvalidInput) as error:
            raise BlobCorrupt(
                f"The manifest of job {job.id} was not written by this program: delete the job and send it again."
            ) from error


def _rows(manifest: bytes) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(manifest)["segments"]
    return rows
