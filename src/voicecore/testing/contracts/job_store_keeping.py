"""What every job store does: adding, reading, idempotency, and the bound of the queue."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from voicecore.errors import Conflict, IdempotencyConflict, InvalidInput, QueueFull
from voicecore.handling import PLAIN, Handling, Priority
from voicecore.job import JobId, JobStatus
from voicecore.ports import JobStore
from voicecore.request import ConversionRequest, Mode
from voicecore.testing.contracts.job_store_hooks import LEASE, JobStoreHooks, claimed, complete, run_all
from voicecore.testing.fakes import START, FakeClock
from voicecore.testing.samples import queued_job


class KeepingContract(JobStoreHooks):
    """Adding, reading, idempotency and the bound of the queue."""

    @pytest.mark.parametrize("mode", [Mode.DUBBING, Mode.DUBBING_WITH_CLONE, Mode.CLONE, Mode.CONVERT])
    def test_an_added_job_is_read_back_equal(self, store: JobStore, mode: Mode) -> None:
        job = queued_job(mode=mode, text="Ação: “ça va” — 你好 🎧")
        assert store.add(job) == job
        assert store.get(job.id) == job

    def test_its_handling_is_kept_with_a_job(self, store: JobStore) -> None:
        handling = Handling(priority=Priority.LOW, webhook_url="https://example.org:8443/told?of=%C3%A7&x='")
        job = store.add(queued_job(handling=handling))
        found = store.get(job.id)
        assert found is not None
        assert (found, found.handling) == (job, handling)

    def test_a_job_that_never_was_is_none(self, store: JobStore) -> None:
        assert store.get(JobId("job_none")) is None

    def test_a_second_job_with_the_same_id_is_a_conflict(self, store: JobStore) -> None:
        store.add(queued_job())
        with pytest.raises(Conflict):
            store.add(queued_job(text="Outra frase."))
        assert store.counts()[JobStatus.QUEUED] == 1

    def test_only_new_jobs_are_added(self, store: JobStore) -> None:
        with pytest.raises(InvalidInput):
            store.add(queued_job().claimed("w1", START, LEASE))

    def test_the_same_key_and_request_give_the_first_job(self, store: JobStore) -> None:
        first = store.add(queued_job("job_1"), idempotency_key="chave")
        assert store.add(queued_job("job_2"), idempotency_key="chave") == first
        assert store.get(JobId("job_2")) is None

    def test_a_key_is_answered_with_the_job_as_it_is_now(self, store: JobStore, clock: FakeClock) -> None:
        store.add(queued_job("job_1"), idempotency_key="k")
        done = complete(store, clock)
        assert store.add(queued_job("job_2"), idempotency_key="k") == done

    def test_the_same_key_and_recording_give_the_first_job_wherever_the_recording_was_put(
        self, store: JobStore
    ) -> None:
        first, second = queued_job("job_1", mode=Mode.CONVERT), queued_job("job_2", mode=Mode.CONVERT)
        assert isinstance(second.request, ConversionRequest)
        second = replace(second, request=replace(second.request, audio_key="uploads/job_2/0.wav"))
        assert store.add(first, idempotency_key="k") == first
        assert store.add(second, idempotency_key="k") == first
        other = queued_job("job_3", mode=Mode.CONVERT, text="another recording")
        with pytest.raises(IdempotencyConflict):
            store.add(other, idempotency_key="k")
        assert store.counts()[JobStatus.QUEUED] == 1

    def test_the_same_key_with_another_request_is_refused(self, store: JobStore) -> None:
        store.add(queued_job("job_1"), idempotency_key="k")
        with pytest.raises(IdempotencyConflict):
            store.add(queued_job("job_2", text="Outra frase."), idempotency_key="k")
        assert store.get(JobId("job_2")) is None

    def test_two_owners_keys_never_meet(self, store: JobStore) -> None:
        mine = store.add(queued_job("job_1", owner="key_a"), idempotency_key="k")
        yours = store.add(queued_job("job_2", text="Outra frase.", owner="key_b"), idempotency_key="k")
        nobodys = store.add(queued_job("job_3"), idempotency_key="k")
        assert [mine.id, yours.id, nobodys.id] == ["job_1", "job_2", "job_3"]
        assert store.add(queued_job("job_4", owner="key_a"), idempotency_key="k") == mine
        assert store.get(mine.id) == mine
        store.delete(mine.id)
        again = store.add(queued_job("job_5", owner="key_a"), idempotency_key="k")
        assert again.id == "job_5"
        assert store.add(queued_job("job_6"), idempotency_key="k") == nobodys

    def test_the_same_key_with_another_handling_is_refused(self, store: JobStore) -> None:
        told = Handling(priority=Priority.HIGH, webhook_url="https://example.org/told")
        first = store.add(queued_job("job_1", handling=told), idempotency_key="k")
        assert store.add(queued_job("job_2", handling=told), idempotency_key="k") == first
        for other in (PLAIN, replace(told, priority=Priority.LOW), replace(told, webhook_url="https://example.org/")):
            with pytest.raises(IdempotencyConflict):
                store.add(queued_job("job_3", handling=other), idempotency_key="k")
        assert store.get(JobId("job_3")) is None

    @pytest.mark.parametrize("key", ["", " ", "K", "k/../k", "'; DROP TABLE job; --", "ключ", "\x00", "x" * 10_000])
    def test_any_text_is_a_key_of_its_own(self, store: JobStore, key: str) -> None:
        first = store.add(queued_job("job_1"), idempotency_key="k")
        other = store.add(queued_job("job_2", text="Outra frase."), idempotency_key=key)
        assert (first.id, other.id) == ("job_1", "job_2")
        assert store.add(queued_job("job_3", text="Outra frase."), idempotency_key=key).id == "job_2"

    def test_a_key_ends_with_its_job(self, store: JobStore) -> None:
        store.add(queued_job("job_1"), idempotency_key="k")
        store.delete(JobId("job_1"))
        assert store.add(queued_job("job_2", text="Outra frase."), idempotency_key="k").id == "job_2"

    def test_fifty_threads_with_one_key_make_one_job(self, store: JobStore) -> None:
        found: list[str] = []
        together = threading.Barrier(50)

        def post(number: int) -> None:
            together.wait()
            found.append(store.add(queued_job(f"job_{number}"), idempotency_key="k").id)

        run_all([threading.Thread(target=post, args=(number,)) for number in range(50)])
        assert len(found) == 50
        assert len(set(found)) == 1
        assert store.counts()[JobStatus.QUEUED] == 1

    def test_a_full_queue_refuses_a_job_and_says_when_to_come_again(self, store: JobStore) -> None:
        store.add(queued_job("job_1"), max_queued=2)
        store.add(queued_job("job_2"), max_queued=2)
        with pytest.raises(QueueFull) as refusal:
            store.add(queued_job("job_3"), max_queued=2)
        assert refusal.value.retry_after_s > 0
        assert store.get(JobId("job_3")) is None

    def test_a_full_queue_still_answers_a_repeated_request(self, store: JobStore) -> None:
        store.add(queued_job("job_1"), idempotency_key="k", max_queued=1)
        assert store.add(queued_job("job_2"), idempotency_key="k", max_queued=1).id == "job_1"

    def test_only_waiting_jobs_fill_the_queue(self, store: JobStore) -> None:
        store.add(queued_job("job_1"), max_queued=1)
        claimed(store)
        assert store.add(queued_job("job_2"), max_queued=1).id == "job_2"

    def test_a_refused_job_leaves_its_key_free(self, store: JobStore) -> None:
        store.add(queued_job("job_1"))
        with pytest.raises(QueueFull):
            store.add(queued_job("job_2"), idempotency_key="k", max_queued=1)
        assert store.add(queued_job("job_3", text="Outra frase."), idempotency_key="k").id == "job_3"
