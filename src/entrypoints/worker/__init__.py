"""`voicecore worker`: a process that runs jobs and takes no requests."""

from entrypoints.worker.worker import Worker

__all__ = ["Worker"]
