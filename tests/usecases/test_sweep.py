"""The sweep: rings that were lost come again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.stores.memory import MemoryJobStore
from voicecore.job import JobId, SynthesisJob
from voicecore.language import Language
from voicecore.request import SynthesisRequest
from voicecore.testing.fakes import FakeClock
from voicecore.testing.samples import queued_job
from voicecore.usecases.sweep import Sweep

PT = Language("pt", "BR")
LEASE = timedelta(seconds=30)


class ListeningDoorbell:
    """Remembers for which lines it was rung."""

    def __init__(self) -> None:
        self.rung: list[str] = []

    def ring(self, job_id: JobId, line: str) -> None:
        self.rung.append(line)

    def wait(self, timeout_s: float) -> bool:
        return False

    def close(self) -> None:
        pass


@pytest.fixture
def bell() -> ListeningDoorbell:
    return ListeningDoorbell()


def store_with(**engines: int) -> MemoryJobStore:
    clock = FakeClock()
    store = MemoryJobStore(clock)
    for engine, count in engines.items():
        for number in range(count):
            store.add(
                SynthesisJob(
                    id=JobId(f"job_{engine}_{number}"), request=SynthesisRequest(text="Bom dia.", source_language=PT), engine=engine,
                    spoken_language=PT, created_at=clock.now(),
                )
            )  # fmt: skip
    return store


def claim(store: MemoryJobStore) -> None:
    assert store.claim("worker", LEASE, max_tries=3, keep=LEASE)


def test_an_empty_store_rings_for_nobody(bell):
    assert Sweep(store_with(), bell, ["tone"])() == 0
    assert bell.rung == []


def test_each_waiting_job_is_rung_for_at_its_engine(bell):
    assert Sweep(store_with(tone=3, kokoro=1), bell)() == 4
    assert sorted(bell.rung) == ["kokoro", "tone", "tone", "tone"]


def test_a_job_that_needs_a_converter_too_is_rung_for_where_both_are(bell):
    store = store_with(tone=1)
    store.add(queued_job("job_both", engine="tone", converter="rvc"))
    assert Sweep(store, bell)() == 2
    assert sorted(bell.rung) == ["tone", "tone+rvc"]


def test_a_long_queue_at_one_engine_rings_no_more_than_the_limit_and_takes_nothing_from_others(bell):
    Sweep(store_with(tone=50, kokoro=2), bell, limit=5)()
    assert sorted(bell.rung) == ["kokoro"] * 2 + ["tone"] * 5


def test_while_a_job_runs_every_engine_is_rung_for_as_its_worker_may_have_died(bell):
    store = store_with(tone=1)
    claim(store)
    Sweep(store, bell, ["kokoro", "tone"])()
    assert bell.rung == ["kokoro", "tone"]


def test_an_engine_with_waiting_and_running_jobs_is_rung_for_by_the_waiting_ones(bell):
    store = store_with(tone=3)
    claim(store)
    Sweep(store, bell, ["tone"])()
    assert bell.rung == ["tone"] * 2


def test_every_sweep_rings_again_until_the_job_is_taken(bell):
    store = store_with(tone=1)
    sweep = Sweep(store, bell)
    sweep()
    sweep()
    assert bell.rung == ["tone", "tone"]
    claim(store)
    assert sweep() == 0


@given(tone=st.integers(0, 9), kokoro=st.integers(0, 9), running=st.integers(0, 3), limit=st.integers(1, 5))
def test_no_waiting_job_is_without_a_ring_below_the_limit(tone, kokoro, running, limit):
    store, bell = store_with(tone=tone, kokoro=kokoro), ListeningDoorbell()
    for _ in range(min(running, tone + kokoro)):
        claim(store)
    waiting = store.waiting()
    rings = Sweep(store, bell, ["kokoro", "tone"], limit)()
    assert rings == len(bell.rung)
    for engine in ("kokoro", "tone"):
        some = min(running, tone + kokoro) > 0
        assert bell.rung.count(engine) == max(int(some), min(waiting.get(engine, 0), limit))
