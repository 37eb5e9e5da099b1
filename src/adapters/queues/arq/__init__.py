"""A doorbell over Redis for workers in many processes: arq carries the rings, and starts chores by the clock."""

from __future__ import annotations

from voicecore.errors import MissingDependency

try:
    from adapters.queues.arq.chore_queue import ClockChore
    from adapters.queues.arq.doorbell import ArqDoorbell
except ModuleNotFoundError as error:
    raise MissingDependency("Workers over Redis need arq and msgpack: pip install 'voicecore[redis]'.") from error

__all__ = ["ArqDoorbell", "ClockChore"]
