"""A running service: every use case, wired, with its worker. Made by the container, opened and closed here."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from entrypoints.settings import Settings
from voicecore.job import JobId, SynthesisJob
from voicecore.limits import Limits
from voicecore.ports import BlobStore, Catalog, Clock, EngineHost, JobStore
from voicecore.usecases.delete_job import DeleteJob
from voicecore.usecases.delete_voice import DeleteVoice
from voicecore.usecases.edit_profiles import EditProfiles
from voicecore.usecases.engines import Engines
from voicecore.usecases.export_audio import ExportAudio
from voicecore.usecases.purge_expired import PurgeExpired
from voicecore.usecases.runner import Runner
from voicecore.usecases.submit_enrolment import SubmitEnrolment
from voicecore.usecases.submit_synthesis import SubmitSynthesis


@dataclass(slots=True, kw_only=True)
class Service:
    """What the entry points call. Use it as a context manager: it starts the worker and ends it in order.

    Attributes:
        draining: set while stopping; new work is refused then.
    """

    settings: Settings
    limits: Limits
    clock: Clock
    store: JobStore
    catalog: Catalog
    blobs: BlobStore
    engines: Engines
    host: EngineHost
    runner: Runner
    submit_synthesis: SubmitSynthesis
    submit_enrolment: SubmitEnrolment
    edit_profiles: EditProfiles
    export_audio: ExportAudio
    delete_job: DeleteJob
    delete_voice: DeleteVoice
    purge: PurgeExpired
    draining: bool = field(default=False)

    def cancel(self, job_id: JobId) -> SynthesisJob:
        """Cancel a job; a running one stops within 2 s. Raises `NotFound`, `Gone`, `Conflict`."""
        return self.store.cancel(job_id, self.limits.keep_jobs)

    def open(self) -> None:
        """Start the worker. Jobs that a killed process left in processing are taken over when their lease runs out."""
        self.runner.start()

    def drain(self) -> None:
        """Refuse new work and let the running job end, or hand it back after `drain_s`."""
        self.draining = True
        self.runner.stop(self.settings.drain_s)

    def close(self) -> None:
        """Stop the worker, end the engines' process, close the stores. Idempotent."""
        self.drain()
        self.host.close()
        self.catalog.close()
        self.store.close()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
