"""The log of a service or a worker: `voicecore.log_lines`, and what the libraries of entry points would say too much of."""

from __future__ import annotations

import logging

from voicecore import log_lines


def log_to_stderr(level: str) -> None:
    """Send every logger of this process to standard error, as JSON."""
    log_lines.log_to_stderr(level)
    # Its access log has the query of each request, where a stranger may have put a key; ours has the route's template.
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").addFilter(_without_addresses)


def _without_addresses(record: logging.LogRecord) -> bool:
    """Uvicorn names the address of each WebSocket, query and all, in its log of errors."""
    return "WebSocket" not in str(record.msg)
