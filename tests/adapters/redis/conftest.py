"""A store on the server of this test process, by the server's own time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from adapters.redisclient import connect
from adapters.stores.redis.jobs import RedisJobStore
from tests.instruments.redis_server import private_redis, redis_prefix, redis_server, shared_server

__all__ = ["private_redis", "redis_prefix", "redis_server"]


@pytest.fixture
def client() -> Iterator[Redis]:
    client = connect(shared_server().url)
    yield client
    client.close()


@pytest.fixture
def store(client: Redis, redis_prefix: str) -> RedisJobStore:
    return RedisJobStore(client, redis_prefix)
