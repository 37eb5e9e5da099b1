"""The composition root: the only place where real things are built, and the only one that knows dependency-injector.

Tests and programs swap any part: `with container.engines.override(...)`, or another `Settings`.
"""

from __future__ import annotations

import os
import socket

from dependency_injector import containers, providers

from adapters.audio import SandboxedCodec
from adapters.blobs.filesystem import FilesystemBlobStore
from adapters.hosts import ChildProcessHost
from adapters.queues.memory import MemoryDoorbell
from adapters.stores.sqlite import SqliteCatalog, SqliteDatabase, SqliteJobStore
from entrypoints.service import Service
from entrypoints.settings import Settings, load
from voicecore.registry import engine_names, engine_providers
from voicecore.system import RandomIds, SystemClock
from voicecore.usecases.delete_job import DeleteJob
from voicecore.usecases.delete_voice import DeleteVoice
from voicecore.usecases.edit_profiles import EditProfiles
from voicecore.usecases.engines import Engines
from voicecore.usecases.export_audio import ExportAudio
from voicecore.usecases.purge_expired import PurgeExpired
from voicecore.usecases.run_enrolment import RunEnrolment
from voicecore.usecases.run_job import RunJob
from voicecore.usecases.run_synthesis import RunSynthesis
from voicecore.usecases.runner import Runner
from voicecore.usecases.segment_cache import SegmentCache
from voicecore.usecases.submit_enrolment import SubmitEnrolment
from voicecore.usecases.submit_synthesis import SubmitSynthesis

#: Found like any engine, but offered only where the settings name it: it makes tones, not speech.
_TEST_ENGINES = frozenset({"tone"})


def worker_name() -> str:
    """Names this process in leases and logs."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}"


def offered_engines(settings: Settings) -> Engines:
    """All installed engines but the test ones, and the default."""
    names = tuple(name for name in engine_names() if name not in _TEST_ENGINES or name == settings.engine)
    return Engines(engine_providers(names, settings.weights_dir), settings.engine)


class Container(containers.DeclarativeContainer):
    """Embedded mode: SQLite, files, an in-process doorbell, one runner, one child process for the models."""

    settings = providers.Singleton(load)
    limits = settings.provided.limits

    clock = providers.Singleton(SystemClock)
    ids = providers.Singleton(RandomIds)
    doorbell = providers.Singleton(MemoryDoorbell)
    database = providers.Singleton(SqliteDatabase, settings.provided.data_dir)
    store = providers.Singleton(SqliteJobStore, database, clock)
    catalog = providers.Singleton(SqliteCatalog, database)
    blobs = providers.Singleton(FilesystemBlobStore, providers.Callable(lambda s: s.data_dir / "blobs", settings))
    codec = providers.Singleton(
        SandboxedCodec, max_children=settings.provided.decoders, max_file_bytes=limits.provided.max_upload_bytes
    )
    engines = providers.Singleton(offered_engines, settings)
    host = providers.Singleton(
        ChildProcessHost, threads=settings.provided.threads, models_dir=settings.provided.weights_dir
    )

    cache = providers.Singleton(SegmentCache, blobs, limits.provided.segment_cache_bytes)
    delete_job = providers.Singleton(DeleteJob, store, blobs, limits)
    delete_voice = providers.Singleton(DeleteVoice, catalog, blobs)
    purge = providers.Singleton(PurgeExpired, store, catalog, blobs, clock, cache, delete_job)
    submit_synthesis = providers.Singleton(SubmitSynthesis, store, catalog, doorbell, engines, clock, ids, limits)
    submit_enrolment = providers.Singleton(
        SubmitEnrolment, store, catalog, blobs, codec, doorbell, engines, clock, ids, limits
    )
    edit_profiles = providers.Singleton(EditProfiles, catalog, engines, ids)
    export_audio = providers.Singleton(ExportAudio, blobs, codec)
    run_job = providers.Singleton(
        RunJob, store, blobs, clock, host,
        providers.Singleton(RunSynthesis, blobs, catalog, codec, cache),
        providers.Singleton(RunEnrolment, blobs, catalog, clock),
        limits,
    )  # fmt: skip
    runner = providers.Singleton(
        Runner, providers.Callable(worker_name), doorbell, run_job, run_job.provided.shut_down, purge
    )
    service = providers.Singleton(
        Service, settings=settings, limits=limits, clock=clock, store=store, catalog=catalog, blobs=blobs, engines=engines,
        host=host, runner=runner, submit_synthesis=submit_synthesis, submit_enrolment=submit_enrolment,
        edit_profiles=edit_profiles, export_audio=export_audio, delete_job=delete_job, delete_voice=delete_voice,
        purge=purge,
    )  # fmt: skip


def build(settings: Settings | None = None) -> Container:
    """A container for these settings, or those of the environment."""
    container = Container()
    if settings is not None:
        container.settings.override(settings)
    return container
