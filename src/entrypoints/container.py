"""The composition root: the only place where real things are built, and the only one that knows dependency-injector.

Tests and programs swap any part: `with container.engines.override(...)`, or another `Settings`.
"""

from __future__ import annotations

from functools import partial

from dependency_injector import containers, providers

from adapters.audio import SandboxedCodec
from adapters.audit import FileAuditLog
from adapters.blobs.filesystem import FilesystemBlobStore
from adapters.hosts import ChildProcessHost, SharedHost
from adapters.messengers.http import HttpMessenger
from adapters.meters.prometheus import PrometheusMeter
from adapters.queues.memory import MemoryDoorbell
from adapters.relays.memory import MemoryRelay
from adapters.stores.roster import MemoryRoster
from adapters.stores.sqlite import SqliteCatalog, SqliteDatabase, SqliteJobStore
from adapters.stores.sqlite.quota import SqliteQuota
from entrypoints import distributed, embedded, mark_key, watermarks
from entrypoints.converters import TEST_ENGINES, model_intake, offered_converters
from entrypoints.crews import Tools, embedded_crew, request_crew
from entrypoints.observing import Metrics, tracer
from entrypoints.service import Service
from entrypoints.setting_checks import file_of
from entrypoints.settings import Settings, load
from entrypoints.standing import Standing
from entrypoints.worker import Worker
from voicecore.errors import NotFound, StorageUnavailable
from voicecore.observer import Observer
from voicecore.ports import BlobStore, Clock, JobStore
from voicecore.registry import engine_names, engine_providers
from voicecore.system import RandomIds, SteadyClock, SystemClock
from voicecore.usecases.add_model import AddModel
from voicecore.usecases.authenticate import Authenticate
from voicecore.usecases.consents import KeepConsent, RevokeConsent
from voicecore.usecases.counted_codec import CountedCodec
from voicecore.usecases.delete_job import DeleteJob
from voicecore.usecases.delete_model import DeleteModel
from voicecore.usecases.delete_voice import DeleteVoice
from voicecore.usecases.deliver_notices import DeliverNotices
from voicecore.usecases.detect_audio import DetectAudio
from voicecore.usecases.edit_profiles import EditProfiles
from voicecore.usecases.engines import Engines
from voicecore.usecases.export_audio import ExportAudio
from voicecore.usecases.limits_of import LimitsOf
from voicecore.usecases.listen import Listen
from voicecore.usecases.manage_keys import ManageKeys
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
from voicecore.webhook import WebhookSigner
from voicecore.webhook_target import WebhookPolicy


def offered_engines(settings: Settings) -> Engines:
    """All installed engines but the test ones, and the default."""
    names = tuple(name for name in engine_names() if name not in TEST_ENGINES or name == settings.engine)
    try:
        return Engines(engine_providers(names, settings.engine_settings), settings.engine)
    except NotFound as error:
        raise NotFound(f"VOICECORE_ENGINE: {error.message}") from None


def embedded_or_distributed(settings: Settings) -> str:
    """Which of the two modes these settings mean."""
    return "distributed" if settings.distributed else "embedded"


def own_or_shared(settings: Settings) -> str:
    """Whether each slot has a model process of its own."""
    return "shared" if settings.share_model else "own"


def blob_store(settings: Settings) -> BlobStore:
    """Where audio lies: a bucket, or files in the data folder."""
    url = settings.blobs_url
    if url is not None and not url.startswith("file://"):
        return distributed.object_store(url, settings.data_dir / "spool")
    try:
        return FilesystemBlobStore(settings.data_dir / "blobs" if url is None else file_of(url))
    except StorageUnavailable as error:
        setting = "VOICECORE_DATA_DIR" if url is None else "VOICECORE_BLOBS_URL"
        raise type(error)(f"The folder of {setting} cannot be used: {error.message}") from error


def webhook_policy(settings: Settings) -> WebhookPolicy:
    """Whether jobs may have webhooks, and where they may go."""
    return WebhookPolicy(enabled=settings.webhook_secret is not None, allow_private=settings.webhook_allow_private)


def deliver_notices(settings: Settings, store: JobStore, clock: Clock) -> DeliverNotices | None:
    """Tells of ended jobs; None without a secret to sign with."""
    if settings.webhook_secret is None:
        return None
    messenger = HttpMessenger(allow_private=settings.webhook_allow_private)
    return DeliverNotices(store, messenger, clock, WebhookSigner.parse(settings.webhook_secret))


class Container(containers.DeclarativeContainer):
    """Embedded mode: SQLite, files, an in-process doorbell, slots and chores in this process.

    Distributed mode (`VOICECORE_REDIS_URL`): Redis, arq, files or a bucket; `service` takes requests, `worker` runs jobs.
    """

    settings = providers.Singleton(load)
    limits = settings.provided.limits
    mode = providers.Callable(embedded_or_distributed, settings)

    meter = providers.Singleton(PrometheusMeter)
    tracer = providers.Singleton(tracer, settings)
    observer = providers.Singleton(Observer, meter, tracer)
    clock = providers.Singleton(SystemClock)
    ids = providers.Singleton(RandomIds)
    database = providers.Singleton(SqliteDatabase, settings.provided.data_dir)
    redis = providers.Singleton(distributed.redis_client, settings)
    doorbell = providers.Selector(
        mode,
        embedded=providers.Singleton(MemoryDoorbell),
        distributed=providers.Singleton(distributed.doorbell, settings),
    )
    store = providers.Selector(
        mode,
        embedded=providers.Singleton(SqliteJobStore, database, clock, providers.Singleton(SteadyClock)),
        distributed=providers.Singleton(distributed.job_store, redis, settings),
    )
    catalog = providers.Selector(
        mode,
        embedded=providers.Singleton(SqliteCatalog, database),
        distributed=providers.Singleton(distributed.catalog, redis, settings),
    )
    roster = providers.Selector(
        mode,
        embedded=providers.Singleton(MemoryRoster, clock),
        distributed=providers.Singleton(distributed.roster, redis, settings),
    )
    quota = providers.Selector(
        mode,
        embedded=providers.Singleton(SqliteQuota, database, clock),
        distributed=providers.Singleton(distributed.quota, redis, settings),
    )
    audit = providers.Singleton(FileAuditLog, settings.provided.data_dir, clock)
    authenticate = providers.Singleton(
        Authenticate, catalog, clock, settings.provided.key_pepper, settings.provided.key_limits
    )
    keys = providers.Singleton(ManageKeys, authenticate, clock, ids, audit)
    limits_of = providers.Singleton(LimitsOf, quota, catalog, store, clock, ids)
    relay = providers.Selector(
        mode,
        embedded=providers.Singleton(MemoryRelay),
        distributed=providers.Singleton(distributed.relay, redis, settings),
    )
    blobs = providers.Singleton(blob_store, settings)
    fit = providers.Selector(
        mode,
        embedded=providers.Callable(partial, embedded.check, settings, blobs),
        distributed=providers.Singleton(distributed.Check, redis, settings, blobs),
    )
    known_since = providers.Selector(
        mode,
        embedded=providers.Callable(partial, embedded.known_since, settings, blobs),
        distributed=providers.Callable(partial, distributed.known_since, redis, settings, blobs),
    )
    check = providers.Singleton(Standing, fit)
    # Last of all: stores, roster and relay share one client.
    hang_up = providers.Selector(
        mode,
        embedded=providers.Object(lambda: None),
        distributed=providers.Callable(lambda client: client.close, redis),
    )
    decoder = providers.Singleton(
        SandboxedCodec, max_children=settings.provided.decoders, max_file_bytes=limits.provided.max_upload_bytes
    )
    codec = providers.Singleton(CountedCodec, decoder, meter)
    engines = providers.Singleton(offered_engines, settings)
    converters = providers.Singleton(offered_converters, settings)
    intake = providers.Singleton(model_intake, settings)
    host = providers.Factory(
        ChildProcessHost, threads=settings.provided.threads, settings=settings.provided.engine_settings,
        idle_unload_s=settings.provided.idle_unload_s, meter=meter,
    )  # fmt: skip
    shared_host = providers.Singleton(SharedHost, host)
    slot_host = providers.Selector(
        providers.Callable(own_or_shared, settings),
        own=host,
        shared=providers.Callable(SharedHost.slot, shared_host),
    )

    marker = providers.Singleton(mark_key.marker, settings)
    watermarker = providers.Singleton(watermarks.watermarker, settings)
    job_host = providers.Callable(watermarks.guarded, slot_host, watermarker)
    cache = providers.Singleton(SegmentCache, blobs, limits.provided.segment_cache_bytes, clock, observer=observer)
    listen = providers.Singleton(Listen, store, relay, blobs, cache, ids, limits.provided.keep_jobs, observer)
    delete_job = providers.Singleton(DeleteJob, store, blobs, limits, observer, audit)
    delete_voice = providers.Singleton(DeleteVoice, catalog, blobs, store, limits.provided.keep_jobs, audit)
    purge = providers.Singleton(PurgeExpired, store, catalog, blobs, clock, cache, delete_job, known_since)
    webhooks = providers.Singleton(webhook_policy, settings)
    submit_synthesis = providers.Singleton(
        SubmitSynthesis,
        store,
        catalog,
        doorbell,
        engines,
        clock,
        ids,
        limits,
        webhooks,
        converters,
        observer,
        limits_of,
    )
    submit_conversion = providers.Singleton(
        SubmitConversion, store, catalog, blobs, codec, doorbell, converters, clock, ids, limits, webhooks, observer
    )
    add_model = providers.Singleton(AddModel, catalog, blobs, intake, clock, ids, limits, audit)
    delete_model = providers.Singleton(DeleteModel, catalog, blobs, store, audit)
    submit_enrolment = providers.Singleton(
        SubmitEnrolment, store, catalog, blobs, codec, doorbell, engines, clock, ids, limits, webhooks,
        settings.provided.require_consent, observer, limits_of, audit,
    )  # fmt: skip
    keep_consent = providers.Singleton(KeepConsent, catalog, blobs, codec, clock, ids, limits, limits_of)
    revoke_consent = providers.Singleton(RevokeConsent, store, catalog, blobs, clock, limits.provided.keep_jobs, audit)
    submit_mix = providers.Singleton(
        SubmitMix, store, catalog, doorbell, engines, clock, ids, limits, webhooks, observer, limits_of, audit
    )
    edit_profiles = providers.Singleton(EditProfiles, catalog, engines, ids)
    export_audio = providers.Singleton(ExportAudio, blobs, codec, observer)
    detect_audio = providers.Singleton(DetectAudio, store, blobs, codec, marker, limits, watermarker)
    run_job = providers.Factory(
        RunJob, store, blobs, clock,
        synthesise=providers.Singleton(
            RunSynthesis, blobs, catalog, codec, cache, relay, converters=converters, observer=observer, marker=marker
        ),
        enrol=providers.Singleton(RunEnrolment, blobs, catalog, clock, marker),
        convert=providers.Singleton(RunConversion, blobs, catalog, codec, relay, observer=observer, marker=marker),
        limits=limits, observer=observer, said=settings.provided.without_folders,
    )  # fmt: skip
    tools = providers.Singleton(
        Tools, settings=settings, clock=clock, roster=roster, engines=engines, converters=converters, purge=purge,
        make_host=job_host.provider, make_run=run_job.provider,
        notices=providers.Singleton(deliver_notices, settings, store, clock),
    )  # fmt: skip
    crew = providers.Selector(
        mode,
        embedded=providers.Singleton(embedded_crew, tools, doorbell),
        distributed=providers.Singleton(request_crew, doorbell, check),
    )
    metrics = providers.Singleton(
        Metrics, meter=meter, store=store, roster=roster, data_dir=settings.provided.data_dir, crew=crew.provider
    )
    service = providers.Singleton(
        Service, settings=settings, limits=limits, clock=clock, store=store, catalog=catalog, blobs=blobs, roster=roster,
        relay=relay, listen=listen, codec=codec, marker=marker, engines=engines, converters=converters, crew=crew,
        submit_synthesis=submit_synthesis,
        submit_conversion=submit_conversion, submit_enrolment=submit_enrolment, submit_mix=submit_mix, add_model=add_model,
        edit_profiles=edit_profiles, export_audio=export_audio, detect_audio=detect_audio, delete_job=delete_job,
        delete_voice=delete_voice, delete_model=delete_model, watermarker=watermarker, keep_consent=keep_consent,
        revoke_consent=revoke_consent, purge=purge, check=check,
        hang_up=hang_up, observer=observer, metrics=metrics, authenticate=authenticate, keys=keys, quota=quota,
        limits_of=limits_of, audit=audit,
    )  # fmt: skip
    worker = providers.Singleton(
        Worker,
        tools=tools,
        store=store,
        catalog=catalog,
        relay=relay,
        watermarker=watermarker,
        check=check,
        meter=meter,
        tracer=tracer,
        hang_up=hang_up,
    )


def build(settings: Settings | None = None) -> Container:
    """A container for these settings, or those of the environment."""
    container = Container()
    if settings is not None:
        container.settings.override(settings)
    return container
