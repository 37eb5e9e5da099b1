"""What every job store does: whose turn it is, for which worker, and how many wait."""

from __future__ import annotations

import threading
from collections import defaultdict

import pytest

from voicecore.handling import Handling, Priority
from voicecore.job import JobId, JobStatus, SynthesisJob
from voicecore.ports import JobStore
from voicecore.request import Mode
from voicecore.testing.contracts.job_store_hooks import (
    KEEP,
    LEASE,
    SECOND,
    JobStoreHooks,
    claim,
    claimed,
    complete,
    run_all,
)
from voicecore.testing.fakes import START, FakeClock
from voicecore.testing.samples import queued_job


def waiting_job(
    job_id: str, second: int = 0, *, engine: str = "tone", converter: str | None = None,
    priority: Priority = Priority.NORMAL,
) -> SynthesisJob:  # fmt: skip
    return queued_job(job_id, created_at=START + second * SECOND, engine=engine, converter=converter,
                      handling=Handling(priority=priority))  # fmt: skip


def waiting(store: JobStore) -> dict[str, int]:
    """How many wait, without lines that nobody waits in."""
    return {line: jobs for line, jobs in store.waiting().items() if jobs}


class TurnsContract(JobStoreHooks):
    """Priorities, engines, and who waits."""

    def test_the_highest_priority_comes_first_and_in_it_the_oldest(self, store: JobStore) -> None:
        order = (Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.LOW, Priority.HIGH, Priority.NORMAL)
        for number, priority in enumerate(order):
            store.add(waiting_job(f"job_{number}", number, priority=priority))
        assert [claimed(store).id for _ in order] == ["job_2", "job_4", "job_1", "job_5", "job_0", "job_3"]

    def test_jobs_of_one_moment_start_in_the_order_of_their_ids(self, store: JobStore) -> None:
        for name, mode in (("job_c", Mode.CLONE), ("job_a", Mode.DUBBING), ("job_b", Mode.DUBBING_WITH_CLONE)):
            store.add(queued_job(name, mode=mode))
        assert [claimed(store).id for _ in range(3)] == ["job_a", "job_b", "job_c"]

    def test_an_abandoned_job_has_its_turn_by_priority_and_age_like_any_other(
        self, store: JobStore, clock: FakeClock
    ) -> None:
        store.add(waiting_job("job_low", 1, priority=Priority.LOW))
        store.add(waiting_job("job_high", 2, priority=Priority.HIGH))
        for _ in range(2):
            claimed(store)
        store.add(waiting_job("job_urgent", 3, priority=Priority.HIGH))
        store.add(waiting_job("job_normal", 4))
        store.add(waiting_job("job_idle", 0, priority=Priority.LOW))
        clock.advance(LEASE)
        turns = [claimed(store).id for _ in range(5)]
        assert turns == ["job_high", "job_urgent", "job_normal", "job_idle", "job_low"]

    def test_a_job_handed_back_has_its_old_turn(self, store: JobStore) -> None:
        store.add(waiting_job("job_1", 1, priority=Priority.HIGH))
        first = claimed(store)
        store.add(waiting_job("job_2", 2, priority=Priority.HIGH))
        store.add(waiting_job("job_0", 0))
        store.finish(first.handed_back(bad=False))
        assert [claimed(store).id for _ in range(3)] == ["job_1", "job_2", "job_0"]

    def test_a_worker_gets_only_jobs_of_its_engines(self, store: JobStore) -> None:
        for number, engine in enumerate(["a", "b", "c", "a", "b", "c"]):
            store.add(waiting_job(f"job_{number}", number, engine=engine))
        assert claim(store, engines=()) is None
        assert claim(store, engines={"d", "A", ""}) is None
        assert [claimed(store, engines=["c"]).id, claimed(store, engines=("c",)).id] == ["job_2", "job_5"]
        assert claim(store, engines=["c"]) is None
        assert [claimed(store, engines=frozenset("ab")).id for _ in range(3)] == ["job_0", "job_1", "job_3"]
        assert claimed(store).id == "job_4"

    def test_priority_goes_before_age_over_all_engines_of_a_worker(self, store: JobStore) -> None:
        store.add(waiting_job("job_0", 0, engine="a"))
        store.add(waiting_job("job_1", 1, engine="b", priority=Priority.HIGH))
        store.add(waiting_job("job_2", 2, engine="c", priority=Priority.HIGH))
        assert [claimed(store, engines=["a", "b"]).id for _ in range(2)] == ["job_1", "job_0"]

    @pytest.mark.parametrize(
        "engine", ["motor com espaço", "a,b", 'a"b', "'; DROP TABLE job; --", "引擎", "a:b*?[c]{d}"]
    )
    def test_any_text_is_an_engine_of_its_own(self, store: JobStore, engine: str) -> None:
        store.add(waiting_job("job_1", engine=engine))
        store.add(waiting_job("job_2", engine="a"))
        assert waiting(store) == {engine: 1, "a": 1}
        assert claimed(store, engines=[engine]).id == "job_1"
        assert claim(store, engines=[engine]) is None

    def test_an_abandoned_job_is_taken_over_only_by_a_worker_of_its_engine(
        self, store: JobStore, clock: FakeClock
    ) -> None:
        store.add(waiting_job("job_1", engine="a"))
        claimed(store, "w1", engines=["a"])
        clock.advance(LEASE)
        assert claim(store, "w2", engines=["b"]) is None
        again = claimed(store, "w3", engines=["b", "a"])
        assert (again.id, again.attempt, again.worker) == ("job_1", 2, "w3")

    def test_a_claim_poisons_no_job_of_another_engine(self, store: JobStore, clock: FakeClock) -> None:
        store.add(waiting_job("job_bad", engine="a"))
        claimed(store, max_tries=1)
        clock.advance(LEASE)
        assert claim(store, max_tries=1, engines=["b"]) is None
        assert store.counts()[JobStatus.PROCESSING] == 1
        assert claim(store, max_tries=1, engines=["a"]) is None
        assert store.counts()[JobStatus.FAILED] == 1

    def test_a_job_that_needs_a_converter_too_is_left_to_workers_that_serve_both(self, store: JobStore) -> None:
        store.add(waiting_job("job_both", 0, engine="a", converter="c", priority=Priority.HIGH))
        store.add(waiting_job("job_plain", 1, engine="a"))
        store.add(waiting_job("job_recording", 2, engine="c"))
        assert claimed(store, engines=["a"]).id == "job_plain"
        assert claim(store, engines=["a"]) is None
        assert claimed(store, engines=["b", "c"]).id == "job_recording"
        assert claim(store, engines=["b", "c"]) is None
        assert waiting(store) == {"a+c": 1}
        assert claimed(store, engines=["b", "c", "a"]).id == "job_both"

    def test_who_serves_all_or_whatever_there_is_takes_converting_jobs_in_their_turn(self, store: JobStore) -> None:
        for number, converter in enumerate([None, "c", None, "c", None, "c"]):
            store.add(waiting_job(f"job_{number}", number, engine="a", converter=converter))
        order = [claimed(store, engines={"c", "a"}).id for _ in range(3)]
        assert order + [claimed(store).id for _ in range(3)] == [f"job_{number}" for number in range(6)]

    def test_an_abandoned_converting_job_is_taken_over_only_by_a_worker_that_serves_both(
        self, store: JobStore, clock: FakeClock
    ) -> None:
        store.add(waiting_job("job_1", engine="a", converter="c"))
        first = claimed(store, "w1", engines=["a", "c"])
        store.finish(first.handed_back(bad=False))
        assert claim(store, "w2", engines=["a"]) is None
        store.renew(claimed(store, "w1", engines=["a", "c"]), LEASE)
        clock.advance(LEASE)
        assert claim(store, "w2", engines=["a"]) is None
        assert claim(store, "w2", max_tries=1, engines=["c"]) is None
        assert store.counts()[JobStatus.PROCESSING] == 1, "who may not take it must not poison it either"
        again = claimed(store, "w3", engines=["c", "a"])
        assert (again.id, again.attempt, again.line, again.converter) == ("job_1", 3, "a+c", "c")

    def test_a_converter_of_the_engines_own_name_is_no_further_need(self, store: JobStore) -> None:
        store.add(waiting_job("job_1", engine="a", converter="a"))
        assert waiting(store) == {"a": 1}
        assert claimed(store, engines=["a"]).id == "job_1"

    def test_waiting_counts_the_queued_jobs_of_each_engine(self, store: JobStore, clock: FakeClock) -> None:
        assert waiting(store) == {}
        for number, engine in enumerate(["a", "b", "a", "a", "b"]):
            store.add(waiting_job(f"job_{number}", number, engine=engine))
        assert waiting(store) == {"a": 3, "b": 2}
        running = claimed(store, engines=["b"])
        assert waiting(store) == {"a": 3, "b": 1}
        store.finish(running.handed_back(bad=True))
        assert waiting(store) == {"a": 3, "b": 2}
        store.cancel(JobId("job_0"), KEEP)
        store.delete(JobId("job_1"))
        assert complete(store, clock).id == "job_2"
        assert waiting(store) == {"a": 1, "b": 1}

    def test_a_job_whose_lease_ran_out_counts_as_running_until_it_is_claimed(
        self, store: JobStore, clock: FakeClock
    ) -> None:
        store.add(waiting_job("job_1"))
        claimed(store)
        clock.advance(2 * LEASE)
        assert waiting(store) == {}
        assert store.counts()[JobStatus.PROCESSING] == 1

    def test_workers_of_different_engines_share_out_the_jobs_each_once(self, store: JobStore) -> None:
        for number in range(90):
            store.add(waiting_job(f"job_{number:02}", number, engine="abc"[number % 3]))
        taken: defaultdict[str, list[str]] = defaultdict(list)
        counting = threading.Lock()
        served = [{"a"}, {"a", "b"}, {"b"}, {"b", "c"}, {"c"}]
        together = threading.Barrier(len(served))

        def work(engines: set[str]) -> None:
            together.wait()
            while (job := claim(store, "w", engines=engines)) is not None:
                with counting:
                    assert job.engine in engines
                    taken[job.engine].append(job.id)

        run_all([threading.Thread(target=work, args=(engines,)) for engines in served])
        assert {engine: len(set(jobs)) for engine, jobs in taken.items()} == dict.fromkeys("abc", 30)
        assert sum(map(len, taken.values())) == 90
