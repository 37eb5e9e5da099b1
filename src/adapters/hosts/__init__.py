"""The child process that owns a device, and the engine that speaks through it."""

from __future__ import annotations

from adapters.hosts.local import LocalHost
from adapters.hosts.process import ChildProcessHost, RemoteEngine
from adapters.hosts.remote_converter import RemoteConverter
from adapters.hosts.shared import SharedEngine, SharedHost, SlotHost
from adapters.hosts.shared_converter import SharedConverter

__all__ = [
    "ChildProcessHost", "LocalHost", "RemoteConverter", "RemoteEngine", "SharedConverter", "SharedEngine", "SharedHost", "SlotHost",
]  # fmt: skip
