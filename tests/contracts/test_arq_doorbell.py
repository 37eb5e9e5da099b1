"""The doorbell over Redis keeps the contract, in one process and over two connections."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from tests.instruments.redis_server import fresh_prefix, shared_server

from adapters.queues.arq import ArqDoorbell
from voicecore.job import JobId
from voicecore.ports import Doorbell
from voicecore.testing.contracts.doorbell import DoorbellContract


class TestArqDoorbell(DoorbellContract):
    def make_doorbell(self) -> ArqDoorbell:
        return ArqDoorbell(shared_server().url, fresh_prefix(), engines=["tone"])

    @pytest.fixture
    def doorbell(self) -> Iterator[ArqDoorbell]:
        doorbell = self.make_doorbell()
        yield doorbell
        doorbell.close()


class TwoDoorbells:
    """One that rings, as a service that only takes requests has it, and one that waits, as a worker has it."""

    def __init__(self, prefix: str) -> None:
        self.door = ArqDoorbell(shared_server().url, prefix)
        self.inside = ArqDoorbell(shared_server().url, prefix, engines=["other", "tone"])

    def ring(self, job_id: JobId, engine: str) -> None:
        self.door.ring(job_id, engine)

    def wait(self, timeout_s: float) -> bool:
        return self.inside.wait(timeout_s)

    def close(self) -> None:
        self.door.close()
        self.inside.close()


class TestOverTwoConnections(DoorbellContract):
    @pytest.fixture
    def doorbell(self) -> Iterator[Doorbell]:
        doorbell = TwoDoorbells(fresh_prefix())
        yield doorbell
        doorbell.close()

    def test_nobody_rings_where_no_engine_is_served(self, doorbell: TwoDoorbells) -> None:
        doorbell.ring(JobId("job_1"), "tone")
        assert not doorbell.door.wait(0.2)
        assert doorbell.wait(60)

    def test_a_ring_for_an_engine_that_is_not_served_wakes_nobody(self, doorbell: TwoDoorbells) -> None:
        doorbell.ring(JobId("job_1"), "unknown")
        assert not doorbell.wait(0.5)

    def test_closing_ends_a_wait_where_no_engine_is_served(self, doorbell: TwoDoorbells) -> None:
        ended = threading.Event()

        def wait() -> None:
            doorbell.door.wait(60)
            ended.set()

        threading.Thread(target=wait, daemon=True).start()
        doorbell.door.close()
        assert ended.wait(60)
