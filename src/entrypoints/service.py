"""A running service: every use case, wired, with its crew. Made by the container, opened and closed here."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from entrypoints.observing import Metrics
from entrypoints.opened import Opened
from entrypoints.settings import Settings
from entrypoints.standing import Standing
from voicecore.access import Caller, Scope
from voicecore.job import JobId, SynthesisJob
from voicecore.limits import Limits
from voicecore.marks import Marker
from voicecore.observer import Observer
from voicecore.ports import (
    Act,
    AudioCodec,
    AuditLog,
    BlobStore,
    Catalog,
    Clock,
    JobStore,
    Quota,
    Relay,
    SoundStream,
    Watermarker,
    WorkerRoster,
)
from voicecore.stream_format import StreamFormat
from voicecore.timed_text import TimedText
from voicecore.usecases.add_model import AddModel
from voicecore.usecases.authenticate import Authenticate
from voicecore.usecases.consents import KeepConsent, RevokeConsent
from voicecore.usecases.converters import Converters
from voicecore.usecases.crew import Crew
from voicecore.usecases.delete_job import DeleteJob
from voicecore.usecases.delete_model import DeleteModel
from voicecore.usecases.delete_voice import DeleteVoice
from voicecore.usecases.detect_audio import DetectAudio
from voicecore.usecases.edit_profiles import EditProfiles
from voicecore.usecases.engines import Engines
from voicecore.usecases.export_audio import ExportAudio
from voicecore.usecases.job_marks import live_marking_of
from voicecore.usecases.limits_of import LimitsOf
from voicecore.usecases.listen import Listen
from voicecore.usecases.manage_keys import ManageKeys
from voicecore.usecases.purge_expired import Purged, PurgeExpired
from voicecore.usecases.read_timed_text import ReadTimedText
from voicecore.usecases.submit_conversion import SubmitConversion
from voicecore.usecases.submit_enrolment import SubmitEnrolment
from voicecore.usecases.submit_mix import SubmitMix
from voicecore.usecases.submit_synthesis import SubmitSynthesis

_log = logging.getLogger("voicecore.service")


@dataclass(slots=True, kw_only=True)
class Service(Opened):
    """What the entry points call. Use it as a context manager: it starts the crew and ends it in order.

    Attributes:
        crew: who works in this process; with Redis the workers are processes of their own and the crew is empty.
        observer: whom requests are told to.
        metrics: the numbers of this process as text.
        hang_up: gives back the connection that the stores share; called last.
        check: looks whether the parts fit together before anything is accepted; raises if not.
        draining: set while stopping; new work is refused then.
        drained: set when nothing works here any more.
    """

    settings: Settings
    limits: Limits
    clock: Clock
    store: JobStore
    catalog: Catalog
    blobs: BlobStore
    roster: WorkerRoster
    relay: Relay
    listen: Listen
    codec: AudioCodec
    marker: Marker
    engines: Engines
    converters: Converters
    crew: Crew
    submit_synthesis: SubmitSynthesis
    submit_conversion: SubmitConversion
    submit_enrolment: SubmitEnrolment
    submit_mix: SubmitMix
    add_model: AddModel
    edit_profiles: EditProfiles
    export_audio: ExportAudio
    detect_audio: DetectAudio
    delete_job: DeleteJob
    delete_voice: DeleteVoice
    delete_model: DeleteModel
    keep_consent: KeepConsent
    watermarker: Watermarker | None
    revoke_consent: RevokeConsent
    purge: PurgeExpired
    authenticate: Authenticate
    keys: ManageKeys
    quota: Quota
    limits_of: LimitsOf
    audit: AuditLog
    check: Standing
    observer: Observer
    metrics: Metrics
    hang_up: Callable[[], object]
    draining: bool = field(default=False)
    drained: bool = field(default=False)

    def sound_stream(self, job: SynthesisJob, sample_rate_hz: int, wanted: StreamFormat) -> SoundStream:
        """What writes the job's sound while it is made, with its mark. Raises `MissingDependency`."""
        return self.codec.stream(sample_rate_hz, wanted, live_marking_of(self.marker, self.engines, job))

    def timed_text(self, job: SynthesisJob) -> TimedText:
        """When the segments, words and characters of a completed job are heard. Raises `Conflict`, `NotFound`, `BlobCorrupt`."""
        return ReadTimedText(self.blobs)(job)

    def cancel(self, job_id: JobId) -> SynthesisJob:
        """Cancel a job; a running one stops within 2 s. Raises `NotFound`, `Gone`, `Conflict`."""
        return self.listen.cancel(job_id)

    def clean_up(self, *, deep: bool, dry_run: bool = False, caller: Caller) -> Purged:
        """Remove what has expired, and with `deep` every finished job; with `dry_run` only tell what that would be. Raises
        `Forbidden` without the scope `admin`.
        """
        caller.must(Scope.ADMIN)
        if dry_run:
            return self.purge.rehearse(deep=deep)
        self.audit.record(Act(what="cleanup", who=caller.key_id, details={"deep": deep}))
        return self.purge(deep=deep)

    def open(self) -> None:
        """Check the parts and start the crew. Jobs that a killed process left in processing are taken over when their
        lease runs out.
        """
        self.check()
        if self.watermarker is not None and self.crew.slots:
            # Before anything is accepted: what could not be marked is not made.
            self.watermarker.check()
        if not self.settings.require_consent:
            _log.warning(
                "VOICECORE_REQUIRE_CONSENT is off: voices are learned without anybody's consent being asked for"
            )
        self.crew.start()

    def drain(self) -> None:
        """Refuse new work and let the running jobs end, or hand them back after `drain_s`."""
        self.draining = True
        self.crew.stop(self.settings.drain_s)
        self.drained = True

    def close(self) -> None:
        """Stop the crew, end the engines' processes, close the stores. Idempotent."""
        self.drain()
        self.crew.close()
        if self.watermarker is not None:
            self.watermarker.close()
        self.relay.close()
        self.quota.close()
        self.catalog.close()
        self.store.close()
        self.observer.tracer.close()
        self.hang_up()
