"""A whole service in memory, with a clock, names and an engine that tests own."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import pytest

from adapters.blobs.memory import MemoryBlobStore
from adapters.hosts import LocalHost
from adapters.meters.memory import MemoryMeter
from adapters.queues.memory import MemoryDoorbell
from adapters.stores.memory import MemoryCatalog, MemoryJobStore
from adapters.tracers.memory import MemoryTracer
from voicecore.audio import Audio, join
from voicecore.conversion_model import ConversionModel
from voicecore.language import Language
from voicecore.limits import Limits
from voicecore.marks import marked_wav
from voicecore.observer import Observer
from voicecore.ports import AudioLimits
from voicecore.request import OutputFormat, SynthesisRequest
from voicecore.testing.fakes import FakeClock, SequentialIds
from voicecore.testing.shifter import Shifter, ShifterIntake, ShifterPlan, ShifterProvider, shifter_file
from voicecore.testing.tone import ToneEngine, TonePlan
from voicecore.usecases.add_model import AddModel
from voicecore.usecases.converters import Converters
from voicecore.usecases.counted_codec import CountedCodec
from voicecore.usecases.delete_job import DeleteJob
from voicecore.usecases.delete_model import DeleteModel
from voicecore.usecases.delete_voice import DeleteVoice
from voicecore.usecases.edit_profiles import EditProfiles
from voicecore.usecases.engines import Engines
from voicecore.usecases.export_audio import ExportAudio
from voicecore.usecases.purge_expired import PurgeExpired
from voicecore.usecases.run_conversion import RunConversion
from voicecore.usecases.run_enrolment import RunEnrolment
from voicecore.usecases.run_job import RunJob
from voicecore.usecases.run_synthesis import RunSynthesis
from voicecore.usecases.segment_cache import SegmentCache
from voicecore.usecases.submit_conversion import SubmitConversion
from voicecore.usecases.submit_enrolment import SubmitEnrolment
from voicecore.usecases.submit_mix import SubmitMix
from voicecore.usecases.submit_synthesis import SubmitSynthesis

PT = Language("pt", "BR")


class WavCodec:
    """An `AudioCodec` that knows WAV only: enough for use cases, and nothing of a process."""

    def decode(self, data: BinaryIO, limits: AudioLimits) -> Audio:
        del limits
        return Audio.from_wav_bytes(data.read())

    def encode(
        self, blocks: Iterable, sample_rate_hz: int, output_format: OutputFormat, marking=None
    ) -> Iterator[bytes]:
        yield output_format.value.encode() if output_format is not OutputFormat.WAV else b""
        yield marked_wav(join(blocks, sample_rate_hz), marking)


class CountingEngine(ToneEngine):
    """A tone engine that remembers what it was given."""

    def __init__(self, plan: TonePlan) -> None:
        super().__init__(plan)
        self.given: list = []

    def admit(self, utterance) -> None:
        super().admit(utterance)
        self.given.append(utterance)


@dataclass
class CountingProvider:
    """Opens one engine and keeps it for the test to look at."""

    plan: TonePlan
    name: str = "tone"
    engine: CountingEngine | None = None

    def card(self):
        return ToneEngine(self.plan).card

    def problems(self):
        return ()

    def open(self, *, threads=None):
        del threads
        self.engine = CountingEngine(self.plan)
        return self.engine


@dataclass
class CountingShifters:
    """Opens shifters and keeps the last one for the test to look at."""

    plan: ShifterPlan
    name: str = "tone"
    shifter: Shifter | None = None

    def card(self):
        return ShifterProvider(plan=self.plan).card()

    def problems(self):
        return ShifterProvider(plan=self.plan).problems()

    def open(self, *, threads=None):
        del threads
        self.shifter = Shifter(self.plan)
        return self.shifter


@dataclass
class House:
    """Every use case over memory adapters."""

    plan: TonePlan = field(default_factory=lambda: TonePlan(segment_limit=60))
    limits: Limits = field(default_factory=Limits)
    shifting: ShifterPlan = field(default_factory=ShifterPlan)

    def __post_init__(self) -> None:
        self.clock, self.ids = FakeClock(), SequentialIds()
        self.store, self.catalog = MemoryJobStore(self.clock), MemoryCatalog()
        self.meter, self.tracer = MemoryMeter(), MemoryTracer()
        self.observer = Observer(self.meter, self.tracer)
        self.blobs, self.doorbell = MemoryBlobStore(clock=self.clock), MemoryDoorbell()
        self.codec = WavCodec()
        counted = CountedCodec(self.codec, self.meter)
        self.provider = CountingProvider(self.plan)
        self.engines = Engines({"tone": self.provider}, "tone")
        self.shifters = CountingShifters(self.shifting)
        self.converters = Converters(self.shifters)
        self.host = LocalHost({"tone": self.provider}, converters={"tone": self.shifters})
        self.cache = SegmentCache(self.blobs, self.limits.segment_cache_bytes, self.clock, observer=self.observer)
        self.delete_job = DeleteJob(self.store, self.blobs, self.limits, self.observer)
        self.delete_voice = DeleteVoice(self.catalog, self.blobs, self.store)
        self.purge = PurgeExpired(self.store, self.catalog, self.blobs, self.clock, self.cache, self.delete_job)
        self.profiles = EditProfiles(self.catalog, self.engines, self.ids)
        self.export = ExportAudio(self.blobs, self.codec, self.observer)
        self.submit = SubmitSynthesis(
            self.store, self.catalog, self.doorbell, self.engines, self.clock, self.ids, self.limits,
            converters=self.converters, observer=self.observer,
        )  # fmt: skip
        self.submit_recording = SubmitConversion(
            self.store, self.catalog, self.blobs, counted, self.doorbell, self.converters, self.clock, self.ids,
            self.limits, observer=self.observer,
        )  # fmt: skip
        self.add_model = AddModel(self.catalog, self.blobs, ShifterIntake(), self.clock, self.ids, self.limits)
        self.delete_model = DeleteModel(self.catalog, self.blobs, self.store)
        self.enrol = SubmitEnrolment(
            self.store, self.catalog, self.blobs, counted, self.doorbell, self.engines, self.clock, self.ids,
            self.limits, require_consent=False, observer=self.observer,
        )  # fmt: skip
        self.mix = SubmitMix(
            self.store,
            self.catalog,
            self.doorbell,
            self.engines,
            self.clock,
            self.ids,
            self.limits,
            observer=self.observer,
        )
        self.run = self.worker(self.host)

    def worker(self, host=None, **changes) -> RunJob:
        """Another worker over the same stores, with an engine of its own unless it is given a host."""
        settings = {"look_every_s": 0.02, "pauses_s": (0.01, 0.02), **changes}
        relay = settings.pop("relay", None)
        another = LocalHost({"tone": CountingProvider(self.plan)}, converters={"tone": CountingShifters(self.shifting)})
        return RunJob(
            self.store, self.blobs, self.clock, host or another,
            RunSynthesis(self.blobs, self.catalog, self.codec, self.cache, relay, self.converters, self.observer),
            RunEnrolment(self.blobs, self.catalog, self.clock), self.limits,
            convert=RunConversion(self.blobs, self.catalog, self.codec, relay, self.observer), observer=self.observer, **settings,
        )  # fmt: skip

    def model(self, name: str = "Luísa", *, index: bytes = b"vectors", **voice) -> ConversionModel:
        """A conversion model that somebody uploaded."""
        with tempfile.TemporaryDirectory() as folder:
            weights, vectors = Path(folder, "a.pth"), Path(folder, "a.index")
            weights.write_bytes(shifter_file(**voice))
            vectors.write_bytes(index)
            return self.add_model(name, weights, vectors if index else None)

    def spoken(self, text: str = "Bom dia. Até amanhã, meu amigo.", **changes):
        """Submit a text, run it, and return the job as stored."""
        job = self.submit(request(text, **changes))
        assert self.run("worker")
        return self.store.get(job.id)

    def audio(self, job) -> Audio:
        with self.blobs.open(job.result.audio_key) as reader:
            return Audio.from_wav_bytes(reader.read())

    def cancel_at(self, monkeypatch, job, name):
        """Have somebody cancel the job just before its attempt stores the blob of this name."""
        truth = self.blobs.put

        def put(key, data):
            if key.endswith(name):
                self.store.cancel(job.id, timedelta(hours=1))
            return truth(key, data)

        monkeypatch.setattr(self.blobs, "put", put)

    def manifest(self, job) -> dict:
        with self.blobs.open(job.result.manifest_key) as reader:
            return json.loads(reader.read())

    def stored(self, prefix: str = "") -> list[str]:
        return [stat.key for stat in self.blobs.list(prefix)]


def request(text: str = "Bom dia.", **changes) -> SynthesisRequest:
    return SynthesisRequest(**{"text": text, "source_language": PT, **changes})


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def make_house():
    def make(limits: dict | None = None, shifting: dict | None = None, **plan) -> House:
        return House(
            TonePlan(**{"segment_limit": 60, **plan}), Limits(**(limits or {})), ShifterPlan(**(shifting or {}))
        )

    return make


class Gate:
    """Where the engine of a house waits in the middle of a job, until the test lets it go on."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def at(self, word: str) -> dict[str, str]:
        """The plan of an engine that waits at texts with this word."""
        return {"hang_on": word, "hang_until": str(self._path)}

    def open(self) -> None:
        """Let it go on."""
        self._path.touch()


@pytest.fixture
def gate(tmp_path):
    made = Gate(tmp_path / "go on")
    yield made
    made.open()


@pytest.fixture
def minute():
    return timedelta(minutes=1)
