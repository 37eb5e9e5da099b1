"""A job's way from the queue to its end, and everything that may go wrong between."""

from __future__ import annotations

import itertools
import json
import threading
import time
from datetime import timedelta

import numpy as np
import pytest

from voicecore.errors import BlobCorrupt, DiskFull, EngineCrashed
from voicecore.job import JobStatus
from voicecore.language import Language
from voicecore.request import SynthesisRequest

PT = Language("pt", "BR")
THREE = "Primeira frase bem comprida aqui. Segunda frase também comprida. Terceira frase para terminar."


def request(text="Bom dia.", **changes):
    return SynthesisRequest(**{"text": text, "source_language": PT, **changes})


def test_without_a_job_there_is_nothing_to_run(house):
    assert not house.run("worker")


def test_a_finished_job_has_audio_a_manifest_and_progress_100(house):
    job = house.spoken(THREE)
    assert job.status is JobStatus.COMPLETED
    assert job.progress == 100
    audio = house.audio(job)
    assert job.result.duration_s == pytest.approx(audio.duration_s)
    assert job.result.file_size == house.blobs.stat(job.result.audio_key).size
    assert job.expires_at - job.completed_at == timedelta(hours=24)


def test_every_character_of_the_text_belongs_to_a_segment_of_the_manifest(house):
    job = house.spoken(THREE)
    with house.blobs.open(job.result.manifest_key) as reader:
        rows = json.loads(reader.read())["segments"]
    assert "".join(THREE[row["start"] : row["end"]] for row in rows) == THREE
    assert rows[0]["start_s"] == 0
    assert all(before["end_s"] == after["start_s"] for before, after in itertools.pairwise(rows))
    assert rows[-1]["end_s"] == pytest.approx(job.result.duration_s, abs=1e-3)


def test_the_segments_are_heard_in_the_order_of_the_text(house):
    whole = house.audio(house.spoken(THREE)).samples
    first = house.audio(house.spoken("Primeira frase bem comprida aqui.")).samples
    assert np.array_equal(whole[: len(first)], first)


def test_the_same_request_sounds_the_same_with_and_without_the_cache(house, make_house):
    with_cache = house.spoken(THREE)
    again = house.spoken(THREE)
    without = make_house({"segment_cache_bytes": 0})
    plain = without.spoken(THREE)
    assert again.segments.cached == again.segments.total == with_cache.segments.total
    assert plain.segments.cached == 0
    assert without.stored("segments/") == []
    assert np.array_equal(house.audio(with_cache).samples, house.audio(again).samples)
    assert np.array_equal(house.audio(with_cache).samples, without.audio(plain).samples)


def test_one_changed_sentence_is_the_only_one_spoken_again(house):
    house.spoken(THREE)
    spoken_before = len(house.provider.engine.given)
    job = house.spoken(THREE.replace("Segunda", "Outra segunda"))
    assert len(house.provider.engine.given) - spoken_before == 1
    assert job.segments.cached == job.segments.total - 1


@pytest.mark.parametrize(
    "changes",
    [
        {"voice_preset": "male_deep"},
        {"speed": 1.2},
        {"seed": 7},
        {"quality_profile_id": "audiobook"},
        {"source_language": Language("es")},
    ],
)
def test_the_cache_never_answers_a_request_that_differs_in_anything_that_sounds(house, changes):
    house.spoken("Bom dia.")
    assert house.spoken("Bom dia.", **changes).segments.cached == 0


def test_a_damaged_cache_entry_is_made_again(house, monkeypatch):
    first = house.spoken("Bom dia.")
    truth = house.blobs.open

    def damaged(key, **kwargs):
        if key.startswith("segments/"):
            raise BlobCorrupt(f"{key} is damaged")
        return truth(key, **kwargs)

    monkeypatch.setattr(house.blobs, "open", damaged)
    second = house.spoken("Bom dia.")
    monkeypatch.undo()
    assert second.segments.cached == 0
    assert np.array_equal(house.audio(first).samples, house.audio(second).samples)


def test_an_engine_that_fails_is_tried_again_and_then_given_up_as_poisoned(make_house):
    house = make_house(fail_on="falha")
    job = house.submit(request("Isto falha."))
    for tries in (1, 2):
        assert house.run("worker")
        stored = house.store.get(job.id)
        assert (stored.status, stored.tries) == (JobStatus.QUEUED, tries)
    assert house.run("worker")
    stored = house.store.get(job.id)
    assert stored.status is JobStatus.FAILED
    assert stored.error.code == "poisoned"
    assert "3 attempts" in stored.error.message
    assert house.stored(f"jobs/{job.id}/a") == []


def test_a_poisoned_job_does_not_keep_others_from_running(make_house):
    house = make_house(fail_on="falha")
    house.submit(request("Isto falha."))
    good = house.submit(request("Isto não."))
    while house.run("worker"):
        pass
    assert house.store.get(good.id).status is JobStatus.COMPLETED


def test_a_full_disk_fails_the_job_cleanly_and_the_next_one_works(house, monkeypatch):
    truth = house.blobs.put

    def full(key, data):
        if key.endswith("audio.wav"):
            for _ in data:
                pass
            raise DiskFull
        return truth(key, data)

    monkeypatch.setattr(house.blobs, "put", full)
    failed = house.spoken("Bom dia.")
    monkeypatch.undo()
    assert (failed.status, failed.error.code, failed.error.retryable) == (JobStatus.FAILED, "disk_full", True)
    assert house.stored(f"jobs/{failed.id}/a") == []
    assert house.spoken("Bom dia.").status is JobStatus.COMPLETED


def test_a_defect_ends_the_job_without_telling_the_client_its_details(house, monkeypatch, caplog):
    def broken(*_args, **_kwargs):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(house.codec, "encode", broken)
    job = house.spoken("Bom dia.")
    assert job.error.code == "internal_error"
    assert "secret" not in job.error.message
    assert "secret detail" in caplog.text


def test_a_job_cancelled_while_it_runs_is_never_published(make_house, gate):
    house = make_house(**gate.at("Terceira"))
    job = house.submit(request(THREE * 3))
    thread = threading.Thread(target=house.run, args=("worker",))
    thread.start()
    _until(lambda: house.store.get(job.id).segments.done >= 1)
    house.store.cancel(job.id, timedelta(hours=1))
    gate.open()
    thread.join(60)
    assert not thread.is_alive()
    assert house.store.get(job.id).status is JobStatus.CANCELLED
    assert house.stored(f"jobs/{job.id}/a") == []


def test_a_job_deleted_while_it_runs_leaves_no_audio(make_house, gate):
    house = make_house(**gate.at("Terceira"))
    job = house.submit(request(THREE * 3))
    thread = threading.Thread(target=house.run, args=("worker",))
    thread.start()
    _until(lambda: (house.store.get(job.id) or job).segments.done >= 1)
    house.delete_job(job.id)
    gate.open()
    thread.join(60)
    house.purge(deep=True)
    assert house.store.get(job.id) is None
    assert house.stored("jobs/") == []


def test_a_shutdown_queues_the_running_job_again_without_blame(make_house, gate):
    house = make_house(**gate.at("Terceira"))
    job = house.submit(request(THREE * 3))
    thread = threading.Thread(target=house.run, args=("worker",))
    thread.start()
    _until(lambda: house.store.get(job.id).segments.done >= 1)
    house.run.shut_down()
    gate.open()
    thread.join(60)
    stored = house.store.get(job.id)
    assert (stored.status, stored.tries, stored.attempt) == (JobStatus.QUEUED, 0, 1)
    assert house.run("worker")
    resumed = house.store.get(job.id)
    assert resumed.status is JobStatus.COMPLETED
    assert resumed.segments.cached >= 1


def test_a_job_over_its_time_limit_is_stopped_and_says_so(make_house, gate):
    house = make_house({"job_timeout": timedelta(seconds=60)}, **gate.at("Terceira"))
    job = house.submit(request(THREE * 3))
    thread = threading.Thread(target=house.run, args=("worker",))
    thread.start()
    _until(lambda: house.store.get(job.id).segments.done >= 1)
    house.clock.advance(timedelta(seconds=61))
    _until(lambda: house.run._running.called_off)
    gate.open()
    thread.join(60)
    stored = house.store.get(job.id)
    assert (stored.status, stored.error.code) == (JobStatus.FAILED, "deadline_exceeded")
    assert "60 s" in stored.error.message


def test_a_stalled_attempt_that_wakes_after_another_finished_publishes_nothing(house, monkeypatch):
    job = house.submit(request(THREE))
    stalled = house.store.claim("stalled", timedelta(seconds=30), max_tries=3, keep=timedelta(hours=1))
    house.clock.advance(timedelta(seconds=31))
    assert house.run("other")
    done = house.store.get(job.id)
    assert done.status is JobStatus.COMPLETED
    from voicecore.errors import LeaseLost
    from voicecore.job import JobResult

    with pytest.raises(LeaseLost):
        house.store.finish(stalled.completed(JobResult(), house.clock.now(), timedelta(hours=1)))
    assert house.store.get(job.id) == done


def test_a_crashed_engine_counts_against_the_job(house, monkeypatch):
    job = house.submit(request())

    def crash(name):
        raise EngineCrashed

    monkeypatch.setattr(house.host, "engine", crash)
    assert house.run("worker")
    assert house.store.get(job.id).tries == 1
    monkeypatch.undo()
    assert house.run("worker")
    assert house.store.get(job.id).status is JobStatus.COMPLETED


def test_what_an_engine_still_holds_is_dropped_before_the_job_is_given_up_even_if_its_error_lives_on(
    make_house, monkeypatch
):
    house = make_house(batch_size=1, letters_per_chunk=1)
    errors = []

    def kept(key, data):
        if not key.endswith("audio.wav"):
            return truth(key, data)
        try:
            next(iter(data))
            house.blobs.capacity = 0
            truth(key, data)
        except DiskFull as error:
            # As a logger or a debugger would: the traceback keeps every frame, and so every generator, alive.
            errors.append(error)
            raise

    truth = house.blobs.put
    monkeypatch.setattr(house.blobs, "put", kept)
    monkeypatch.setattr(house.codec, "encode", lambda blocks, *_: (b"x" for _ in blocks))
    assert house.spoken(THREE).status is JobStatus.FAILED
    assert errors
    monkeypatch.undo()
    house.blobs.capacity = None
    assert not house.provider.engine.step()
    assert house.spoken("Bom dia.").status is JobStatus.COMPLETED


def test_the_watch_outlives_a_defect_so_that_the_time_limit_still_holds(make_house, monkeypatch, gate):
    limits = {"job_timeout": timedelta(seconds=60), "lease": timedelta(minutes=10)}
    house = make_house(limits, **gate.at("Terceira"))
    job = house.submit(request(THREE))
    truth, broken = house.store.get, threading.Event()

    def get(job_id):
        if threading.current_thread().name.startswith("lease-") and not broken.is_set():
            broken.set()
            raise RuntimeError("a defect of the store")
        return truth(job_id)

    monkeypatch.setattr(house.store, "get", get)
    thread = threading.Thread(target=house.run, args=("worker",))
    thread.start()
    assert broken.wait(60)
    house.clock.advance(timedelta(seconds=61))
    _until(lambda: house.run._running.called_off)
    gate.open()
    thread.join(60)
    assert truth(job.id).error.code == "deadline_exceeded"


def test_a_job_deleted_while_it_runs_leaves_none_of_its_segments_in_the_cache(make_house, monkeypatch):
    house = make_house(batch_size=1)
    job = house.submit(request(THREE))
    truth, deleted = house.cache.blobs.put, []

    def put(key, data):
        # The engine has made a segment, and before it is kept a client deletes the job.
        if key.startswith("segments/") and not deleted:
            deleted.append(house.delete_job(job.id))
        return truth(key, data)

    monkeypatch.setattr(house.blobs, "put", put)
    assert house.run("worker")
    assert deleted
    assert house.stored() == []


def test_a_job_deleted_before_its_plan_was_written_leaves_no_plan(house, monkeypatch):
    job = house.submit(request(THREE))
    truth, deleted = house.blobs.put, []

    def put(key, data):
        if key.endswith("plan.json"):
            deleted.append(house.delete_job(job.id))
        return truth(key, data)

    monkeypatch.setattr(house.blobs, "put", put)
    assert house.run("worker")
    assert deleted
    assert house.stored() == []


def _until(condition, timeout_s=60.0):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.005)
