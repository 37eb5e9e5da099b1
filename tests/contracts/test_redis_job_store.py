"""The job store on Redis keeps the contract, and its indexes fit its jobs after every move."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings
from hypothesis.stateful import invariant
from tests.adapters.redis.audit import all_keys, check_indexes
from tests.instruments.redis_server import fresh_prefix, shared_server

from adapters.redisclient import connect
from adapters.stores.redis.jobs import RedisJobStore
from voicecore.ports import Clock
from voicecore.testing.contracts.job_store import JobStoreContract
from voicecore.testing.job_machine import JobStoreMachine


class TestRedisJobStore(JobStoreContract):
    @pytest.fixture(autouse=True)
    def _client(self) -> Iterator[None]:
        self.client = connect(shared_server().url)
        yield
        self.client.close()

    def make_store(self, clock: Clock) -> RedisJobStore:
        return RedisJobStore(self.client, fresh_prefix(), clock=clock)


class RedisMachine(JobStoreMachine):
    def make_store(self, clock: Clock) -> RedisJobStore:
        self.client, self.prefix = connect(shared_server().url), fresh_prefix()
        return RedisJobStore(self.client, self.prefix, clock=clock)

    @invariant()
    def the_indexes_fit_the_jobs(self) -> None:
        check_indexes(self.client, self.prefix)

    def teardown(self) -> None:
        try:
            for job_id in list(self.jobs):
                assert self.store.delete(job_id)
            left = {key for key in all_keys(self.client, self.prefix) if not key.startswith("tomb:")}
            assert left == {"schema"}, "a deleted job left keys behind"
        finally:
            super().teardown()
            self.client.close()


TestRedisMachine = RedisMachine.TestCase
TestRedisMachine.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
