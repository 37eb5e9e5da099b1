"""A client of Redis that gives one answer up soon, and waits long for all others: on a busy machine those come late, too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis


@contextmanager
def impatient(client: Redis, seconds: float = 0.3) -> Iterator[None]:
    """Inside, an answer over the connections that are there is waited for so long. Afterwards they are made anew."""
    connections = list(client.connection_pool._available_connections)
    assert connections, "it has not been used yet"
    patience = [each.socket_timeout for each in connections]
    for each in connections:
        each.socket_timeout = seconds
        each._parser.on_connect(each)  # which reads the limit
    try:
        yield
    finally:
        for each, waits in zip(connections, patience, strict=True):
            each.socket_timeout = waits
            each.disconnect()
