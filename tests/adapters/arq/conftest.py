"""Doorbells that are closed after each test, and what is left is looked at."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from adapters.queues.arq import ArqDoorbell, connection, doorbell, listener
from tests.adapters.arq.slots import PATIENCE_S, until
from tests.instruments.redis_server import fresh_prefix, shared_server


@pytest.fixture
def prefix() -> str:
    return fresh_prefix()


@pytest.fixture
def redis() -> Iterator[Redis]:
    with Redis.from_url(shared_server().url) as client:
        yield client


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause of a busy machine is taken for an outage, or leaves behind what is closed."""
    for module in (connection, listener):
        monkeypatch.setattr(module, "ANSWER_S", PATIENCE_S)
    monkeypatch.setattr(doorbell, "_CHORES_S", PATIENCE_S)
    truth = connection.Line.good
    monkeypatch.setattr(connection.Line, "good", lambda line, patience_s: truth(line, max(patience_s, PATIENCE_S)))


@pytest.fixture
def hasty(patient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that takes more than two seconds is none, as in a service."""
    for module in (connection, listener):
        monkeypatch.setattr(module, "ANSWER_S", 2.0)


@pytest.fixture
def make_doorbell(prefix: str) -> Iterator[Callable[..., ArqDoorbell]]:
    """Makes doorbells of one prefix; `url` if not that of the shared server."""
    made = []

    def make(*engines: str, url: str = "", **settings) -> ArqDoorbell:
        made.append(ArqDoorbell(url or shared_server().url, prefix, engines=engines, **settings))
        made[-1]._thread._farewell_s = PATIENCE_S
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Every test leaves the threads as they were; forgotten tasks and connections complain when collected."""
    before = set(threading.enumerate())
    yield
    gc.collect()

    def left() -> set[str]:
        return {thread.name for thread in set(threading.enumerate()) - before} - {"tcp-proxy"}

    # One that has done all its work may need a moment more to be gone.
    until(lambda: not left())
    assert left() == set()
