"""Every port of the core. Read this folder and you know what voicecore asks of the outside.

All methods are synchronous and may be called from any thread, unless the docstring says otherwise; adapters own
their locks and loops (docs/adr/0003). What a method may raise beyond its docstring: `StorageUnavailable`
from stores, blobs and catalogues, `EngineFailed` from engines. Each port has a contract suite in `voicecore.testing.contracts`.
"""

from voicecore.ports.converters import (
    ConversionReport,
    ConverterCard,
    ConverterProvider,
    ModelConverter,
    ModelFacts,
    ModelIntake,
    ModelParts,
    ToneConverter,
    VoiceConverter,
)
from voicecore.ports.guarding import NO_AUDIT, Act, AuditLog, Count, Quota, Window
from voicecore.ports.kept import BlobStat, BlobStore, Catalog, Item, Named, Shelf
from voicecore.ports.live import Ear, LiveChunk, Relay
from voicecore.ports.outside import AudioCodec, AudioLimits, Clock, Ids, Messenger, SoundStream, Watermarker
from voicecore.ports.speech import EngineHost, EngineProvider, SpeechEngine
from voicecore.ports.watching import Meter, Span, Tracer
from voicecore.ports.work import Doorbell, JobPage, JobQuery, JobStore, Notice, WorkerCard, WorkerRoster

__all__ = [
    "NO_AUDIT",
    "Act",
    "AudioCodec",
    "AudioLimits",
    "AuditLog",
    "BlobStat",
    "BlobStore",
    "Catalog",
    "Clock",
    "ConversionReport",
    "ConverterCard",
    "ConverterProvider",
    "Count",
    "Doorbell",
    "Ear",
    "EngineHost",
    "EngineProvider",
    "Ids",
    "Item",
    "JobPage",
    "JobQuery",
    "JobStore",
    "LiveChunk",
    "Messenger",
    "Meter",
    "ModelConverter",
    "ModelFacts",
    "ModelIntake",
    "ModelParts",
    "Named",
    "Notice",
    "Quota",
    "Relay",
    "Shelf",
    "SoundStream",
    "Span",
    "SpeechEngine",
    "ToneConverter",
    "Tracer",
    "VoiceConverter",
    "Watermarker",
    "Window",
    "WorkerCard",
    "WorkerRoster",
]
