"""Recordings that are converted: at the door, piece by piece, and what is left of them."""

from __future__ import annotations

import io
import time
from datetime import timedelta

import numpy as np
import pytest
from tests.usecases.conftest import request
from tests.usecases.test_conversions_that_fail import MortalHost
from tests.usecases.test_live_sound import Ear

from adapters.hosts import LocalHost
from voicecore.audio import Audio
from voicecore.conversion import ConversionSettings, F0Method
from voicecore.errors import (
    DiskFull,
    IdempotencyConflict,
    InvalidAudio,
    InvalidInput,
    MissingModel,
    NotFound,
    NotInstalled,
    QueueFull,
    StorageUnavailable,
)
from voicecore.handling import Handling
from voicecore.job import JobStatus
from voicecore.language import UNDETERMINED
from voicecore.ports import JobQuery
from voicecore.request import Mode, OutputFormat
from voicecore.usecases.converters import Converters

KEEP = timedelta(hours=24)
RATE = 8_000


def sound(seconds=2.0, rate=RATE):
    t = np.arange(round(seconds * rate)) / rate
    return Audio((0.3 * np.sin(2 * np.pi * 330 * t) * ((t % 2.3) < 2.0)).astype(np.float32), rate)


def send(house, audio=None, *, knobs=None, **changes):
    """A job that converts a recording by the first model, which is made if there is none."""
    models = house.catalog.models.all()
    model = models[0] if models else house.model()
    settings = ConversionSettings(model_id=model.id, **(knobs or {}))
    return house.submit_recording(settings, io.BytesIO((audio or sound()).wav_bytes()), **changes)


def done(house, job, run=None):
    assert (run or house.run)("worker")
    return house.store.get(job.id)


def test_a_recording_is_converted_to_the_rate_of_the_model_and_lasts_as_long(house):
    job = send(house, output_format=OutputFormat.MP3)
    assert (job.mode, job.engine, job.spoken_language) == (Mode.CONVERT, "tone", UNDETERMINED)
    assert house.stored("uploads/") == [f"uploads/{job.id}/0.wav"]
    job = done(house, job)
    result = job.result
    assert (result.conversion_applied, result.index_used, result.sample_rate_hz) == (True, True, 32_000)
    assert (result.duration_s, job.segments.total, job.progress) == (2.0, 1, 100.0)
    made = house.audio(job)
    assert (len(made.samples), made.sample_rate_hz) == (64_000, 32_000)
    assert made.peak > 0.05
    assert house.stored("uploads/") == []
    assert house.export(job, OutputFormat.MP3).size > 0


def test_a_long_recording_goes_piece_by_piece_is_heard_meanwhile_and_counts_its_pieces(house):
    audio = sound(100.0)
    job = send(house, audio)
    ear = Ear(job.id)
    assert house.worker(relay=ear)("worker")
    job = house.store.get(job.id)
    assert (job.segments.done, len(ear.heard[job.id])) == (4, 4)
    assert len(house.audio(job).samples) == 400 * RATE
    rows = house.manifest(job)["segments"]
    assert [row["start_s"] for row in rows[1:]] == [row["end_s"] for row in rows[:-1]]
    assert rows[-1]["end_s"] == 100.0


def test_the_same_recording_and_settings_sound_the_same(house):
    first, second, other = (done(house, send(house, sound(40.0), knobs={"seed": seed})) for seed in (3, 3, 4))
    assert np.array_equal(house.audio(first).samples, house.audio(second).samples)
    assert not np.array_equal(house.audio(first).samples, house.audio(other).samples)


def test_silence_is_converted_to_silence_and_a_warning_says_so(house):
    job = done(house, send(house, Audio(np.zeros(RATE, np.float32), RATE)))
    assert (house.audio(job).peak, job.warnings) == (0.0, ("The audio is silent.",))


def test_an_index_that_was_not_used_is_told(house):
    house.model(index=b"")
    result = done(house, send(house)).result
    assert (result.index_used, result.index_reason) == (False, "The model has no index.")


@pytest.mark.parametrize("trouble", ["fail", "memory", "defect"])
def test_without_a_plain_voice_to_keep_a_conversion_that_fails_fails_the_job(make_house, trouble):
    house = make_house(shifting={"trouble": trouble, "after": 1})
    job = send(house, sound(70.0))
    for _ in range(house.limits.max_tries):
        assert house.stored("uploads/")
        assert house.run("worker")
    job = house.store.get(job.id)
    assert (job.status, job.error.code) == (JobStatus.FAILED, "poisoned")
    assert house.stored("uploads/") == house.stored(f"jobs/{job.id}/") == []


def test_a_process_that_dies_is_tried_again_by_another_attempt(house):
    job = send(house)
    job = done(house, job, house.worker(MortalHost(house, 1)))
    assert (job.status, job.tries) == (JobStatus.QUEUED, 1)
    assert done(house, job).result.conversion_applied is True


def test_a_model_that_was_deleted_while_the_job_waited_fails_it(house):
    job = send(house)
    house.catalog.models.delete(job.conversion.model_id)
    job = done(house, job)
    assert (job.status, job.error.code, "was deleted" in job.error.message) == (JobStatus.FAILED, "not_found", True)
    assert house.stored("uploads/") == []


@pytest.mark.parametrize(("damage", "code", "said"), [
    (lambda blobs, key: blobs.delete(key), "not_found", "send it again"),
    (lambda blobs, key: blobs.put(key, [b"nothing of ours"]), "blob_corrupt", "send it again"),
])  # fmt: skip
def test_a_recording_that_is_gone_or_damaged_where_it_was_stored_is_told_so(house, damage, code, said):
    job = send(house)
    damage(house.blobs, f"uploads/{job.id}/0.wav")
    job = done(house, job)
    assert (job.status, job.error.code) == (JobStatus.FAILED, code)
    assert said in job.error.message
    assert "uploads" not in job.error.message


def test_a_worker_that_cannot_open_the_converter_leaves_the_job_to_others(house):
    class Poor(LocalHost):
        def converter(self, name):
            raise MissingModel(f"The weights of {name} are missing.")

    job = send(house)
    served = {"tone"}
    run = house.worker(Poor({}), engines=served)
    assert run("poor")
    assert house.store.get(job.id).status is JobStatus.QUEUED
    assert served == set()
    assert not run("poor")
    assert done(house, job, house.worker()).result.conversion_applied is True


def test_where_it_is_the_only_worker_the_job_fails_with_the_reason(house):
    class Poor(LocalHost):
        def converter(self, name):
            raise MissingModel(f"The weights of {name} are missing.")

    job = done(house, send(house), house.worker(Poor({})))
    assert job.error.message == "The weights of tone are missing."


@pytest.mark.parametrize("end", ["cancel", "delete"])
def test_a_recording_that_nobody_waits_for_any_more_leaves_nothing(house, end):
    job = send(house, sound(70.0))

    def call_off():
        if end == "cancel":
            house.store.cancel(job.id, KEEP)
        else:
            house.delete_job(job.id)
        time.sleep(0.3)

    assert house.worker(MortalHost(house, 2, by=call_off))("worker")
    assert house.stored("uploads/") == house.stored("jobs/") == []


def test_a_deleted_or_expired_job_takes_its_upload_and_audio_along(house, minute):
    house.delete_job(send(house).id)
    assert house.stored("uploads/") == []
    assert done(house, send(house)).result is not None
    house.clock.advance(house.limits.keep_jobs + minute)
    house.purge()
    assert house.stored("jobs/") == house.stored("uploads/") == []
    assert house.stored("models/")


def test_an_upload_whose_job_was_never_stored_is_swept_when_it_is_old(house, minute):
    house.blobs.put("uploads/job_lost/0.wav", [b"x"])
    house.purge()
    assert house.stored("uploads/")
    house.clock.advance(60 * minute + minute)
    house.purge()
    assert house.stored("uploads/") == []


# --- at the door ------------------------------------------------------------------------------------------------------
def test_the_same_key_and_recording_are_one_job_and_one_upload(house):
    first = send(house, idempotency_key="k")
    assert send(house, idempotency_key="k") == first
    assert house.stored("uploads/") == [f"uploads/{first.id}/0.wav"]
    with pytest.raises(IdempotencyConflict):
        send(house, sound(2.1), idempotency_key="k")
    with pytest.raises(IdempotencyConflict):
        send(house, idempotency_key="k", knobs={"pitch": 1})
    assert house.stored("uploads/") == [f"uploads/{first.id}/0.wav"]
    job = done(house, first)
    assert send(house, idempotency_key="k") == job


def test_a_store_that_did_not_answer_may_have_the_job_so_its_recording_stays_for_the_next_try(house, monkeypatch):
    truth = house.store.add

    def add(job, **conditions):
        truth(job, **conditions)
        raise StorageUnavailable("Redis did not answer.")

    monkeypatch.setattr(house.store, "add", add)
    with pytest.raises(StorageUnavailable):
        send(house, idempotency_key="k")
    monkeypatch.setattr(house.store, "add", truth)
    job = send(house, idempotency_key="k")
    assert house.stored("uploads/") == [f"uploads/{job.id}/0.wav"]
    assert done(house, job).result.conversion_applied is True


def test_a_disk_that_is_full_when_the_job_is_stored_leaves_nothing_of_the_upload(house, monkeypatch):
    def add(job, **conditions):
        raise DiskFull("The disk is full.")

    monkeypatch.setattr(house.store, "add", add)
    with pytest.raises(DiskFull):
        send(house)
    assert house.stored("uploads/") == []


def test_what_a_crash_between_upload_and_job_left_is_swept_and_the_next_try_is_a_job_of_its_own(house, monkeypatch):
    class PowerCut(BaseException):
        pass

    def add(job, **conditions):
        raise PowerCut

    truth = house.store.add
    monkeypatch.setattr(house.store, "add", add)
    with pytest.raises(PowerCut):
        send(house, idempotency_key="k")
    monkeypatch.setattr(house.store, "add", truth)
    (orphan,) = house.stored("uploads/")
    job = send(house, idempotency_key="k")
    house.clock.advance(timedelta(hours=2))
    house.purge.tidy()
    assert house.stored("uploads/") == [f"uploads/{job.id}/0.wav"] != [orphan]


@pytest.mark.parametrize("seconds", [0.01, 0.49])
def test_too_short_a_recording_is_refused(house, seconds):
    with pytest.raises(InvalidAudio, match=r"0\.5 s") as refused:
        send(house, sound(seconds))
    assert refused.value.field == "file"
    assert house.stored("uploads/") == []


def test_what_the_decoder_refuses_is_refused_by_the_name_of_the_field(house):
    model = house.model()
    with pytest.raises(InvalidAudio) as refused:
        house.submit_recording(ConversionSettings(model_id=model.id), io.BytesIO(b"no sound"))
    assert refused.value.field == "file"


def test_the_limit_of_length_reaches_the_decoder(make_house, monkeypatch):
    house = make_house(limits={"max_audio_s": 12.0})
    seen = []
    truth = house.codec.decode
    monkeypatch.setattr(house.codec, "decode", lambda data, limits: seen.append(limits) or truth(data, limits))
    send(house)
    assert [limits.max_duration_s for limits in seen] == [12.0]


def test_unknown_models_trackers_that_are_off_and_bad_seeds_are_refused_before_the_file_is_read(make_house):
    house = make_house(shifting={"methods_off": ("crepe",)})
    unread = io.BytesIO(sound().wav_bytes())
    with pytest.raises(NotFound, match="GET /rvc-models"):
        house.submit_recording(ConversionSettings(model_id="rvc_none"), unread)
    settings = ConversionSettings(model_id=house.model().id, f0_method=F0Method.CREPE)
    with pytest.raises(InvalidInput, match="crepe"):
        house.submit_recording(settings, unread, f0_method_named=True)
    with pytest.raises(InvalidInput, match="seed"):
        house.submit_recording(ConversionSettings(model_id=settings.model_id, seed=-1), unread)
    with pytest.raises(InvalidInput, match="webhook"):
        house.submit_recording(settings, unread, handling=Handling(webhook_url="https://example.org/"))
    assert unread.tell() == 0
    assert house.store.page(JobQuery()).total == 0


def test_a_warning_says_which_tracker_took_the_place_of_the_default_one(make_house):
    house = make_house(shifting={"methods_off": ("rmvpe",)})
    job = send(house)
    assert job.conversion.f0_method is F0Method.FCPE
    assert "fcpe in place of rmvpe" in done(house, job).warnings[0]


def test_where_nothing_converts_the_refusal_says_how_to_install_it(house):
    house.model()
    object.__setattr__(house.submit_recording, "converters", Converters())
    with pytest.raises(NotInstalled, match=r"voicecore\[rvc\]"):
        send(house)


def test_a_full_queue_leaves_nothing_of_the_upload(make_house):
    house = make_house(limits={"max_queued": 1})
    house.submit(request())
    with pytest.raises(QueueFull):
        send(house)
    assert house.stored("uploads/") == []
