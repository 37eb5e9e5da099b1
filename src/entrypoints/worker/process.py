"""The worker as a process: it works until a signal ends it, in order.

The first SIGTERM or SIGINT: no new job is taken, the running ones end or are handed back after `VOICECORE_DRAIN_S`, and
the process ends with status 0. A second signal hands them back at once.
"""

from __future__ import annotations

import logging
import signal
import threading
from types import FrameType

from entrypoints.container import build
from entrypoints.logs import log_to_stderr
from entrypoints.metrics_door import MetricsDoor
from entrypoints.settings import Settings
from entrypoints.worker.worker import Worker

_log = logging.getLogger("voicecore.worker")


def run_worker(settings: Settings) -> None:
    """Work until a signal ends it. Raises what `Worker.open` does."""
    log_to_stderr(settings.log_level)
    told = threading.Event()
    again = threading.Event()

    def on_signal(number: int, _frame: FrameType | None) -> None:
        # Only flags: a handler that takes a lock may wait for the very code it interrupted.
        (again if told.is_set() else told).set()
        if number == signal.SIGINT and again.is_set():
            signal.signal(signal.SIGINT, signal.SIG_DFL)

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        worker = build(settings).worker()
        door = MetricsDoor(settings.metrics_host, settings.metrics_port, worker.metrics)
        with worker, door:
            _log.info("working")
            told.wait()
            _log.info("draining")
            threading.Thread(target=_hand_back, args=(again, worker), name="hand-back", daemon=True).start()
            worker.stop()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    _log.info("stopped")


def _hand_back(told_again: threading.Event, worker: Worker) -> None:
    told_again.wait()
    _log.info("told again: handing the running jobs back")
    worker.crew.interrupt()
