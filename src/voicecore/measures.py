"""Every number that voicecore tells of its work: its name, what it means, and what its labels may be.

Names follow https://prometheus.io/docs/practices/naming/: the prefix `voicecore_`, base units (`_seconds`, `_bytes`,
`_ratio`), `_total` for what only grows, `_info` for facts. No label ever holds what a caller chose: its values are a closed
set, or words of the program itself, of which only so many are told apart; every other value is told as `other`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from threading import Lock
from typing import Final

from voicecore.errors import VoiceCoreError, require
from voicecore.job import JobStatus
from voicecore.request import Mode

#: What a label says in place of a value that it does not have.
OTHER: Final = "other"
_NAME: Final = re.compile(r"voicecore_[a-z][a-z0-9]*(_[a-z0-9]+)*")
_UNITS: Final = ("_seconds", "_bytes", "_ratio")
_NO_UNITS: Final = re.compile(r".*_(s|ms|us|millis\w*|minutes|hours|kb|mb|gb|kilobytes|megabytes|percent)(_total)?")
#: Seconds from a cached sentence to a job at its time limit.
_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0)
_REQUEST_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0)
_FACTORS: Final = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0, 8.0)


@dataclass(frozen=True, slots=True)
class Label:
    """A label and its values.

    Attributes:
        values: all that it may have; empty for words that the program finds out when it runs (installed engines, its own routes).
        limit: how many of the latter are told apart.
    """

    name: str
    values: frozenset[str] = frozenset()
    limit: int = 32


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that is counted or held. `meaning` is one sentence for people; `labels` are in the order of `values_of`."""

    name: str
    meaning: str
    labels: tuple[Label, ...] = ()

    def __post_init__(self) -> None:
        require(_NAME.fullmatch(self.name) is not None, f"{self.name!r} is no name of a measure.")
        require(_NO_UNITS.fullmatch(self.name) is None, f"{self.name} is not in base units.")


@dataclass(frozen=True, slots=True)
class Counter(Measure):
    """Only grows, until its process ends."""

    def __post_init__(self) -> None:
        Measure.__post_init__(self)
        require(self.name.endswith("_total"), f"{self.name} is counted, so its name ends in _total.")


@dataclass(frozen=True, slots=True)
class Gauge(Measure):
    """Goes up and down."""

    def __post_init__(self) -> None:
        Measure.__post_init__(self)
        require(not self.name.endswith("_total"), f"{self.name} is not counted, so its name does not end in _total.")


@dataclass(frozen=True, slots=True)
class Histogram(Measure):
    """How often which values occur; `buckets` are upper bounds, rising."""

    buckets: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        Measure.__post_init__(self)
        require(self.name.endswith(_UNITS), f"{self.name} has a unit, which its name ends in.")
        require(list(self.buckets) == sorted(set(self.buckets)) != [], f"The buckets of {self.name} must rise.")


class LabelValues:
    """What an adapter asks before it tells a label: the values in order, each one that its label has. Any thread may call."""

    def __init__(self) -> None:
        self._known: dict[str, set[str]] = {}
        self._lock = Lock()

    def of(self, measure: Measure, labels: Mapping[str, str]) -> tuple[str, ...]:
        """The values of the measure's labels. Raises `TypeError` unless exactly these labels are given."""
        if labels.keys() != {label.name for label in measure.labels}:
            raise TypeError(f"{measure.name} has the labels {[label.name for label in measure.labels]}")
        return tuple(self._value(label, labels[label.name]) for label in measure.labels)

    def _value(self, label: Label, value: str) -> str:
        if label.values:
            return value if value in label.values else OTHER
        with self._lock:
            known = self._known.setdefault(label.name, set())
            if len(known) < label.limit:
                known.add(value)
            return value if value in known else OTHER


def _codes(kind: type[VoiceCoreError]) -> frozenset[str]:
    return frozenset({kind.code}).union(*(_codes(each) for each in kind.__subclasses__()))


def _closed(name: str, *values: str) -> Label:
    return Label(name, frozenset(values))


#: A job's outcome that is none of its states: `retried` after it ended badly, `handed_back` by a worker that stops, `lost`
#: to a cancellation, a deletion or another worker.
OUTCOMES: Final = ("accepted", "completed", "failed", "cancelled", "retried", "handed_back", "lost")
_ENGINE: Final = Label("engine")
_KIND: Final = _closed("kind", *(mode.value for mode in Mode))
_REASON: Final = Label("reason", _codes(VoiceCoreError) | {"internal_error"})
_CACHE: Final = _closed("cache", "segment", "conversion")
_METHOD: Final = _closed("method", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "WEBSOCKET")
_ROUTE: Final = Label("route", limit=256)
_HTTP_STATUS: Final = _closed("status", *(str(status.value) for status in HTTPStatus))

# --- jobs -----------------------------------------------------------------------------------------------------------
JOBS: Final = Counter("voicecore_jobs_total", "Jobs that came to this, by what they do.",
                      (_KIND, _closed("status", *OUTCOMES)))  # fmt: skip
JOB_FAILURES: Final = Counter("voicecore_job_failures_total", "Jobs that failed for good, by the code of their error.",
                              (_REASON,))  # fmt: skip
JOB_RETRIES: Final = Counter("voicecore_job_retries_total", "Attempts at jobs that ended badly and are made again, by the code "
                             "of the error.", (_REASON,))  # fmt: skip
JOB_DURATION: Final = Histogram("voicecore_job_duration_seconds", "Time that an attempt which completed its job took.", (_KIND,),
                                _SECONDS)  # fmt: skip
QUEUE_WAIT: Final = Histogram("voicecore_queue_wait_seconds", "Time from a job's acceptance to its first attempt.", (_KIND,),
                              _SECONDS)  # fmt: skip
FIRST_AUDIO: Final = Histogram("voicecore_time_to_first_audio_seconds", "Time from a job's acceptance to its first sound, where "
                               "its first attempt made it.", (_ENGINE,), _SECONDS)  # fmt: skip
REALTIME_FACTOR: Final = Histogram("voicecore_realtime_factor_ratio", "Time that an attempt took for each second of audio, of jobs "
                                   "that took nothing from the cache; below 1 is faster than it is heard.", (_ENGINE,),
                                   _FACTORS)  # fmt: skip
AUDIO_SECONDS: Final = Counter("voicecore_audio_seconds_total", "Seconds of finished audio.", (_ENGINE,))
CHARACTERS: Final = Counter("voicecore_characters_total", "Characters of text in finished audio.", (_ENGINE,))
CACHE_HITS: Final = Counter(
    "voicecore_cache_hits_total", "Segments found in the cache, spoken or converted.", (_CACHE,)
)
CACHE_MISSES: Final = Counter(
    "voicecore_cache_misses_total", "Segments looked for in the cache and not found.", (_CACHE,)
)
CONVERSION_FALLBACKS: Final = Counter("voicecore_conversion_fallbacks_total", "Attempts that kept the plain voice because "
                                      "converting failed, by the code of the error.", (_REASON,))  # fmt: skip
DECODE_REFUSALS: Final = Counter("voicecore_decode_refusals_total", "Uploaded recordings that could not be read, by the code of "
                                 "the error.", (_REASON,))  # fmt: skip

# --- engines --------------------------------------------------------------------------------------------------------
ENGINE_RESTARTS: Final = Counter("voicecore_engine_process_restarts_total", "Model processes started in place of one that died or "
                                 "was stopped by force.")  # fmt: skip
SEGMENT_RETRIES: Final = Counter("voicecore_segment_retries_total", "Segments that an engine here spoke again because the first "
                                 "try went wrong.", (_ENGINE, _closed("reason", "loop", "overrun")))  # fmt: skip
MODEL_MEMORY: Final = Gauge("voicecore_model_memory_bytes", "Bytes that a loaded engine here says it holds.",
                            (_ENGINE, _closed("part", "weights", "kv_cache", "prefix_cache")))  # fmt: skip
MODELS_LOADED: Final = Gauge("voicecore_model_loaded", "1 for each engine that is in memory here.", (_ENGINE,))

# --- what there is now ----------------------------------------------------------------------------------------------
KEPT_JOBS: Final = Gauge("voicecore_kept_jobs", "Jobs that the store has, by state.",
                         (_closed("status", *(status.value for status in JobStatus)),))  # fmt: skip
QUEUE_DEPTH: Final = Gauge("voicecore_queue_depth", "Jobs that wait for an engine.", (_ENGINE,))
RUNNING_JOBS: Final = Gauge("voicecore_running_jobs", "Jobs that this process runs.")
SLOTS: Final = Gauge("voicecore_slots", "Jobs that this process can run at once.")
WORKERS: Final = Gauge("voicecore_workers", "Processes that run jobs and said within 35 s that they are there.")
STORE_UP: Final = Gauge("voicecore_store_up", "1 if the store of jobs answered when this was asked for, else 0.")
PROCESS_MEMORY: Final = Gauge("voicecore_process_memory_bytes", "Resident memory of this process, and of its model processes "
                              "and decoders together.", (_closed("process", "self", "children"),))  # fmt: skip
DISK_FREE: Final = Gauge("voicecore_disk_free_bytes", "Free bytes where the data folder lies.")
DISK_SIZE: Final = Gauge("voicecore_disk_size_bytes", "Bytes that the disk of the data folder has.")
START_TIME: Final = Gauge("voicecore_start_time_seconds", "When this process began, in seconds since 1970.")
BUILD: Final = Gauge(
    "voicecore_build_info", "1; its labels say what runs.", (Label("version", limit=1), Label("python", limit=1))
)

# --- requests -------------------------------------------------------------------------------------------------------
REQUESTS: Final = Counter("voicecore_http_requests_total", "Answered requests by the template of their route; `unmatched` is none.",
                          (_METHOD, _ROUTE, _HTTP_STATUS))  # fmt: skip
REQUEST_DURATION: Final = Histogram("voicecore_http_request_duration_seconds", "Time from a request's head to the last byte of its "
                                    "answer.", (_METHOD, _ROUTE), _REQUEST_SECONDS)  # fmt: skip

COUNTERS: Final = (JOBS, JOB_FAILURES, JOB_RETRIES, AUDIO_SECONDS, CHARACTERS, CACHE_HITS, CACHE_MISSES, CONVERSION_FALLBACKS,
                   DECODE_REFUSALS, ENGINE_RESTARTS, SEGMENT_RETRIES, REQUESTS)  # fmt: skip
HISTOGRAMS: Final = (JOB_DURATION, QUEUE_WAIT, FIRST_AUDIO, REALTIME_FACTOR, REQUEST_DURATION)
GAUGES: Final = (MODEL_MEMORY, MODELS_LOADED, KEPT_JOBS, QUEUE_DEPTH, RUNNING_JOBS, SLOTS, WORKERS, STORE_UP, PROCESS_MEMORY,
                 DISK_FREE, DISK_SIZE, START_TIME, BUILD)  # fmt: skip
MEASURES: Final[tuple[Measure, ...]] = (*COUNTERS, *HISTOGRAMS, *GAUGES)
#: Counted by somebody else, who is asked when the numbers are wanted.
SHOWN_COUNTERS: Final = (SEGMENT_RETRIES,)
