"""Every port of the core. Read this file and you know what voicecore asks of the outside.

All methods are synchronous and may be called from any thread, unless the docstring says otherwise; adapters own
their locks and loops (docs/adr/0003). What a method may raise beyond its docstring: `StorageUnavailable`
from stores, blobs and catalogues, `EngineFailed` from engines. Each port has a contract suite in `voicecore.testing.contracts`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, Protocol, TypeVar

from voicecore.audio import Audio, AudioChunk, Samples
from voicecore.conversion import ConversionSettings
from voicecore.engine import EngineCard, Utterance
from voicecore.job import JobId, JobStatus, SynthesisJob
from voicecore.language import Language
from voicecore.quality import QualityProfile
from voicecore.request import Mode, OutputFormat
from voicecore.voice import VoicePrint, VoiceProfile


# --- speech -----------------------------------------------------------------------------------------
class SpeechEngine(Protocol):
    """A loaded model that speaks. One thread uses it at a time; only `drop` may come from another thread.

    It has the shape of a batching engine: admit utterances, step, collect their chunks.
    """

    @property
    def card(self) -> EngineCard:
        """What it can do; the same object as its provider's."""

    def measure(self, text: str, language: Language) -> int:
        """Size of `text` in the card's `segment_unit`, as the model will see it; ≥ 0, and cheap enough to call often."""

    def enroll(self, clips: Sequence[Audio], language: Language) -> VoicePrint:
        """Learn a voice from reference speech. Raises `InvalidAudio` if the clips are too short, too long or silent."""

    def admit(self, utterance: Utterance) -> None:
        """Accept an utterance. Raises `InvalidInput` if it is too long, or `Conflict` if the batch is full or the id in use."""

    def step(self) -> Sequence[AudioChunk]:
        """Work for a while and return new chunks, in order within an utterance; empty if nothing is admitted.

        An `EngineFailed` here ends every admitted utterance.
        """

    def drop(self, utterance_id: str) -> None:
        """Forget an utterance; no chunk of it comes after this. Unknown ids are ignored."""

    def close(self) -> None:
        """Give back memory and processes. Idempotent."""


class EngineProvider(Protocol):
    """How an engine is described and opened.

    It is found by entry point (group `voicecore.engines`), whose object is called with the folder of model weights
    (a `Path`, or None for what packages bring) and returns the provider.
    """

    name: str

    def card(self) -> EngineCard:
        """The card, without loading the model. Raises `NotInstalled` if packages or weights are missing."""

    def problems(self) -> Sequence[str]:
        """What keeps the engine from opening, each with the way to mend it; empty if nothing does."""

    def open(self, *, threads: int | None = None) -> SpeechEngine:
        """Load the model. Raises `MissingDependency`, `MissingModel` or `ModelCorrupt`."""


class EngineHost(Protocol):
    """Where engines run. One thread uses its engines at a time; only `interrupt` may come from another."""

    def engine(self, name: str) -> SpeechEngine:
        """The engine, opened if it is not yet, or if it died since. Raises as `EngineProvider.open` does."""

    def interrupt(self) -> None:
        """Make a call that is under way end within 2 s, by force if need be: it raises `EngineCrashed`.

        Nothing under way: nothing happens. The host stays usable: the next `engine` starts afresh where force was needed.
        """

    def alive(self) -> bool:
        """Whether the host could take work now (a host that has not started yet could)."""

    def close(self) -> None:
        """Close engines and end processes. Idempotent."""


@dataclass(frozen=True, slots=True)
class ConversionReport:
    """What a conversion did: whether the index was used, and why not."""

    index_used: bool
    reason: str = ""


class VoiceConverter(Protocol):
    """Turns one voice into another (RVC)."""

    def convert(self, audio: Audio, settings: ConversionSettings) -> tuple[Audio, ConversionReport]:
        """The audio in the model's voice, at its true sample rate. Raises `NotFound` for an unknown model."""


# --- work -------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class JobQuery:
    """Which jobs to list, newest first. `cursor` is the opaque `next_cursor` of the page before."""

    status: JobStatus | None = None
    mode: Mode | None = None
    limit: int = 20
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class JobPage:
    """One page; `total` counts all jobs that the query's status and mode admit."""

    total: int
    jobs: tuple[SynthesisJob, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Notice:
    """Somebody is to be told that this job has ended; `tries` tells of it failed so far."""

    job: SynthesisJob
    tries: int


class JobStore(Protocol):
    """The truth about jobs. Every method is atomic and durable when it returns.

    A job with a webhook that comes to its end, in whatever way, leaves a notice in the same step.
    """

    def add(
        self, job: SynthesisJob, *, idempotency_key: str | None = None, max_queued: int | None = None
    ) -> SynthesisJob:
        """Store a new queued job, and return it; or the job that this key made before from an equal request.

        Equal means equal `request_fingerprint` and equal `handling`. Keys live as long as their job.
        Raises `IdempotencyConflict` (same key, other request), `QueueFull` (`max_queued` jobs wait), `Conflict` (id in use).
        """

    def get(self, job_id: JobId) -> SynthesisJob | None:
        """The job, or None if it never was or was deleted. Raises `Gone` if it expired and was purged."""

    def page(self, query: JobQuery) -> JobPage:
        """One page of jobs, newest first (created_at, then id). Raises `InvalidInput` for a cursor that is not ours."""

    def claim(
        self, worker: str, lease: timedelta, *, max_tries: int, keep: timedelta, engines: Collection[str] | None = None
    ) -> SynthesisJob | None:
        """Start a job that is queued or whose lease ran out, by the store's clock; None if there is none.

        The highest priority comes first, and in it the oldest. With `engines`, only jobs of these are looked at.
        A job whose abandoned attempts reach `max_tries` is failed as `poisoned` (kept for `keep`) instead, and the next is tried.
        """

    def renew(self, job: SynthesisJob, lease: timedelta) -> SynthesisJob:
        """Write the progress of a running attempt and prolong its lease. Raises `LeaseLost` unless the stored job is
        in processing with the same attempt.
        """

    def finish(self, job: SynthesisJob) -> None:
        """End a running attempt: write a job that is completed, failed, cancelled, or queued again. Fenced like `renew`.

        Saying the same again is no error: the answer to the first call may have been lost on its way.
        """

    def cancel(self, job_id: JobId, keep: timedelta) -> SynthesisJob:
        """Cancel a queued or running job; a cancelled one is returned as it is. Raises `NotFound`, `Gone`, or `Conflict` if it ended."""

    def delete(self, job_id: JobId, *, tombstone: bool = False) -> bool:
        """Remove a job and its idempotency key; with `tombstone`, `get` raises `Gone` from now on. False if it was not there."""

    def expired(self, limit: int) -> Sequence[SynthesisJob]:
        """Finished jobs whose time of keeping is over, oldest first."""

    def counts(self) -> Mapping[JobStatus, int]:
        """How many jobs are in each state (every state is a key)."""

    def waiting(self) -> Mapping[str, int]:
        """How many jobs are queued for each engine; engines without any may be missing."""

    def due_notices(self, limit: int, hold: timedelta) -> Sequence[Notice]:
        """Notices whose time has come, longest due first. Each is held: nobody gets it again before `hold` is over."""

    def settle_notice(self, job_id: JobId, retry_in: timedelta | None) -> None:
        """After a try: forget the notice, or with `retry_in` count a failed try and have it due again then. Unknown: ignored."""

    def close(self) -> None:
        """Give back files and threads. Idempotent."""


class Doorbell(Protocol):
    """A hint that a job may wait. It may be lost or rung twice; the store decides."""

    def ring(self, job_id: JobId, engine: str) -> None:
        """Wake a waiting worker that serves `engine`, or the next one to wait. Never raises: a hint may get lost."""

    def wait(self, timeout_s: float) -> bool:
        """Block until rung or until `timeout_s` passed; whether it was rung."""

    def close(self) -> None:
        """End every wait in this process, now and from now on, and give back connections. Idempotent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerCard:
    """What a running worker says of itself.

    Attributes:
        engines: names of those it serves.
        slots: jobs it can run at once.
        busy: jobs it runs now.
        version: of voicecore.
    """

    name: str
    engines: tuple[str, ...]
    slots: int
    busy: int
    started_at: datetime
    version: str


class WorkerRoster(Protocol):
    """Which workers are there. Each says so again and again; who falls silent is forgotten."""

    def announce(self, card: WorkerCard, lasts: timedelta) -> None:
        """This worker is there, for `lasts` from now by the roster's clock. Replaces what it said before."""

    def withdraw(self, name: str) -> None:
        """This worker leaves. Unknown names are ignored."""

    def present(self) -> Sequence[WorkerCard]:
        """All who are there, by name."""


@dataclass(frozen=True, slots=True, eq=False)
class LiveChunk:
    """Sound of a running job, as it is made.

    Attributes:
        start: place of the first sample in the whole audio, in samples. Since the audio is a function of the request, an
            attempt that begins again says the same chunks of the same places, and a follower drops what it has.
        samples: float32, shape (n,), in [-1, 1].
        sample_rate_hz: of the samples.
    """

    start: int
    samples: Samples
    sample_rate_hz: int


class Relay(Protocol):
    """Live sound of running jobs for whoever follows. It may lose chunks, which their `start` shows, but never invents any.

    What is over is in the blobs; only what is being made goes through here.
    """

    def followed(self, job_id: JobId) -> bool:
        """Whether anybody follows the job now, so that nothing is sent for nobody. Cheap enough for every chunk."""

    def publish(self, job_id: JobId, chunk: LiveChunk) -> None:
        """Pass a chunk on to those who follow the job. Never raises for want of a connection: the blobs have it all."""

    def end(self, job_id: JobId) -> None:
        """The job is over: its followers' iterators end once they have what was published."""

    def follow(self, job_id: JobId, patience_s: float) -> Iterator[LiveChunk]:
        """What is published from now on, in order. Ends with the job, or when nothing came for `patience_s`."""

    def close(self) -> None:
        """Give back connections. Idempotent."""


# --- things kept ------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class BlobStat:
    """A stored blob: its key, bytes, sha256 in hex, and when it was put. In a listing the sha256 may be empty: not known."""

    key: str
    size: int
    sha256: str
    modified_at: datetime


class BlobStore(Protocol):
    """Bytes by key: whole or absent. A key is `part/part/…` of 1..6 parts `[a-z0-9_.-]{1,80}` that do not begin with a dot."""

    def put(self, key: str, data: Iterable[bytes]) -> BlobStat:
        """Store the chunks under `key`, replacing what was there; if it fails, what was there stays and nothing else is left.

        Raises `DiskFull`, or `InvalidInput` for a bad key.
        """

    def open(self, key: str, *, start: int = 0, end: int | None = None) -> BinaryIO:
        """A reader of bytes start..end (end not included). Raises `NotFound`; `BlobCorrupt` if size or digest do not
        fit (the digest is checked on whole reads).
        """

    def stat(self, key: str) -> BlobStat | None:
        """What is stored, or None."""

    def delete(self, key: str) -> bool:
        """Remove one blob; False if it was not there."""

    def list(self, prefix: str = "") -> Iterator[BlobStat]:
        """All blobs whose key begins with `prefix`, in key order."""


class Named(Protocol):
    """What a shelf holds: something with an id and a name."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...


Item = TypeVar("Item", bound=Named)


class Shelf(Protocol[Item]):
    """A small durable collection of one kind of thing."""

    def add(self, item: Item) -> None:
        """Raises `NameTaken` if the id or the name (compared without case) is in use."""

    def get(self, item_id: str) -> Item | None:
        """The item, or None."""

    def all(self) -> Sequence[Item]:
        """Every item, in the order of adding."""

    def replace(self, item: Item) -> None:
        """Raises `NotFound`, or `NameTaken` as `add` does."""

    def delete(self, item_id: str) -> bool:
        """False if it was not there."""


class Catalog(Protocol):
    """What users made and keep: voices, quality profiles, and the default profile of each engine."""

    @property
    def voices(self) -> Shelf[VoiceProfile]: ...
    @property
    def profiles(self) -> Shelf[QualityProfile]:
        """Users' profiles; the built-in ones are in `voicecore.profiles`."""

    def default_profile(self, engine: str) -> str | None:
        """Id set by `set_default_profile`, or None."""

    def set_default_profile(self, engine: str, profile_id: str | None) -> None:
        """Choose the profile of requests that name none; takes effect with the next job."""

    def close(self) -> None:
        """Give back files and threads. Idempotent."""


# --- the door ---------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class AudioLimits:
    """What a decoded upload may be."""

    max_duration_s: float = 600.0
    min_sample_rate_hz: int = 8_000
    max_sample_rate_hz: int = 192_000
    max_channels: int = 2
    max_wall_s: float = 60.0


class AudioCodec(Protocol):
    """Reads strangers' audio safely and writes ours."""

    def decode(self, data: BinaryIO, limits: AudioLimits) -> Audio:
        """The audio, mixed to mono, at its own rate. The format is found by content, never by name.

        Raises `UnsupportedAudioFormat`, or `InvalidAudio` (truncated, too long, too many channels, …).
        """

    def encode(self, blocks: Iterable[Samples], sample_rate_hz: int, output_format: OutputFormat) -> Iterator[bytes]:
        """A file of the blocks, piece by piece; memory does not grow with the length."""


# --- Messenger --------------------------------------------------------------------------------------
class Messenger(Protocol):
    """Carries a message to an address that a stranger named."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Send the body in one HTTP POST, and return the status of the answer; nothing follows a redirect.

        It ends within 15 s, whatever the other side does. Raises `NotDelivered` if there was no answer, and its kind
        `ForbiddenTarget` for an address that may not be called; neither message holds more of the address than its host.
        """


# --- time and names -----------------------------------------------------------------------------------
class Clock(Protocol):
    """Time, so that tests own it."""

    def now(self) -> datetime:
        """The time, in UTC, with its zone."""

    def monotonic(self) -> float:
        """Seconds since some moment, which go on evenly whatever is done to the time of day."""


class Ids(Protocol):
    """New names."""

    def new(self, prefix: str) -> str:
        """`prefix_` and 20 characters `[a-z0-9]` that nobody can guess or has had before."""
