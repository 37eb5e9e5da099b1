"""Settings: environment variables `VOICECORE_*`, over an optional TOML file (`VOICECORE_CONFIG`), over the defaults here.

An unknown name or a value that cannot be read is an error at start, never a silent default. `docs/operations.md`
lists every setting; a test checks that it does. A secret may come by file (`secret_files.py`).
"""

from __future__ import annotations

import difflib
import os
import re
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any

from entrypoints.pairs import Pairs
from entrypoints.secret_files import with_secrets_read
from entrypoints.setting_checks import check_access, check_blobs_url, check_marks, check_webhook_secret, check_wyoming
from entrypoints.setting_values import read_value
from voicecore.access import LIMIT_NAMES, KeyLimits
from voicecore.engine_settings import EngineSettings, Precision
from voicecore.errors import InvalidInput, UnsupportedLanguage, require
from voicecore.language import Language
from voicecore.limits import Limits

PREFIX = "VOICECORE_"
#: Threads of a model. Each takes memory before it works: tens of thousands end the process without a word.
THREAD_LIMIT = 256
#: Model processes of one service or worker: each takes hundreds of megabytes.
SLOT_LIMIT = 64
#: Each has a thread while it waits for sound.
STREAM_LIMIT = 1_024
#: Megabytes of an uploaded file of a conversion model. What is kept of the two files travels to the model process as one.
RVC_UPLOAD_LIMIT_MB = 512
#: Read elsewhere: where the settings file is, and switches of the test engine and of the command line's client.
_NOT_SETTINGS = ("VOICECORE_CONFIG", "VOICECORE_URL", "VOICECORE_API_KEY")
_TEST_PREFIX = "VOICECORE_TESTING_"


def default_data_dir() -> Path:
    """Where this platform keeps an application's data: XDG on Linux, Application Support on macOS."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "voicecore"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "voicecore"


def _setting(default: Any, meaning: str, *, secret: bool = False) -> Any:
    """A field with its meaning, from which the docs' table is checked. A secret is left out of every print."""
    return field(default=default, repr=not secret, metadata={"meaning": meaning, "secret": secret})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One frozen set of settings. Every field is `VOICECORE_` and its name in capitals."""

    data_dir: Path = field(
        default_factory=default_data_dir,
        metadata={
            "secret": False,  # nosec B105 - whether it is one
            "meaning": "Folder of jobs, voices and audio; without Redis one process owns it.",
        },
    )
    models_dir: Path | None = _setting(None, "Folder of model weights; default: `models` in the data folder.")
    engine: str = _setting("kokoro", "Engine of requests that name none.")
    redis_url: str | None = _setting(
        None, "Redis that many processes share, `redis://` or `rediss://`; unset: one process and SQLite.", secret=True
    )
    redis_prefix: str = _setting("voicecore", "Beginning of every key in Redis; each deployment needs its own.")
    blobs_url: str | None = _setting(
        None, "Where audio lies, `s3://bucket/prefix` or `file:///folder`; unset: `blobs` in the data folder."
    )
    slots: int = _setting(
        1, "Jobs that one process runs at once; each has a model process of its own, unless they share one."
    )
    share_model: bool = _setting(
        False, "Whether all slots share one model process, which decodes their jobs together; for engines that batch."
    )
    idle_unload_s: float = _setting(0.0, "Seconds without a job after which the models leave memory; 0 keeps them.")
    device: str = _setting("auto", "Where models run: `auto`, `cpu`, `cuda` or `cuda:N`.")
    precision: str = _setting(
        "exact", "`exact`, or `bf16` (or `int8`, where an engine has it) for speed; see docs/xtts.md."
    )
    batch_size: int = _setting(0, "Segments decoded together, up to 256; 0 leaves the choice to the engine.")
    low_vram: bool = _setting(False, "Whether parts of a model that are not at work wait in the host's memory.")
    voice_cache_mb: int = _setting(256, "Megabytes that an engine keeps of voices it spoke with.")
    rvc_cache_mb: int = _setting(
        1_024, "Megabytes of conversion models that stay loaded in a model process; 0 keeps only the one at work."
    )
    accept_licences: tuple[str, ...] = _setting(
        (), "Models whose licence you have read and accept, separated by commas: `xtts`."
    )
    worker_engines: tuple[str, ...] = _setting(
        (),
        "Engines whose jobs this worker takes, separated by commas, `rvc` for conversions; unset: all that open here.",
    )
    webhook_secret: str | None = _setting(
        None, "Key that webhooks are signed with, `whsec_` and base64; unset: no webhooks.", secret=True
    )
    watermark: str = _setting(
        "off", "`perth` puts a watermark into all sound that is made here, or nothing is made; `off`."
    )
    mark_secret: str | None = _setting(None, "Key of the marks in files; unset: one in the data folder.", secret=True)
    webhook_allow_private: bool = _setting(False, "Whether webhooks may go to private networks, and over plain http.")
    default_language: str = _setting(
        "pt-BR", "Language of texts in the dialects of others, where neither the request nor the voice has one."
    )
    openai_models: Pairs = _setting(
        (),
        "Further models of the OpenAI dialect, or other meanings of its own: `name=engine:profile` parts, separated by commas.",
    )
    openai_voices: Pairs = _setting(
        (),
        "Further voice names of the OpenAI dialect, or other meanings of its own: `name=voice` parts, separated by commas.",
    )
    elevenlabs_models: Pairs = _setting(
        (),
        "Further models of the ElevenLabs dialect, or other meanings of its own: `name=engine:profile` parts, separated by commas.",
    )
    elevenlabs_voices: Pairs = _setting(
        (),
        "Further voice ids of the ElevenLabs dialect, or other meanings of its own: `id=voice` parts, separated by commas.",
    )
    threads: int = _setting(0, "Processor threads of a model, up to 256; 0 leaves the choice to the engine.")
    auth: str = _setting(
        "keys",
        "`keys`: callers need an API key, or this machine's address while there is none; `off`: anybody may do anything.",
    )
    key_pepper: str | None = _setting(
        None,
        "What digests of new API keys are made with besides; the same for all processes, and never lost.",
        secret=True,
    )
    cors_origins: tuple[str, ...] = _setting(
        (), "Origins of web pages that may call the service, such as `https://app.example.com`, separated by commas."
    )
    limit_requests_per_minute: int = _setting(600, "Requests of one API key in a minute; 0 is no limit.")
    limit_characters_per_day: int = _setting(
        1_000_000, "Characters that one API key may have spoken in a day (UTC); 0 is no limit."
    )
    limit_voices: int = _setting(100, "Voices of one API key; 0 is no limit.")
    limit_streams: int = _setting(8, "Live streams of one API key at once; 0 is no limit.")
    host: str = _setting("127.0.0.1", "Address that `voicecore serve` listens on.")
    port: int = _setting(8004, "Port that `voicecore serve` listens on.")
    wyoming: bool = _setting(
        False, "Whether `voicecore serve` speaks Wyoming, too: for Home Assistant, docs/wyoming.md."
    )
    wyoming_host: str = _setting("127.0.0.1", "Address that Wyoming listens on.")
    wyoming_port: int = _setting(10_200, "Port that Wyoming listens on.")
    wyoming_allow: tuple[str, ...] = _setting(
        (),
        "Networks whose programs may use Wyoming, such as `192.168.1.0/24`, separated by commas; unset: all private ones.",
    )
    wyoming_key: str | None = _setting(
        None,
        "API key, with the scope speak, that stands for all clients of Wyoming, which cannot send one.",
        secret=True,
    )
    wyoming_clients: int = _setting(32, "Connections of Wyoming that are served at once.")
    log_level: str = _setting("INFO", "DEBUG, INFO, WARNING or ERROR.")
    metrics_host: str = _setting("127.0.0.1", "Address of `VOICECORE_METRICS_PORT`.")
    metrics_port: int = _setting(
        0, "Port on which this service or worker gives `/metrics`, and nothing else, to whoever asks; 0: none."
    )
    otel: bool = _setting(False, "Whether traces are sent to where the `OTEL_…` variables say; needs the extra `otel`.")
    drain_s: float = _setting(
        20.0, "Seconds that a stopping service lets the running job go on before handing it back."
    )
    max_text: int = _setting(10_000, "Characters of one text.")
    max_queued: int = _setting(1_000, "Jobs that may wait; the next is refused with 429.")
    max_upload_mb: int = _setting(100, "Megabytes (of 1024 x 1024 bytes) of one uploaded file.")
    max_audio_s: float = _setting(600.0, "Seconds of decoded audio of one upload.")
    require_consent: bool = _setting(
        True, "Whether a voice is only learned with a consent of who speaks; see docs/consent-and-marks.md."
    )
    max_voices: int = _setting(1_000, "Enrolled voices.")
    max_rvc_models: int = _setting(100, "Conversion models.")
    max_rvc_upload_mb: int = _setting(200, "Megabytes of one uploaded file of a conversion model, up to 512.")
    max_rvc_stored_mb: int = _setting(20_480, "Megabytes of all stored conversion models together.")
    job_timeout_s: float = _setting(900.0, "Seconds that one attempt at a job may take.")
    lease_s: float = _setting(30.0, "Seconds after which a silent worker's job is taken over.")
    max_tries: int = _setting(3, "Attempts that may end badly before a job is given up as poisoned.")
    keep_jobs_h: float = _setting(24.0, "Hours that finished jobs and their audio are kept.")
    segment_cache_mb: int = _setting(2_048, "Megabytes of the segment cache; 0 turns it off.")
    max_streams: int = _setting(
        64, "Streams and sockets that one process serves at once; the next is refused with 429."
    )
    stream_stall_s: float = _setting(
        30.0,
        "Seconds after which a client is dropped that stopped reading, or that sends no request, or not all of one.",
    )
    stream_wait_s: float = _setting(600.0, "Seconds that a stream waits for its first sound, in the queue too.")
    socket_idle_s: float = _setting(60.0, "Seconds without a message after which a speaking socket is closed.")
    decoders: int = _setting(2, "Uploads that may be decoded at the same time.")

    def __post_init__(self) -> None:
        require(
            0 <= self.threads <= THREAD_LIMIT,
            f"VOICECORE_THREADS is {self.threads}; give 0 to {THREAD_LIMIT}, where 0 leaves the choice to the engine.",
        )
        check_wyoming(self.wyoming_port, self.wyoming_allow, self.wyoming_clients)
        require(1 <= self.port <= 65_535, f"VOICECORE_PORT is {self.port}; give 1 to 65535.")
        require(0 <= self.metrics_port <= 65_535, f"VOICECORE_METRICS_PORT is {self.metrics_port}; give 0 to 65535.")
        require(0 <= self.drain_s <= 86_400, "VOICECORE_DRAIN_S must be between 0 and 86400 (a day).")
        check_webhook_secret(self.webhook_secret)
        check_access(self.auth, self.key_pepper, self.cors_origins)
        check_marks(self.watermark, self.mark_secret)
        check_blobs_url(self.blobs_url)
        require(1 <= self.slots <= SLOT_LIMIT, f"VOICECORE_SLOTS is {self.slots}; give 1 to {SLOT_LIMIT}.")
        require(
            re.fullmatch(r"(?=.*[A-Za-z0-9])[A-Za-z0-9_.-]{1,64}", self.redis_prefix) is not None,
            f"VOICECORE_REDIS_PREFIX is {self.redis_prefix[:80]!r}; give 1 to 64 letters, digits, '_', '.' or '-'.",
        )
        if self.redis_url is not None:
            # Its text may hold a password, so the sentence does not repeat it.
            known = self.redis_url.startswith(("redis://", "rediss://"))
            require(known, "VOICECORE_REDIS_URL must begin with redis:// or rediss://.")
        require(
            1 <= self.max_rvc_upload_mb <= RVC_UPLOAD_LIMIT_MB,
            f"VOICECORE_MAX_RVC_UPLOAD_MB is {self.max_rvc_upload_mb}; give 1 to {RVC_UPLOAD_LIMIT_MB}.",
        )
        require(
            1 <= self.max_streams <= STREAM_LIMIT,
            f"VOICECORE_MAX_STREAMS is {self.max_streams}; give 1 to {STREAM_LIMIT}.",
        )
        for name in ("stream_stall_s", "stream_wait_s", "socket_idle_s"):
            require(
                0 < getattr(self, name) <= 86_400,
                f"VOICECORE_{name.upper()} must be above 0 and at most 86400 (a day).",
            )
        require(self.decoders >= 1, "VOICECORE_DECODERS must be at least 1.")
        try:
            _ = Language.parse(self.default_language)
        except UnsupportedLanguage as error:
            raise InvalidInput(f"VOICECORE_DEFAULT_LANGUAGE: {error.message}") from None
        levels = ("DEBUG", "INFO", "WARNING", "ERROR")
        require(
            self.log_level in levels, f"VOICECORE_LOG_LEVEL is {self.log_level!r}; give one of {', '.join(levels)}."
        )
        require(0 <= self.idle_unload_s <= 86_400, "VOICECORE_IDLE_UNLOAD_S must be between 0 and 86400 (a day).")
        _ = self.limits, self.engine_settings, self.key_limits

    @property
    def distributed(self) -> bool:
        """Whether many processes share the work over Redis."""
        return self.redis_url is not None

    @property
    def weights_dir(self) -> Path:
        """Folder of model weights."""
        return self.models_dir or self.data_dir / "models"

    def without_folders(self, sentence: str) -> str:
        """The sentence without the folders of this machine. Which file it is helps to mend it; where that lies is none of a
        client's business.
        """
        for folder in (self.weights_dir, self.data_dir):
            sentence = sentence.replace(f"{folder}/", "")
            # A relative one may be any word.
            sentence = sentence.replace(str(folder), "the data folder") if folder.is_absolute() else sentence
        return sentence

    @property
    def engine_settings(self) -> EngineSettings:
        """What engines are opened with. Raises `InvalidInput` naming the limit that is broken."""
        return EngineSettings(
            models_dir=self.weights_dir,
            device=self.device,
            precision=Precision.parse(self.precision),
            accepted_licences=frozenset(self.accept_licences),
            batch_size=self.batch_size,
            low_vram=self.low_vram,
            voice_cache_mb=self.voice_cache_mb,
            rvc_cache_mb=self.rvc_cache_mb,
        )

    @property
    def key_limits(self) -> KeyLimits:
        """Of a key that has none of its own. Raises `InvalidInput` for what is no limit."""
        limits = {name: getattr(self, f"limit_{name}") for name in LIMIT_NAMES}
        for name, value in limits.items():
            require(value >= 0, f"{PREFIX}LIMIT_{name.upper()} is {value}; give 0 (no limit) or more.")
        return KeyLimits(**limits)

    @property
    def limits(self) -> Limits:
        """What the service allows. Raises `InvalidInput` for a limit that makes no sense."""
        longest_s = timedelta.max.total_seconds() / 2
        for name, value_s in (("JOB_TIMEOUT_S", self.job_timeout_s), ("LEASE_S", self.lease_s),
                              ("KEEP_JOBS_H", 3600 * self.keep_jobs_h)):  # fmt: skip
            require(abs(value_s) < longest_s, f"{PREFIX}{name} is more than a clock can count.")
        return Limits(
            max_text=self.max_text,
            max_queued=self.max_queued,
            max_upload_bytes=self.max_upload_mb * 1024 * 1024,
            max_audio_s=self.max_audio_s,
            job_timeout=timedelta(seconds=self.job_timeout_s),
            lease=timedelta(seconds=self.lease_s),
            max_tries=self.max_tries,
            keep_jobs=timedelta(hours=self.keep_jobs_h),
            segment_cache_bytes=self.segment_cache_mb * 1024 * 1024,
            max_voices=self.max_voices,
            max_rvc_models=self.max_rvc_models,
            max_rvc_model_bytes=self.max_rvc_upload_mb * 1024 * 1024,
            max_rvc_stored_bytes=self.max_rvc_stored_mb * 1024 * 1024,
        )


_SECRETS = frozenset(each.name for each in fields(Settings) if each.metadata["secret"])


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process.

    Raises:
        InvalidInput: on an unknown name (with the nearest known one), or a value that cannot be read.
    """
    given = os.environ if environment is None else environment
    variables = with_secrets_read(given, [f"{PREFIX}{name.upper()}" for name in sorted(_SECRETS)])
    values: dict[str, Any] = _from_file(variables.get("VOICECORE_CONFIG"))
    for name, text in variables.items():
        if not name.startswith(PREFIX) or name in _NOT_SETTINGS or name.startswith(_TEST_PREFIX):
            continue
        key = name.removeprefix(PREFIX).lower()
        values[key] = _read(key, text)
    return Settings(**values)


def _from_file(path: str | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        document = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"The settings file {path!r} cannot be read: {error}.") from error
    return {key: _read(key, value) for key, value in document.items()}


def _read(key: str, value: object) -> Any:
    kinds = {each.name: str(each.type) for each in fields(Settings)}
    if key not in kinds:
        near = difflib.get_close_matches(key, kinds, n=1)
        hint = f"did you mean {PREFIX}{near[0].upper()}?" if near else "docs/operations.md lists them."
        raise InvalidInput(f"There is no setting {PREFIX}{key.upper()}; {hint}")
    return read_value(f"{PREFIX}{key.upper()}", kinds[key], value, secret=key in _SECRETS)
