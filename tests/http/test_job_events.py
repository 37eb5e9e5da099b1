"""What becomes of a job, as events."""

from __future__ import annotations

import json
import threading
from itertools import chain

import anyio
import pytest

from entrypoints.http.job_watching import JobWatching
from voicecore.errors import NotFound, StorageUnavailable
from voicecore.testing.tone import PLAN_VARIABLE

from .room import PATIENCE_S, eventually, furnished, refused
from .test_streams import LONG, events_of


@pytest.fixture
def slow(tmp_path, monkeypatch):
    monkeypatch.setenv(PLAN_VARIABLE, json.dumps({"step_s": 0.05, "batch_size": 1}))
    with furnished(tmp_path) as made:
        yield made


def watched(room, job_id, last=None, begun=lambda: None):
    """The events of the job to their end. `begun` is called when the first one is here."""
    headers = {} if last is None else {"Last-Event-ID": last}
    with room.client.stream("GET", f"/jobs/{job_id}/events", headers=headers) as answer:
        if answer.status_code == 204:
            return []
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        first = next(lines)
        begun()
        return events_of(answer, chain([first], lines))


def test_a_watcher_hears_every_step_and_then_the_end(slow):
    slow.gate.opened.clear()
    job_id = slow.submit(**LONG)["id"]
    eventually(lambda: slow.client.get(f"/jobs/{job_id}").json()["status"] == "processing")
    found = watched(slow, job_id, begun=slow.gate.opened.set)
    total = slow.client.get(f"/jobs/{job_id}").json()["segments"]["total"]
    assert [data["index"] for _, name, data in found if name == "segment"] == list(range(total))
    states = [data["status"] for _, name, data in found if name == "status"]
    assert states == ["processing", "completed"]
    progress = [data["progress"] for _, name, data in found if name == "progress"]
    assert progress == sorted(progress)
    assert progress[-1] == 100
    _, name, job = found[-1]
    assert (name, job["id"], job["status"]) == ("done", job_id, "completed")
    assert all(event_id for event_id, *_ in found)


def test_who_comes_back_goes_on_where_they_were(slow):
    job_id = slow.submit(**LONG)["id"]
    first = watched(slow, job_id)
    middle = next(index for index, (_, name, data) in enumerate(first) if name == "segment" and data["index"] == 3)
    again = watched(slow, job_id, first[middle][0])
    expected = [data["index"] for _, name, data in first[middle:] if name == "segment"]
    heard = [data["index"] for _, name, data in again if name == "segment"]
    assert heard == expected[1:] or set(expected) - set(heard) <= set(expected[: len(expected) - len(heard)])
    assert again[-1][1] == "done"
    assert watched(slow, job_id, first[-1][0]) == []  # 204: an EventSource does not come back


@pytest.mark.parametrize("last", ["nonsense", "", "1-2-3", "9" * 500, "1-processing-3-x"])
def test_a_place_that_is_not_ours_is_as_good_as_none(shared, last):
    job_id = shared.spoken()["id"]
    assert [name for _, name, _ in watched(shared, job_id, last)] == ["status", "segment", "progress", "done"]


def test_a_job_that_fails_or_is_cancelled_ends_its_events(slow):
    slow.gate.let(3)  # of more segments than that
    job_id = slow.submit(**LONG)["id"]
    found = []
    watcher = threading.Thread(target=lambda: found.extend(watched(slow, job_id)))
    watcher.start()
    eventually(lambda: slow.client.get(f"/jobs/{job_id}").json()["segments"]["done"] >= 1)
    slow.client.post(f"/jobs/{job_id}/cancel")
    watcher.join(PATIENCE_S)
    assert found[-1][1] == "done"
    assert found[-1][2]["status"] == "cancelled"


def test_a_job_that_is_deleted_meanwhile_ends_its_events_with_an_error(slow):
    slow.gate.opened.clear()
    slow.submit()
    job_id = slow.submit()["id"]
    with slow.client.stream("GET", f"/jobs/{job_id}/events") as answer:
        lines = answer.iter_lines()
        assert "status" in next(line for line in lines if line.startswith("event:"))
        slow.client.delete(f"/jobs/{job_id}")
        assert any(line == "event: error" for line in lines)


def test_what_there_is_not_has_no_events(shared):
    refused(shared.client.get("/jobs/job_none/events"), 404)


def test_watchers_leave_nothing_behind(slow):
    slow.gate.opened.clear()
    job_id = slow.submit()["id"]
    with slow.client.stream("GET", f"/jobs/{job_id}/events") as answer:
        lines = answer.iter_lines()  # kept: an iterator that is thrown away closes its connection
        next(lines)
        assert slow.watching().watched == 1
    eventually(lambda: slow.watching().watched == 0)


# --- one look for all ----------------------------------------------------------------------------------------
class Looks:
    """A store of one job, which counts who asks."""

    def __init__(self, job) -> None:
        self.job, self.count, self.failure = job, 0, None

    async def __call__(self, job_id):
        self.count += 1
        await anyio.sleep(0.001)
        if self.failure is not None:
            raise self.failure
        return self.job


@pytest.fixture
def finished(shared):
    return shared.service.store.get(shared.spoken()["id"])


async def _all_states(watching, job_id):
    return [each async for each in watching.states(job_id)]


def test_many_watchers_of_a_job_share_each_look(finished):
    from dataclasses import replace

    from voicecore.job import JobStatus

    looks = Looks(replace(finished, status=JobStatus.QUEUED, result=None))
    heard = []

    async def main():
        watching = JobWatching(looks)

        async def watch():
            heard.append(await _all_states(watching, finished.id))

        async with anyio.create_task_group() as tasks:
            for _ in range(50):
                tasks.start_soon(watch)
            await anyio.sleep(0.6)
            looks.job = finished
        assert watching.watched == 0

    anyio.run(main)
    assert len(heard) == 50
    assert all(states[0].status is JobStatus.QUEUED and states[-1] == finished for states in heard)
    assert looks.count < 10


def test_an_outage_is_waited_for_and_a_deletion_is_not(finished):
    async def main(failure):
        looks = Looks(finished)
        looks.failure = failure
        watching = JobWatching(looks)
        async with anyio.create_task_group() as tasks:

            async def mend():
                await anyio.sleep(0.3)
                looks.failure = None

            tasks.start_soon(mend)
            states = await _all_states(watching, finished.id)
        return states[-1]

    assert anyio.run(main, StorageUnavailable()) == finished
    with pytest.raises(BaseExceptionGroup) as caught:
        anyio.run(main, NotFound())
    assert caught.value.subgroup(NotFound) is not None
