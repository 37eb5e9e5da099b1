"""The job store on Redis keeps the contract, with the time that a test gives and with the server's own."""

from __future__ import annotations

from hypothesis import settings

from adapters.redisclient import connect
from adapters.stores.redis.jobs import RedisJobStore
from tests.instruments.redis_server import fresh_prefix, shared_server
from voicecore.ports import Clock
from voicecore.testing.contracts.job_store import JobStoreContract
from voicecore.testing.job_machine import JobStoreMachine


class TestRedisJobStore(JobStoreContract):
    def make_store(self, clock: Clock) -> RedisJobStore:
        return RedisJobStore(connect(shared_server().url), fresh_prefix(), clock=clock)


class RedisMachine(JobStoreMachine):
    def make_store(self, clock: Clock) -> RedisJobStore:
        self.client = connect(shared_server().url)
        return RedisJobStore(self.client, fresh_prefix(), clock=clock)

    def teardown(self) -> None:
        super().teardown()
        self.client.close()


TestRedisMachine = RedisMachine.TestCase
TestRedisMachine.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
