"""What the tests of Redis adapters take: a client of the server that they share, and keys of their own."""

from __future__ import annotations

import pytest
from tests.instruments.redis_server import fresh_prefix, shared_server

from adapters.redisclient import connect


@pytest.fixture
def client():
    with connect(shared_server().url) as client:
        yield client


@pytest.fixture
def prefix():
    return fresh_prefix()
