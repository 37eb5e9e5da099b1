"""Sound that is heard while it is made."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from datetime import timedelta

import numpy as np
import pytest
from tests.usecases.conftest import request
from tests.usecases.test_resuming import LONG

from voicecore.errors import StorageUnavailable
from voicecore.job import JobStatus
from voicecore.ports import LiveChunk

THREE = "Primeira frase bem comprida aqui. Segunda frase também comprida. Terceira frase para terminar."
KEEP = timedelta(hours=24)


class Ear:
    """A relay whose followers are here, and which may be broken."""

    def __init__(self, *followed: str, broken: str = "") -> None:
        self._followed, self._broken = set(followed), broken
        self.heard: dict[str, list[LiveChunk]] = defaultdict(list)
        self.ended: list[str] = []
        self.asked = 0

    def _breaks(self, name):
        if name == self._broken:
            raise RuntimeError("a defect of the relay")

    def follow_now(self, job_id) -> None:
        self._followed.add(job_id)

    def followed(self, job_id) -> bool:
        self.asked += 1
        self._breaks("followed")
        return job_id in self._followed

    def publish(self, job_id, chunk) -> None:
        self._breaks("publish")
        self.heard[job_id].append(chunk)

    def end(self, job_id) -> None:
        self._breaks("end")
        self.ended.append(job_id)

    def close(self) -> None:
        pass


@pytest.mark.parametrize("letters", [0, 7])
def test_a_follower_hears_the_whole_audio_in_order_and_knows_the_place_of_every_chunk(make_house, letters):
    house = make_house(letters_per_chunk=letters)
    job = house.submit(request(THREE))
    ear = Ear(job.id)
    assert house.worker(relay=ear)("worker")
    chunks = ear.heard[job.id]
    place = 0
    for chunk in chunks:
        assert chunk.start == place
        assert chunk.sample_rate_hz == 16_000
        place += len(chunk.samples)
    whole = house.audio(house.store.get(job.id)).samples
    assert np.abs(np.concatenate([chunk.samples for chunk in chunks]) - whole).max() < 1 / 32767
    assert ear.ended == [job.id]


def test_nothing_is_sent_while_nobody_follows_and_the_end_is_said_all_the_same(house):
    job = house.submit(request(THREE))
    ear = Ear()
    assert house.worker(relay=ear)("worker")
    assert ear.heard == {}
    assert ear.asked > 0
    assert ear.ended == [job.id]


def test_who_comes_late_hears_the_rest(house, monkeypatch):
    job = house.submit(request(LONG))
    ear = Ear()
    truth = ear.followed

    def followed(job_id):
        if ear.asked == 20:
            ear.follow_now(job_id)
        return truth(job_id)

    monkeypatch.setattr(ear, "followed", followed)
    assert house.worker(relay=ear)("worker")
    chunks = ear.heard[job.id]
    assert chunks[0].start > 0
    whole = house.audio(house.store.get(job.id)).samples
    assert chunks[0].start + sum(len(chunk.samples) for chunk in chunks) == len(whole)


def test_an_attempt_that_begins_again_says_the_same_sound_of_the_same_places(make_house, gate):
    house = make_house(batch_size=1, **gate.at("número 03"))
    job = house.submit(request(LONG))
    ear = Ear(job.id)
    run = house.worker(relay=ear)
    thread = threading.Thread(target=run, args=("worker",))
    thread.start()
    end = time.monotonic() + 60
    while len(ear.heard[job.id]) < 3 and time.monotonic() < end:
        time.sleep(0.005)
    run.shut_down()
    gate.open()
    thread.join(60)
    assert house.store.get(job.id).status is JobStatus.QUEUED
    assert ear.ended == []
    before = list(ear.heard[job.id])
    ear.heard.clear()
    assert house.worker(relay=ear)("other")
    again = {chunk.start: chunk.samples for chunk in ear.heard[job.id]}
    assert len(before) >= 3
    assert all(np.array_equal(again[chunk.start], chunk.samples) for chunk in before)
    assert ear.ended == [job.id]


@pytest.mark.parametrize("broken", ["followed", "publish", "end"])
def test_a_broken_relay_does_not_harm_the_job_and_is_left_alone_after_its_first_failure(house, caplog, broken):
    job = house.submit(request(LONG))
    ear = Ear(job.id, broken=broken)
    assert house.worker(relay=ear)("worker")
    assert house.store.get(job.id).status is JobStatus.COMPLETED
    assert sum("a defect of the relay" in (entry.exc_text or "") for entry in caplog.records) == 1


def test_followers_of_a_job_that_failed_or_was_cancelled_are_told_of_its_end(make_house):
    house = make_house(fail_on="falha")
    ear = Ear()
    run = house.worker(relay=ear)
    failing = house.submit(request("Isto falha."))
    for _ in range(3):
        assert ear.ended == []
        assert run("worker")
    assert ear.ended == [failing.id]


@pytest.mark.parametrize("what", ["cancel", "delete"])
def test_followers_of_a_job_that_was_called_off_while_it_ran_are_told_of_its_end(make_house, what, gate):
    house = make_house(**gate.at("número 04"))
    job = house.submit(request(LONG))
    ear = Ear(job.id)
    thread = threading.Thread(target=house.worker(relay=ear), args=("worker",))
    thread.start()
    end = time.monotonic() + 60
    while not ear.heard[job.id] and time.monotonic() < end:
        time.sleep(0.005)
    if what == "cancel":
        house.store.cancel(job.id, KEEP)
    else:
        house.delete_job(job.id)
    gate.open()
    thread.join(60)
    assert ear.ended == [job.id]


def test_followers_are_not_told_of_an_end_that_was_not_stored(house, monkeypatch):
    job = house.submit(request(THREE))
    ear = Ear(job.id)
    run = house.worker(relay=ear)

    def finish(_job):
        run.shut_down()
        raise StorageUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(house.store, "finish", finish)
        assert run("worker")
    assert ear.ended == []
    house.clock.advance(house.limits.lease)
    assert house.worker(relay=ear)("other")
    assert ear.ended == [job.id]
