"""Doorbells that are closed after each test, and what is left is looked at."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from adapters.queues.arq import ArqDoorbell
from tests.instruments.redis_server import fresh_prefix, shared_server


@pytest.fixture
def prefix() -> str:
    return fresh_prefix()


@pytest.fixture
def redis() -> Iterator[Redis]:
    with Redis.from_url(shared_server().url) as client:
        yield client


@pytest.fixture
def make_doorbell(prefix: str) -> Iterator[Callable[..., ArqDoorbell]]:
    """Makes doorbells of one prefix; `url` if not that of the shared server."""
    made = []

    def make(*engines: str, url: str = "", **settings) -> ArqDoorbell:
        made.append(ArqDoorbell(url or shared_server().url, prefix, engines=engines, **settings))
        return made[-1]

    yield make
    for doorbell in made:
        doorbell.close()


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Every test leaves the threads as they were; forgotten tasks and connections complain when collected."""
    before = set(threading.enumerate())
    yield
    gc.collect()
    assert {thread.name for thread in set(threading.enumerate()) - before} <= {"tcp-proxy"}
