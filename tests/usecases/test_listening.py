"""Who follows a job, how it ends for them, and what becomes of the job when they leave."""

from __future__ import annotations

import gc
import threading
import time

import pytest
from tests.usecases.conftest import House, request
from tests.usecases.test_converting_speech import MODEL_HZ, PLAIN_HZ
from tests.usecases.test_mixing import mix_of
from tests.usecases.test_resuming import LONG

from adapters.relays.memory import MemoryRelay
from voicecore.audio import pcm16_bytes
from voicecore.conversion import ConversionSettings
from voicecore.errors import (
    Cancelled,
    Conflict,
    Draining,
    EngineFailed,
    Gone,
    NotFound,
    NothingHeard,
    Poisoned,
    VoiceChanged,
)  # fmt: skip
from voicecore.job import JobError, JobId, JobStatus
from voicecore.usecases import kept_sound
from voicecore.usecases.listen import Listen

THREE = "Primeira frase bem comprida aqui. Segunda frase também comprida. Terceira frase para terminar."
PATIENCE_S = 60.0


class Hall:
    """A house where somebody may listen."""

    def __init__(self, house: House) -> None:
        self.house, self.relay = house, MemoryRelay()
        self.listen = Listen(house.store, self.relay, house.blobs, house.cache, house.ids)

    def worker(self, **changes):
        return self.house.worker(relay=self.relay, **changes)

    def submitting(self, text=THREE, **changes):
        return lambda job_id: self.house.submit(request(text, **changes), job_id=job_id)

    def status(self, job_id) -> JobStatus:
        return self.house.store.get(job_id).status


@pytest.fixture
def hall(house):
    return Hall(house)


def whole(hall, job_id):
    return pcm16_bytes(hall.house.audio(hall.house.store.get(job_id)).samples)


def heard(chunks):
    return b"".join(pcm16_bytes(chunk.samples) for chunk in chunks if chunk is not None)


def test_a_job_is_followed_from_before_it_is_there(hall, monkeypatch):
    add, run = hall.house.store.add, hall.worker()

    def add_and_run(*args, **kwargs):
        stored = add(*args, **kwargs)
        assert run("worker")  # a worker that is faster than anybody's answer
        return stored

    monkeypatch.setattr(hall.house.store, "add", add_and_run)
    with hall.listen.submit(hall.submitting()) as sound:
        first = next(sound)
        assert first.start == 0
        assert first.attempt == 1  # said by the relay, not read back
        assert heard([first, *sound]) == whole(hall, sound.job.id)


def test_a_finished_job_is_heard_again_bit_for_bit(hall):
    job = hall.house.spoken(THREE)
    assert heard(hall.listen.follow(job.id, patience_s=PATIENCE_S)) == whole(hall, job.id)


@pytest.mark.parametrize("letters", [0, 7])
def test_a_running_job_is_heard_bit_for_bit_by_two_at_once(make_house, letters):
    hall = Hall(make_house(letters_per_chunk=letters, step_s=0.01))
    job = hall.house.submit(request(LONG))
    got = [[], []]
    followers = [
        threading.Thread(target=lambda mine=mine: mine.extend(hall.listen.follow(job.id, patience_s=PATIENCE_S)))
        for mine in got
    ]
    followers[0].start()
    worker = threading.Thread(target=hall.worker(), args=("worker",))
    worker.start()
    followers[1].start()
    for thread in (*followers, worker):
        thread.join(PATIENCE_S)
    assert heard(got[0]) == heard(got[1]) == whole(hall, job.id)


def test_following_begins_with_the_call_and_not_with_the_first_look(hall):
    job = hall.house.submit(request(THREE))
    sound = hall.listen.follow(job.id, patience_s=PATIENCE_S)
    assert hall.relay.followed(job.id)
    assert hall.worker()("worker")
    assert heard(sound) == whole(hall, job.id)


def test_patience_ends_while_the_job_waits_and_the_job_goes_on(hall):
    job = hall.house.submit(request(THREE))
    with pytest.raises(NothingHeard):
        list(hall.listen.follow(job.id, patience_s=0.3))
    assert hall.status(job.id) is JobStatus.QUEUED


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_cancelled_job_has_no_sound(hall, when):
    job = hall.house.submit(request(THREE))
    if when == "before":
        hall.listen.cancel(job.id)
    sound = hall.listen.follow(job.id, patience_s=PATIENCE_S)
    if when == "meanwhile":
        hall.listen.cancel(job.id)
    with pytest.raises(Cancelled):
        list(sound)


def test_a_failed_job_raises_its_own_error(make_house):
    hall = Hall(make_house(fail_on="falha"))
    job = hall.house.submit(request("Isto falha."))
    sound = hall.listen.follow(job.id, patience_s=PATIENCE_S)
    run = hall.worker()
    while hall.status(job.id) is not JobStatus.FAILED:
        assert run("worker")
    with pytest.raises(Poisoned, match="told to fail"):
        list(sound)


def test_an_error_record_is_raised_as_what_it_was():
    error = JobError.of(EngineFailed("No sound.")).raised()
    assert (type(error), error.message) == (EngineFailed, "No sound.")
    assert JobError("internal_error", "A defect.").raised().message == "A defect."


def test_what_there_is_not_cannot_be_followed(hall):
    with pytest.raises(NotFound):
        hall.listen.follow(JobId("job_9"), patience_s=1)
    job = hall.house.spoken()
    hall.house.store.delete(job.id, tombstone=True)
    with pytest.raises(Gone):
        hall.listen.follow(job.id, patience_s=1)
    assert not hall.relay.followed(job.id)


def test_a_job_that_is_deleted_meanwhile_is_not_there_any_more(hall):
    job = hall.house.submit(request(THREE))
    sound = hall.listen.follow(job.id, patience_s=PATIENCE_S)
    hall.house.delete_job(job.id)
    with pytest.raises(NotFound):
        list(sound)


def test_a_job_that_makes_a_voice_has_no_sound(hall):
    job = hall.house.mix(mix_of())
    with pytest.raises(Conflict, match="makes a voice"):
        hall.listen.follow(job.id, patience_s=1)


def test_followers_are_let_go_when_the_service_ends(hall):
    job = hall.house.submit(request(THREE))
    sound = hall.listen.follow(job.id, patience_s=PATIENCE_S)
    hall.relay.close()
    with pytest.raises(Draining):
        list(sound)


# --- who leaves -------------------------------------------------------------------------------------------
def test_who_leaves_early_has_the_job_cancelled(make_house, gate):
    hall = Hall(make_house(**gate.at("número 04")))
    with hall.listen.submit(hall.submitting(LONG)) as sound:
        worker = threading.Thread(target=hall.worker(), args=("worker",))
        worker.start()
        while next(sound) is None:
            pass
    assert hall.status(sound.job.id) is JobStatus.CANCELLED
    gate.open()
    worker.join(PATIENCE_S)
    assert hall.house.stored(f"jobs/{sound.job.id}/a1/") == []


def test_who_leaves_while_the_job_waits_has_it_cancelled(hall):
    with hall.listen.submit(hall.submitting()) as sound:
        assert next(sound) is None
    assert hall.status(sound.job.id) is JobStatus.CANCELLED


def test_a_job_that_shall_be_kept_goes_on(hall):
    with hall.listen.submit(hall.submitting(), keep=True) as sound:
        assert next(sound) is None
    assert hall.status(sound.job.id) is JobStatus.QUEUED
    assert not hall.relay.followed(sound.job.id)


@pytest.mark.parametrize(
    ("maker", "watcher", "goes_on"),
    [(False, None, False), (False, True, True), (False, False, False), (True, None, True), (True, False, False)],
)
def test_only_the_last_one_who_leaves_may_cancel(hall, maker, watcher, goes_on):
    made = hall.listen.submit(hall.submitting(), keep=maker)
    others = [hall.listen.open(made.job.id, keep=watcher) for _ in range(2)]
    for leaving in (made, others[0]):
        leaving.close()
        assert hall.status(made.job.id) is JobStatus.QUEUED
    others[1].close()
    assert (hall.status(made.job.id) is JobStatus.QUEUED) == goes_on


def test_a_job_that_was_submitted_apart_is_not_cancelled_by_watching_it(hall):
    job = hall.submitting()(None)
    for keep in (None, True):
        with hall.listen.open(job.id, keep=keep) as sound:
            assert next(sound) is None
    assert hall.status(job.id) is JobStatus.QUEUED
    with hall.listen.open(job.id, keep=False), hall.listen.open(job.id):
        pass  # the second one leaves first, and the last one does not want it
    assert hall.status(job.id) is JobStatus.CANCELLED


def test_a_wish_to_cancel_is_forgotten_with_the_last_follower(hall):
    """What somebody wanted who left goes for those who were there then."""
    made = hall.listen.submit(hall.submitting(), keep=False)
    keeper = hall.listen.open(made.job.id, keep=True)
    made.close()
    keeper.close()
    hall.listen.open(made.job.id).close()
    assert hall.status(made.job.id) is JobStatus.QUEUED


def test_who_leaves_in_the_middle_leaves_nothing_open(hall, monkeypatch):
    job = hall.house.spoken(THREE)
    monkeypatch.setattr(kept_sound, "_FRAMES_PER_BLOCK", 100)
    readers, open_blob = [], hall.house.blobs.open

    def remember(*args, **kwargs):
        readers.append(open_blob(*args, **kwargs))
        return readers[-1]

    monkeypatch.setattr(hall.house.blobs, "open", remember)
    with hall.listen.open(job.id) as sound:
        next(sound)
        assert not readers[-1].closed
    assert all(reader.closed for reader in readers)


def test_who_is_let_go_while_another_thread_reads_leaves_nothing_open_behind_it(hall, monkeypatch):
    job = hall.house.spoken(THREE)
    readers, open_blob = [], hall.house.blobs.open

    def leave_meanwhile(*args, **kwargs):
        readers.append(open_blob(*args, **kwargs))
        other = threading.Thread(target=sound.close)
        other.start()
        other.join(PATIENCE_S)
        return readers[-1]

    monkeypatch.setattr(kept_sound, "_FRAMES_PER_BLOCK", 100)
    sound = hall.listen.open(job.id)
    monkeypatch.setattr(hall.house.blobs, "open", leave_meanwhile)
    assert len(next(sound).samples) == 100
    assert readers
    assert all(reader.closed for reader in readers)


def test_a_follower_that_was_thrown_away_does_not_keep_a_job_alive(hall):
    made = hall.listen.submit(hall.submitting(), keep=False)
    hall.listen.open(made.job.id)
    gc.collect()
    made.close()
    assert hall.status(made.job.id) is JobStatus.CANCELLED


def test_a_job_that_ended_stays_as_it_is(hall):
    with hall.listen.submit(hall.submitting()) as sound:
        assert hall.worker()("worker")
    sound.close()
    assert hall.status(sound.job.id) is JobStatus.COMPLETED


def test_a_refused_request_leaves_no_follower(hall):
    with pytest.raises(NotFound):
        hall.listen.submit(hall.submitting(engine="nobody"))
    assert not hall.relay.followed(JobId("job_00000000000000000001"))


def test_a_repeated_request_is_followed_to_the_job_it_made_before(hall):
    def submit(job_id):
        return hall.house.submit(request(THREE), idempotency_key="one", job_id=job_id)

    with hall.listen.submit(submit, keep=True) as first:
        assert hall.worker()("worker")
        with hall.listen.submit(submit, keep=True) as second:
            assert second.job.id == first.job.id
            assert heard(second) == heard(first) == whole(hall, first.job.id)


# --- voices that change ------------------------------------------------------------------------------------
def converting(hall, text=LONG):
    model = hall.house.model()
    return hall.submitting(text, conversion=ConversionSettings(model_id=model.id))


def test_a_converted_job_is_heard_bit_for_bit(hall):
    with hall.listen.submit(converting(hall)) as sound:
        assert hall.worker()("worker")
        chunks = list(sound)
    assert {chunk.sample_rate_hz for chunk in chunks if chunk} == {MODEL_HZ}
    assert heard(chunks) == whole(hall, sound.job.id)


def test_a_conversion_that_is_given_up_after_its_first_sound_ends_the_stream_and_not_the_job(make_house):
    hall = Hall(make_house(shifting={"trouble": "fail", "after": 2}))
    with hall.listen.submit(converting(hall, THREE)) as sound:
        assert hall.worker()("worker")
        with pytest.raises(VoiceChanged, match="download"):
            list(sound)
    assert hall.house.store.get(sound.job.id).result.conversion_applied is False


def test_a_conversion_that_is_given_up_at_once_is_heard_plain(make_house):
    hall = Hall(make_house(shifting={"trouble": "fail", "after": 0}))
    with hall.listen.submit(converting(hall)) as sound:
        assert hall.worker()("worker")
        chunks = list(sound)
    assert {chunk.sample_rate_hz for chunk in chunks if chunk} == {PLAIN_HZ}
    assert heard(chunks) == whole(hall, sound.job.id)


def test_who_comes_late_to_a_converting_job_hears_the_converted_segments(make_house):
    hall = Hall(make_house(step_s=0.02))
    job = converting(hall)(JobId("job_late"))
    worker = threading.Thread(target=hall.worker(), args=("worker",))
    worker.start()
    deadline = time.monotonic() + PATIENCE_S
    while hall.house.store.get(job.id).segments.done < 2 and time.monotonic() < deadline:
        time.sleep(0.005)
    chunks = list(hall.listen.follow(job.id, patience_s=PATIENCE_S))
    worker.join(PATIENCE_S)
    assert {chunk.voice for chunk in chunks} == {job.request.conversion.model_id}
    assert heard(chunks) == whole(hall, job.id)
