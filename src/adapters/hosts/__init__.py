"""The child process that owns a device, and the engine that speaks through it."""

from __future__ import annotations

from adapters.hosts.local import LocalHost
from adapters.hosts.process import ChildProcessHost, RemoteEngine
from adapters.hosts.shared import SharedEngine, SharedHost, SlotHost

__all__ = ["ChildProcessHost", "LocalHost", "RemoteEngine", "SharedEngine", "SharedHost", "SlotHost"]
