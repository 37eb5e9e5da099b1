"""What every `Doorbell` does, if it is not a broken one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from voicecore.job import JobId
from voicecore.ports import Doorbell

#: Long enough for any ring to arrive; only a failing test waits for it.
PATIENCE_S = 60.0


class DoorbellContract:
    """Subclass it, override `make_doorbell`, run pytest."""

    def make_doorbell(self) -> Doorbell:
        """A new doorbell that nobody rang, of a worker that serves the engine `tone`."""
        raise NotImplementedError

    @pytest.fixture
    def doorbell(self) -> Iterator[Doorbell]:
        doorbell = self.make_doorbell()
        yield doorbell
        doorbell.close()

    @pytest.mark.parametrize("timeout_s", [0.0, 0.01, -1.0])
    def test_a_silent_bell_lets_the_wait_run_out(self, doorbell: Doorbell, timeout_s: float) -> None:
        before = time.monotonic()
        assert not doorbell.wait(timeout_s)
        assert time.monotonic() - before >= timeout_s

    def test_a_ring_before_the_wait_is_kept(self, doorbell: Doorbell) -> None:
        doorbell.ring(JobId("job_1"), "tone")
        assert doorbell.wait(PATIENCE_S)

    def test_a_ring_wakes_a_waiting_worker(self, doorbell: Doorbell) -> None:
        woken: list[bool] = []
        worker = threading.Thread(target=lambda: woken.append(doorbell.wait(PATIENCE_S)))
        worker.start()
        doorbell.ring(JobId("job_1"), "tone")
        worker.join()
        assert woken == [True]

    def test_as_many_rings_as_workers_wake_them_all(self, doorbell: Doorbell) -> None:
        woken: list[bool] = []
        workers = [threading.Thread(target=lambda: woken.append(doorbell.wait(PATIENCE_S))) for _ in range(4)]
        for worker in workers:
            worker.start()
        deadline = time.monotonic() + PATIENCE_S
        # A ring may come before all of them wait, and then count once; a true sender rings again, too.
        while any(worker.is_alive() for worker in workers) and time.monotonic() < deadline:
            doorbell.ring(JobId("job_1"), "tone")
            time.sleep(0.001)
        assert woken == [True] * 4

    def test_an_answered_ring_is_over(self, doorbell: Doorbell) -> None:
        doorbell.ring(JobId("job_1"), "tone")
        doorbell.wait(PATIENCE_S)
        assert not doorbell.wait(0.0)

    def test_closing_ends_every_wait_that_is_under_way(self, doorbell: Doorbell) -> None:
        woken: list[bool] = []
        # So long that only the closing can end it before the test gives up.
        workers = [threading.Thread(target=lambda: woken.append(doorbell.wait(3600)), daemon=True) for _ in range(4)]
        for worker in workers:
            worker.start()
        doorbell.close()
        for worker in workers:
            worker.join(PATIENCE_S)
        assert woken == [False] * 4

    def test_a_closed_bell_waits_no_more_whoever_rings(self, doorbell: Doorbell) -> None:
        doorbell.ring(JobId("job_1"), "tone")
        doorbell.close()
        woken: list[bool] = []
        waits = threading.Thread(target=lambda: woken.extend(doorbell.wait(3600) for _ in range(3)), daemon=True)
        waits.start()
        waits.join(PATIENCE_S)
        assert woken == [False] * 3

    def test_a_closed_bell_can_be_rung_and_closed_again(self, doorbell: Doorbell) -> None:
        doorbell.close()
        doorbell.ring(JobId("job_1"), "tone")
        doorbell.close()
        assert not doorbell.wait(0.0)
