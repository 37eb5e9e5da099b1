"""The worker as a process: it works until a signal ends it, in order.

The first SIGTERM or SIGINT: no new job is taken, the running ones end or are handed back after `VOICECORE_DRAIN_S`, and
the process ends with status 0. A second signal hands them back at once.
"""

from __future__ import annotations

import logging

from entrypoints.container import build
from entrypoints.logs import log_to_stderr
from entrypoints.metrics_door import MetricsDoor
from entrypoints.settings import Settings
from entrypoints.told import told_to_end

_log = logging.getLogger("voicecore.worker")


def run_worker(settings: Settings) -> None:
    """Work until a signal ends it. Raises what `Worker.open` does."""
    log_to_stderr(settings.log_level)
    with told_to_end() as told:
        worker = build(settings).worker()
        door = MetricsDoor(settings.metrics_host, settings.metrics_port, worker.metrics)
        with worker, door:
            _log.info("working")
            told.wait()
            _log.info("draining")
            told.if_again(worker.crew.interrupt)
            worker.stop()
    _log.info("stopped")
