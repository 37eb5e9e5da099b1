"""What every job store does: pages and counts."""

from __future__ import annotations

import pytest

from voicecore.errors import InvalidInput
from voicecore.job import JobError, JobId, JobStatus
from voicecore.ports import JobQuery, JobStore
from voicecore.request import Mode
from voicecore.testing.contracts.job_store_hooks import KEEP, SECOND, JobStoreHooks, claimed, complete
from voicecore.testing.fakes import START, FakeClock
from voicecore.testing.samples import queued_job


class ListingContract(JobStoreHooks):
    """Pages and counts."""

    def test_an_empty_store_has_an_empty_page(self, store: JobStore) -> None:
        page = store.page(JobQuery())
        assert (page.total, page.jobs, page.next_cursor) == (0, (), None)
        assert store.counts() == dict.fromkeys(JobStatus, 0)

    def test_pages_run_from_the_newest_to_the_oldest(self, store: JobStore) -> None:
        moments = {"job_a": 0, "job_c": 1, "job_b": 1, "job_d": -5, "job_e": 9}
        for name, second in moments.items():
            store.add(queued_job(name, created_at=START + second * SECOND))
        first = store.page(JobQuery(limit=2))
        assert ([job.id for job in first.jobs], first.total) == (["job_e", "job_c"], 5)
        second_page = store.page(JobQuery(limit=2, cursor=first.next_cursor))
        assert [job.id for job in second_page.jobs] == ["job_b", "job_a"]
        last = store.page(JobQuery(limit=2, cursor=second_page.next_cursor))
        assert ([job.id for job in last.jobs], last.next_cursor, last.total) == (["job_d"], None, 5)

    def test_a_page_that_ends_the_list_has_no_cursor(self, store: JobStore) -> None:
        store.add(queued_job("job_1"))
        store.add(queued_job("job_2"))
        assert store.page(JobQuery(limit=2)).next_cursor is None

    def test_jobs_added_meanwhile_do_not_shift_the_pages(self, store: JobStore) -> None:
        for number in range(4):
            store.add(queued_job(f"job_{number}", created_at=START + number * SECOND))
        first = store.page(JobQuery(limit=2))
        store.add(queued_job("job_new", created_at=START + 9 * SECOND))
        store.delete(JobId("job_2"))
        rest = store.page(JobQuery(limit=9, cursor=first.next_cursor))
        assert [job.id for job in rest.jobs] == ["job_1", "job_0"]

    def test_a_page_admits_only_the_status_and_mode_asked_for(self, store: JobStore) -> None:
        modes = (Mode.DUBBING, Mode.CLONE, Mode.DUBBING_WITH_CLONE)
        for number in range(9):
            store.add(queued_job(f"job_{number}", created_at=START + number * SECOND, mode=modes[number % 3]))
        for _ in range(4):
            claimed(store)
        clones = store.page(JobQuery(mode=Mode.CLONE))
        assert (clones.total, [job.id for job in clones.jobs]) == (3, ["job_7", "job_4", "job_1"])
        queued = store.page(JobQuery(status=JobStatus.QUEUED, limit=2))
        assert (queued.total, [job.id for job in queued.jobs]) == (5, ["job_8", "job_7"])
        both = store.page(JobQuery(status=JobStatus.PROCESSING, mode=Mode.DUBBING, limit=1))
        assert (both.total, [job.id for job in both.jobs]) == (2, ["job_3"])
        rest = store.page(JobQuery(status=JobStatus.PROCESSING, mode=Mode.DUBBING, limit=1, cursor=both.next_cursor))
        assert ([job.id for job in rest.jobs], rest.next_cursor) == (["job_0"], None)
        assert store.page(JobQuery(status=JobStatus.FAILED)).total == 0

    def test_a_page_of_an_owner_has_only_his_jobs(self, store: JobStore) -> None:
        for number in range(8):
            owner, mode = ("key_a", "key_b", "")[number % 3], (Mode.DUBBING, Mode.CLONE)[number % 2]
            store.add(queued_job(f"job_{number}", created_at=START + number * SECOND, mode=mode, owner=owner))
        claimed(store)
        store.cancel(JobId("job_3"), KEEP)
        first = store.page(JobQuery(owner="key_a", limit=2))
        assert (first.total, [job.id for job in first.jobs]) == (3, ["job_6", "job_3"])
        rest = store.page(JobQuery(owner="key_a", limit=2, cursor=first.next_cursor))
        assert (rest.total, [job.id for job in rest.jobs], rest.next_cursor) == (3, ["job_0"], None)
        assert [job.id for job in store.page(JobQuery(owner="key_b", mode=Mode.CLONE)).jobs] == ["job_7", "job_1"]
        assert [job.id for job in store.page(JobQuery(owner="key_a", status=JobStatus.PROCESSING)).jobs] == ["job_0"]
        cancelled = store.page(JobQuery(owner="key_a", status=JobStatus.CANCELLED, mode=Mode.CLONE))
        assert (cancelled.total, [job.id for job in cancelled.jobs]) == (1, ["job_3"])
        assert store.page(JobQuery(owner="key_c")).total == 0
        assert store.page(JobQuery()).total == 8
        store.delete(JobId("job_6"))
        assert store.page(JobQuery(owner="key_a")).total == 2

    def test_nobodys_jobs_cannot_be_listed_alone(self, store: JobStore) -> None:
        """Else a caller without a key who is taken for one with an empty key would see them."""
        with pytest.raises(InvalidInput):
            store.page(JobQuery(owner=""))

    def test_counts_follow_every_change_of_state(self, store: JobStore, clock: FakeClock) -> None:
        for number in range(5):
            store.add(queued_job(f"job_{number}", created_at=START + number * SECOND))
        complete(store, clock)
        store.finish(claimed(store).failed(JobError("x", "y"), clock.now(), KEEP))
        claimed(store)
        store.cancel(JobId("job_3"), KEEP)
        assert store.counts() == dict.fromkeys(JobStatus, 1)
        store.delete(JobId("job_0"), tombstone=True)
        store.delete(JobId("job_4"))
        assert store.counts() == dict.fromkeys(JobStatus, 1) | {JobStatus.COMPLETED: 0, JobStatus.QUEUED: 0}
        assert store.page(JobQuery()).total == 3

    @pytest.mark.parametrize("cursor", [
        "", " ", "x", "AAAA", "None", "1", "WzFd", "W10", "e30", "bnVsbA", "é", "\x00", "A" * 100_000, "../../passwd",
        "WzEsMSwiYSJdCg", "WzIsMSwiYSJd", "WzEsMS41LCJhIl0", "W3RydWUsMSwiYSJd",
        "WzEsOTk5OTk5OTk5OTk5OTk5OTk5OTksImEiXQ",
    ])  # fmt: skip
    def test_a_cursor_that_is_not_ours_is_refused(self, store: JobStore, cursor: str) -> None:
        store.add(queued_job())
        with pytest.raises(InvalidInput) as refusal:
            store.page(JobQuery(cursor=cursor))
        assert refusal.value.field == "cursor"

    @pytest.mark.parametrize("limit", [0, -1, 10**30])
    def test_a_senseless_limit_is_refused(self, store: JobStore, limit: int) -> None:
        with pytest.raises(InvalidInput):
            store.page(JobQuery(limit=limit))
