"""`voicecore wyoming`: nothing but Wyoming, over a service that lives in this process (or, with Redis, over its workers)."""

from __future__ import annotations

import logging

from entrypoints.container import build
from entrypoints.logs import log_to_stderr
from entrypoints.metrics_door import MetricsDoor
from entrypoints.settings import Settings
from entrypoints.told import told_to_end
from entrypoints.wyoming.server import WyomingServer

_log = logging.getLogger("voicecore.wyoming")


def run_wyoming(settings: Settings) -> None:
    """Serve until a signal ends it. Raises what `WyomingServer` does."""
    log_to_stderr(settings.log_level)
    with told_to_end() as told:
        service = build(settings).service()
        metrics = MetricsDoor(settings.metrics_host, settings.metrics_port, service.metrics)
        with service, metrics, WyomingServer(service):
            told.wait()
            _log.info("draining")
            told.if_again(service.crew.interrupt)
            service.drain()
    _log.info("stopped")
