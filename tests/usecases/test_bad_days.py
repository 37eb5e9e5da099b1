"""A store or a disk that goes away in the middle of a job, answers that get lost, and a service that ends meanwhile."""

from __future__ import annotations

import io
import threading
import time
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from voicecore.audio import Audio
from voicecore.errors import DiskFull, LeaseLost, MissingModel, ModelCorrupt, StorageUnavailable
from voicecore.job import JobStatus
from voicecore.language import Language
from voicecore.request import SynthesisRequest
from voicecore.usecases.submit_enrolment import NewVoice

PT = Language("pt", "BR")
THREE = "Primeira frase bem comprida aqui. Segunda frase também comprida. Terceira frase para terminar."
KEEP = timedelta(hours=24)


def request(text=THREE, **changes):
    return SynthesisRequest(**{"text": text, "source_language": PT, **changes})


def reference():
    t = np.arange(32_000) / 16_000
    return [io.BytesIO(Audio((0.3 * np.sin(2 * np.pi * 330 * t)).astype(np.float32), 16_000).wav_bytes())]


def patient(run, **changes):
    """The same worker, whose pauses take no time."""
    run.end_job = replace(run.end_job, **{"first_pause_s": 0.01, "longest_pause_s": 0.02, **changes})
    return run


def _until(condition, timeout_s=60.0):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.003)


def _fails(times, truth, error=StorageUnavailable):
    """A call that fails so many times before it does anything."""
    left = [times]

    def call(*args, **kwargs):
        if left[0]:
            left[0] -= 1
            raise error()
        return truth(*args, **kwargs)

    return call


# --- the store -----------------------------------------------------------------------------------------------------
def test_a_job_does_not_notice_an_outage_of_the_store_that_is_shorter_than_its_lease(make_house, monkeypatch):
    house = make_house(step_s=0.02)
    job = house.submit(request(THREE * 2))
    down = threading.Event()
    for name in ("renew", "get", "finish"):
        truth = getattr(house.store, name)
        monkeypatch.setattr(
            house.store,
            name,
            lambda *args, truth=truth: _raise(StorageUnavailable()) if down.is_set() else truth(*args),
        )
    thread = threading.Thread(target=patient(house.run), args=("worker",))
    down.set()
    thread.start()
    _until(lambda: house.run.busy)
    time.sleep(0.3)
    house.clock.advance(house.limits.lease / 2 + timedelta(seconds=1))
    assert not house.run.renewing
    down.clear()
    thread.join(60)
    stored = house.store.get(job.id)
    assert (stored.status, stored.attempt, stored.tries) == (JobStatus.COMPLETED, 1, 0)
    assert stored.segments.done == stored.segments.total
    assert house.run.renewing


def _raise(error):
    raise error


def test_the_end_of_a_job_is_said_until_the_store_hears_it(house, monkeypatch):
    monkeypatch.setattr(house.store, "finish", _fails(7, house.store.finish))
    patient(house.run)
    assert house.spoken(THREE).status is JobStatus.COMPLETED


def test_an_end_that_was_stored_though_its_answer_was_lost_is_published_once_and_whole(house, monkeypatch):
    truth, lost = house.store.finish, []

    def finish(job):
        truth(job)
        if len(lost) < 3:
            lost.append(job)
            raise StorageUnavailable

    monkeypatch.setattr(house.store, "finish", finish)
    patient(house.run)
    job = house.spoken(THREE)
    assert len(lost) == 3
    assert job.status is JobStatus.COMPLETED
    assert house.audio(job).duration_s == pytest.approx(job.result.duration_s)
    assert house.blobs.stat(job.result.manifest_key)


def test_a_store_that_denies_what_it_has_stored_does_not_cost_the_published_audio(house, monkeypatch):
    truth = house.store.finish
    monkeypatch.setattr(house.store, "finish", lambda job: (truth(job), _raise(LeaseLost())))
    job = house.spoken(THREE)
    assert job.status is JobStatus.COMPLETED
    assert house.audio(job).duration_s == pytest.approx(job.result.duration_s)
    assert house.blobs.stat(job.result.manifest_key)


def test_a_store_that_cannot_say_who_won_does_not_cost_the_published_audio(house, monkeypatch):
    truth = house.store.finish
    job = house.submit(request())
    with monkeypatch.context() as patched:
        patched.setattr(house.store, "finish", lambda job: (truth(job), _raise(LeaseLost())))
        patched.setattr(house.store, "get", lambda _id: _raise(StorageUnavailable()))
        patched.setattr(house.run, "look_every_s", 60.0)
        assert house.run("worker")
    stored = house.store.get(job.id)
    assert house.audio(stored).duration_s == pytest.approx(stored.result.duration_s)


def test_a_job_taken_over_while_its_end_could_not_be_stored_is_published_by_the_other_alone(house, monkeypatch):
    job = house.submit(request())
    truth, others = house.store.finish, []

    def finish(ended):
        if not others:
            others.append(True)
            house.clock.advance(house.limits.lease + timedelta(seconds=1))
            assert house.worker()("other")
            raise StorageUnavailable
        truth(ended)

    monkeypatch.setattr(house.store, "finish", finish)
    assert patient(house.run)("worker")
    stored = house.store.get(job.id)
    assert (stored.status, stored.attempt) == (JobStatus.COMPLETED, 2)
    assert house.audio(stored).duration_s > 0
    assert house.stored(f"jobs/{job.id}/a1/") == []


def test_a_job_cancelled_while_its_end_could_not_be_stored_is_not_published(house, monkeypatch):
    job = house.submit(request())
    truth, cancelled = house.store.finish, []

    def finish(ended):
        if not cancelled:
            cancelled.append(house.store.cancel(job.id, KEEP))
            raise StorageUnavailable
        truth(ended)

    monkeypatch.setattr(house.store, "finish", finish)
    assert patient(house.run)("worker")
    assert house.store.get(job.id) == cancelled[0]
    assert house.stored(f"jobs/{job.id}/a") == []


def test_a_service_that_ends_while_its_store_is_away_leaves_the_job_to_another_worker(make_house, monkeypatch):
    house = make_house(step_s=0.02)
    job = house.submit(request())
    tried = threading.Event()
    with monkeypatch.context() as patched:
        patched.setattr(house.store, "finish", lambda _job: (tried.set(), _raise(StorageUnavailable())))
        thread = threading.Thread(target=house.run, args=("worker",))
        thread.start()
        assert tried.wait(60)
        house.run.shut_down()
        thread.join(60)
        assert not thread.is_alive()
    assert house.store.get(job.id).status is JobStatus.PROCESSING
    house.clock.advance(house.limits.lease + timedelta(seconds=1))
    assert house.worker()("other")
    stored = house.store.get(job.id)
    assert (stored.status, stored.attempt) == (JobStatus.COMPLETED, 2)
    house.clock.advance(KEEP + timedelta(hours=1))
    house.purge()
    assert house.stored() == []


def test_a_hand_back_that_cannot_be_stored_ends_with_the_second_asking(make_house, monkeypatch, gate):
    house = make_house(**gate.at("Terceira"))
    job = house.submit(request(THREE * 3))
    tried = threading.Event()
    with monkeypatch.context() as patched:
        patched.setattr(house.store, "finish", lambda _job: (tried.set(), _raise(StorageUnavailable())))
        thread = threading.Thread(target=house.run, args=("worker",))
        thread.start()
        _until(lambda: house.store.get(job.id).segments.done >= 1)
        house.run.shut_down()
        gate.open()
        assert tried.wait(60)
        assert thread.is_alive()
        house.run.shut_down()
        thread.join(60)
        assert not thread.is_alive()
    house.clock.advance(house.limits.lease + timedelta(seconds=1))
    assert house.worker()("other")
    assert house.store.get(job.id).segments.cached >= 1


def test_a_store_that_stays_away_is_given_up_after_ten_minutes(house, monkeypatch):
    job = house.submit(request())
    tries = []

    def finish(_job):
        tries.append(True)
        if len(tries) == 4:
            house.clock.advance(timedelta(minutes=10))
        raise StorageUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(house.store, "finish", finish)
        assert patient(house.run)("worker")
    assert len(tries) == 4
    assert house.store.get(job.id).status is JobStatus.PROCESSING
    house.clock.advance(house.limits.lease)
    assert house.worker()("other")
    assert house.store.get(job.id).status is JobStatus.COMPLETED


# --- blobs ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("where", ["plan.json", ".f32", "audio.wav", "manifest.json"])
def test_a_short_outage_of_the_blobs_is_waited_out_within_the_attempt(house, monkeypatch, where):
    truth = house.blobs.put
    failing = _fails(1, lambda: None)

    def put(key, data):
        if key.endswith(where):
            failing()
        return truth(key, data)

    monkeypatch.setattr(house.blobs, "put", put)
    job = house.spoken(THREE)
    assert (job.status, job.attempt, job.tries) == (JobStatus.COMPLETED, 1, 0)
    monkeypatch.undo()
    assert np.array_equal(house.audio(job).samples, house.audio(house.spoken(THREE)).samples)


def test_a_longer_outage_of_the_blobs_costs_a_try_and_not_the_job(house, monkeypatch):
    job = house.submit(request())
    with monkeypatch.context() as patched:
        patched.setattr(house.blobs, "put", lambda _key, _data: _raise(StorageUnavailable()))
        assert house.run("worker")
    stored = house.store.get(job.id)
    assert (stored.status, stored.tries) == (JobStatus.QUEUED, 1)
    assert house.run("worker")
    assert house.store.get(job.id).status is JobStatus.COMPLETED


def test_blobs_that_never_come_back_fail_the_job_with_their_own_reason_and_no_address(house, monkeypatch):
    job = house.submit(request())
    secret = StorageUnavailable("https://bucket.example/secret-key cannot be stored")
    monkeypatch.setattr(house.blobs, "put", lambda _key, _data: _raise(secret))
    for _ in range(house.limits.max_tries):
        assert house.run("worker")
    stored = house.store.get(job.id)
    assert (stored.status, stored.error.code, stored.error.retryable) == (JobStatus.FAILED, "storage_unavailable", True)
    assert "3 attempts" in stored.error.message
    assert "secret" not in stored.error.message
    assert not house.run("worker")


def test_a_job_that_waits_for_the_blobs_can_be_cancelled(house, monkeypatch):
    job = house.submit(request())
    run = house.worker(pauses_s=(60.0,))
    failed = threading.Event()
    monkeypatch.setattr(house.blobs, "put", lambda _key, _data: (failed.set(), _raise(StorageUnavailable())))
    thread = threading.Thread(target=run, args=("worker",))
    thread.start()
    assert failed.wait(60)
    house.store.cancel(job.id, KEEP)
    thread.join(60)
    assert not thread.is_alive()
    assert house.store.get(job.id).status is JobStatus.CANCELLED


def test_an_enrolment_whose_voice_was_listed_though_the_answer_was_lost_has_one_whole_voice(house, monkeypatch):
    job = house.enrol(NewVoice(name="Ana", language=PT), reference())
    truth, lost = house.catalog.voices.add, []

    def add(voice):
        truth(voice)
        if not lost:
            lost.append(voice)
            raise StorageUnavailable

    monkeypatch.setattr(house.catalog.voices, "add", add)
    assert house.run("worker")
    stored = house.store.get(job.id)
    assert (stored.status, stored.attempt) == (JobStatus.COMPLETED, 1)
    [voice] = house.catalog.voices.all()
    assert all(house.blobs.stat(key) for key in (voice.print_key, voice.reference_key, voice.sample_key))


def test_an_enrolment_whose_voice_a_stalled_attempt_listed_meanwhile_ends_with_that_voice(house, monkeypatch):
    job = house.enrol(NewVoice(name="Ana", language=PT), reference())
    truth, taken = house.catalog.voices.add, []

    def add(voice):
        if not taken:
            # Another attempt is past its fence, too, and comes first.
            taken.append(replace(voice, print_key=voice.print_key.replace("/a1/", "/a9/")))
            for key in (voice.print_key,):
                with house.blobs.open(key) as reader:
                    house.blobs.put(key.replace("/a1/", "/a9/"), [reader.read()])
            truth(taken[0])
        truth(voice)

    monkeypatch.setattr(house.catalog.voices, "add", add)
    assert house.run("worker")
    assert house.store.get(job.id).status is JobStatus.COMPLETED
    assert house.catalog.voices.all() == tuple(taken)
    assert house.stored("voices/") == [taken[0].print_key]


# --- a full disk ---------------------------------------------------------------------------------------------------
def test_a_full_disk_gets_back_what_the_failed_job_had_cached_and_the_next_job_runs(house):
    first = house.spoken("Outra frase, já pronta.")
    used = sum(stat.size for stat in house.blobs.list())
    house.blobs.capacity = used + 150_000
    failed = house.spoken(THREE)
    assert (failed.status, failed.error.code, failed.error.retryable) == (JobStatus.FAILED, "disk_full", True)
    assert sum(stat.size for stat in house.blobs.list()) < used + 1_000
    assert house.audio(first).duration_s > 0
    assert house.spoken("Bom dia.").status is JobStatus.COMPLETED


def test_a_disk_that_a_large_cache_fills_has_room_again_for_the_next_job(house):
    for number in range(12):
        house.spoken(f"Frase de número {number:02} que fica guardada.")
    segments = {stat.key: stat.size for stat in house.blobs.list("segments/")}
    house.blobs.capacity = sum(stat.size for stat in house.blobs.list())
    assert house.spoken(THREE).error.code == "disk_full"
    assert sum(stat.size for stat in house.blobs.list("segments/")) <= sum(segments.values()) / 2
    assert house.spoken(THREE).status is JobStatus.COMPLETED


def test_the_message_of_a_full_disk_names_no_place(house, monkeypatch):
    monkeypatch.setattr(
        house.blobs, "put", lambda key, _data: _raise(DiskFull(f"The disk is full and {key} was not stored."))
    )
    job = house.spoken(THREE)
    assert job.error.code == "disk_full"
    assert "free some space" in job.error.message
    assert job.id not in job.error.message


def test_a_store_on_the_same_full_disk_hears_of_the_end_as_soon_as_there_is_room(house, monkeypatch):
    # The segments go first, which makes the room that the record needs.
    truth = house.store.finish
    house.blobs.capacity = 150_000

    def finish(job):
        if house.stored("segments/"):
            raise DiskFull
        truth(job)

    monkeypatch.setattr(house.store, "finish", finish)
    patient(house.run)
    assert house.spoken(THREE).error.code == "disk_full"


# --- engines that others have --------------------------------------------------------------------------------------
@pytest.mark.parametrize("error", [MissingModel("The weights of tone are missing."), ModelCorrupt()])
def test_a_job_whose_engine_cannot_open_here_is_left_to_a_worker_that_has_it(house, monkeypatch, caplog, error):
    job = house.submit(request())
    engines = {"tone", "other"}
    poor = house.worker(engines=engines)
    monkeypatch.setattr(poor.host, "engine", lambda _name: _raise(error))
    assert poor("poor")
    stored = house.store.get(job.id)
    assert (stored.status, stored.tries, stored.error) == (JobStatus.QUEUED, 0, None)
    assert engines == {"other"}
    assert sum("cannot be opened here" in line for line in caplog.messages) == 1
    assert not poor("poor")
    assert house.worker(engines={"tone"})("rich")
    assert house.store.get(job.id).status is JobStatus.COMPLETED


def test_an_engine_that_could_not_open_is_tried_again_after_a_while(house, monkeypatch):
    job = house.submit(request())
    worker = house.worker(engines={"tone"})
    with monkeypatch.context() as patched:
        patched.setattr(worker.host, "engine", lambda _name: _raise(MissingModel()))
        assert worker("worker")
    house.clock.advance(timedelta(minutes=9))
    assert not worker("worker")
    house.clock.advance(timedelta(minutes=2))
    assert worker("worker")
    assert house.store.get(job.id).status is JobStatus.COMPLETED


def test_where_one_process_does_it_all_a_job_whose_engine_cannot_open_fails_with_the_reason(house, monkeypatch):
    monkeypatch.setattr(house.host, "engine", lambda _name: _raise(MissingModel("The weights of tone are missing.")))
    job = house.spoken()
    assert (job.status, job.error.code) == (JobStatus.FAILED, "missing_model")
    assert "weights of tone" in job.error.message


def test_a_worker_takes_jobs_of_its_own_engines_only(house):
    job = house.submit(request())
    assert not house.worker(engines={"other"})("worker")
    assert not house.worker(engines=set())("worker")
    assert house.store.get(job.id).attempt == 0
