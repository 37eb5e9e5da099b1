"""Every doorbell keeps the contract; and what a broken one does."""

from __future__ import annotations

from adapters.queues.memory import MemoryDoorbell
from voicecore.job import JobId
from voicecore.testing.contracts.doorbell import DoorbellContract
from voicecore.testing.fakes import DroppingDoorbell


class TestMemoryDoorbell(DoorbellContract):
    def make_doorbell(self) -> MemoryDoorbell:
        return MemoryDoorbell()

    def test_a_thousand_rings_without_a_worker_are_one_hint(self) -> None:
        doorbell = self.make_doorbell()
        for _ in range(1_000):
            doorbell.ring(JobId("job_1"), "tone")
        assert doorbell.wait(0)
        assert not doorbell.wait(0)


class CountingDoorbell:
    def __init__(self) -> None:
        self.rings: list[str] = []
        self.engines: set[str] = set()
        self.closed = False

    def ring(self, job_id: JobId, engine: str) -> None:
        self.rings.append(job_id)
        self.engines.add(engine)

    def wait(self, timeout_s: float) -> bool:
        return timeout_s > 0

    def close(self) -> None:
        self.closed = True


def test_the_dropping_doorbell_loses_half_and_doubles_half_of_the_rest() -> None:
    inner = CountingDoorbell()
    doorbell = DroppingDoorbell(inner, seed=7)
    for number in range(1_000):
        doorbell.ring(JobId(f"job_{number}"), "tone")
    assert 400 < doorbell.dropped < 600
    assert 150 < doorbell.doubled < 350
    assert len(inner.rings) == 1_000 - doorbell.dropped + doorbell.doubled
    assert inner.engines == {"tone"}
    assert doorbell.wait(1)
    doorbell.close()
    assert inner.closed
