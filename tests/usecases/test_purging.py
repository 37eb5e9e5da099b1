"""Cleaning that is killed between two steps, done by several at once, or finds what it cannot read."""

from __future__ import annotations

import io
import threading
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from tests.usecases.conftest import House, request
from tests.usecases.test_resuming import Killed, MortalBlobs

from adapters.blobs.filesystem import FilesystemBlobStore
from adapters.blobs.memory import MemoryBlobStore
from voicecore.audio import Audio
from voicecore.errors import Conflict, Gone, NotFound, StorageUnavailable
from voicecore.job import JobStatus
from voicecore.language import Language
from voicecore.ports import JobQuery
from voicecore.request import Mode
from voicecore.testing.tone import TonePlan
from voicecore.usecases.delete_job import DeleteJob
from voicecore.usecases.delete_voice import DeleteVoice
from voicecore.usecases.purge_expired import PurgeExpired
from voicecore.usecases.run_enrolment import RunEnrolment
from voicecore.usecases.segment_cache import SegmentCache
from voicecore.usecases.submit_enrolment import NewVoice

PT = Language("pt", "BR")
DAY, MINUTE = timedelta(hours=24), timedelta(minutes=1)
TWO = "Uma frase bem comprida de teste. E mais outra frase de teste."


def reference():
    t = np.arange(32_000) / 16_000
    return [io.BytesIO(Audio((0.3 * np.sin(2 * np.pi * 330 * t)).astype(np.float32), 16_000).wav_bytes())]


def enrolled(house):
    job = house.enrol(NewVoice(name="Ana", language=PT), reference())
    assert house.run("worker")
    return house.store.get(job.id)


def speak_with(house, voice_id):
    return house.spoken(TWO, mode=Mode.DUBBING_WITH_CLONE, voice_id=voice_id)


def use(house: House, blobs) -> None:
    """Give every use case of the house these blobs."""
    house.blobs = blobs
    house.cache = SegmentCache(blobs, house.limits.segment_cache_bytes, house.clock)
    house.delete_job = DeleteJob(house.store, blobs, house.limits)
    house.delete_voice = DeleteVoice(house.catalog, blobs, house.store)
    house.purge = PurgeExpired(house.store, house.catalog, blobs, house.clock, house.cache, house.delete_job)


def delete_job(house):
    house.delete_job(house.store.page(JobQuery()).jobs[0].id)


def expire(house):
    house.clock.advance(DAY + MINUTE)
    house.purge.expire()


def clean_deeply(house):
    house.purge(deep=True)


def delete_voice(house):
    house.delete_voice(house.catalog.voices.all()[0].id)


def end_of_all(house):
    """Two days later, when everything has had its time: cleaned twice, as a cache entry may need its owner gone."""
    house.clock.advance(2 * DAY + timedelta(hours=2))
    while house.worker()("later"):
        pass
    house.clock.advance(2 * DAY + timedelta(hours=2))
    house.purge()


# --- killed between two steps ------------------------------------------------------------------------------------
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("act", [delete_job, expire, clean_deeply])
def test_a_deletion_of_a_job_that_dies_at_any_step_leaves_nothing_for_ever(act, after):
    for die_at in range(1, 50):
        house = House(TonePlan(segment_limit=60))
        house.spoken(TWO)
        truth = house.blobs
        use(house, MortalBlobs(truth, die_at, after))
        died = False
        try:
            act(house)
        except Killed:
            died = True
        use(house, truth)
        end_of_all(house)
        assert house.stored() == [], die_at
        if not died:
            break
    assert die_at > 4, "there were fewer steps than blobs"


@pytest.mark.parametrize("after", [False, True])
def test_a_deletion_that_died_may_be_said_again(after):
    for die_at in range(1, 6):
        house = House(TonePlan(segment_limit=60))
        job = house.spoken(TWO)
        truth = house.blobs
        use(house, MortalBlobs(truth, die_at, after))
        with pytest.raises(Killed):
            house.delete_job(job.id)
        use(house, truth)
        house.delete_job(job.id)
        assert house.stored() == []
        assert house.store.get(job.id) is None


@pytest.mark.parametrize("after", [False, True])
def test_a_deletion_of_a_voice_that_dies_at_any_step_leaves_no_voice_and_nothing_of_it(after):
    for die_at in range(1, 50):
        house = House(TonePlan(segment_limit=60))
        voice_id = enrolled(house).result.voice_id
        speak_with(house, voice_id)
        truth = house.blobs
        use(house, MortalBlobs(truth, die_at, after))
        died = False
        try:
            delete_voice(house)
        except Killed:
            died = True
        use(house, truth)
        assert house.catalog.voices.all() == ()
        house.clock.advance(timedelta(hours=2))
        house.purge()
        assert not any(voice_id in key for key in house.stored()), die_at
        if not died:
            break
    assert die_at > 4


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("kind", ["speech", "enrolment"])
def test_a_worker_that_dies_at_any_step_leaves_nothing_for_ever_that_nobody_owns(kind, after):
    for die_at in range(1, 50):
        house = House(TonePlan(segment_limit=60))
        job = (
            house.submit(request(TWO))
            if kind == "speech"
            else house.enrol(NewVoice(name="Ana", language=PT), reference())
        )
        truth = house.blobs
        use(house, MortalBlobs(truth, die_at, after))
        run = house.worker()
        died = False
        try:
            run("doomed")
        except Killed:
            died = True
        use(house, truth)
        end_of_all(house)
        with pytest.raises(Gone):
            house.store.get(job.id)
        voices = house.catalog.voices.all()
        assert len(voices) == (kind == "enrolment"), die_at
        owned = {key for voice in voices for key in (voice.print_key, voice.reference_key, voice.sample_key)}
        assert set(house.stored()) == owned, die_at
        if not died:
            break
    assert die_at > 4


@pytest.mark.parametrize("when", ["plan.json", ".f32", "audio.wav"])
def test_a_worker_that_dies_after_its_job_was_deleted_leaves_nothing_for_ever(house, monkeypatch, when):
    job = house.submit(request(TWO))
    truth = house.blobs.put

    def put(key, data):
        stat = truth(key, data)
        if key.endswith(when):
            house.delete_job(job.id)
            truth(key, [b"written by a worker that did not know yet"])
            raise Killed
        return stat

    monkeypatch.setattr(house.blobs, "put", put)
    with pytest.raises(Killed):
        house.run("doomed")
    monkeypatch.undo()
    assert house.stored()
    end_of_all(house)
    assert house.stored() == []


def test_segments_kept_between_a_cancellation_and_the_deletion_go_with_it(make_house, monkeypatch):
    house = make_house(batch_size=1)
    job = house.submit(request(TWO))
    truth = house.store.delete

    def delete(job_id, **kwargs):
        # The running attempt has seen the cancellation only, and its last segment comes between two steps.
        for key in cached:
            house.blobs.put(key, [b"late"])
        return truth(job_id, **kwargs)

    cached: list[str] = []
    assert house.run("worker")
    cached = house.stored("segments/")
    monkeypatch.setattr(house.store, "delete", delete)
    house.delete_job(job.id)
    assert cached
    assert house.stored() == []


# --- voices that must not come back ------------------------------------------------------------------------------
def enrolment_that_dies_after_listing(house, monkeypatch):
    job = house.enrol(NewVoice(name="Ana", language=PT), reference())
    with monkeypatch.context() as patched:
        patched.setattr(house.store, "finish", lambda _job: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            house.run("doomed")
    [voice] = house.catalog.voices.all()
    return job, voice


def test_a_voice_deleted_after_its_enrolment_died_does_not_come_back(house, monkeypatch):
    job, voice = enrolment_that_dies_after_listing(house, monkeypatch)
    house.delete_voice(voice.id)
    house.clock.advance(MINUTE)
    assert not house.worker()("other")
    assert house.store.get(job.id).status is JobStatus.CANCELLED
    assert house.catalog.voices.all() == ()
    house.clock.advance(timedelta(hours=2))
    house.purge()
    assert house.stored() == []


def test_a_voice_deleted_while_the_next_attempt_learns_it_does_not_come_back(house, monkeypatch):
    job, voice = enrolment_that_dies_after_listing(house, monkeypatch)
    house.clock.advance(MINUTE)
    # The next attempt looked before the voice was listed, as after a long stall.
    truth = house.catalog.voices.get
    looked = []

    def get(voice_id):
        if not looked:
            looked.append(voice_id)
            return None
        return truth(voice_id)

    fence = RunEnrolment._learn

    def learn(self, watch, engine, voice_id):
        profile = fence(self, watch, engine, voice_id)
        house.delete_voice(voice.id)
        return profile

    monkeypatch.setattr(house.catalog.voices, "get", get)
    monkeypatch.setattr(RunEnrolment, "_learn", learn)
    assert house.worker()("other")
    assert looked
    assert house.store.get(job.id).status is JobStatus.CANCELLED
    assert house.catalog.voices.all() == ()
    assert house.stored("voices/") == []


def test_deleting_a_voice_whose_enrolment_has_ended_leaves_the_job_alone(house):
    job = enrolled(house)
    house.delete_voice(job.result.voice_id)
    assert house.store.get(job.id) == job


def test_a_voice_listed_by_a_worker_that_died_before_it_saw_the_cancellation_is_withdrawn(house, monkeypatch):
    job, voice = enrolment_that_dies_after_listing(house, monkeypatch)
    house.store.cancel(job.id, DAY)
    purged = house.purge.tidy()
    assert house.catalog.voices.all() == ()
    assert not any(voice.id in key for key in house.stored())
    assert purged.files >= 3
    assert purged.bytes > 0


def test_tidying_leaves_voices_alone_whose_enrolments_ended_well_or_long_ago(house):
    voice_id = enrolled(house).result.voice_id
    for _ in range(3):
        house.purge()
        house.clock.advance(2 * DAY)
    assert house.catalog.voices.get(voice_id) is not None
    assert speak_with(house, voice_id).status is JobStatus.COMPLETED


# --- cheap and dear, once and many times ---------------------------------------------------------------------------
def test_expiring_reads_no_list_of_all_blobs(house, monkeypatch):
    kept = house.spoken("Uma que fica.")
    house.clock.advance(timedelta(hours=12))
    old = [house.spoken(f"Frase {number}.") for number in range(3)]
    for job in (kept,):
        assert house.store.get(job.id)
    house.clock.advance(timedelta(hours=13))
    listed = []
    truth = house.blobs.list
    monkeypatch.setattr(house.blobs, "list", lambda prefix="": listed.append(prefix) or truth(prefix))
    purged = house.purge.expire()
    assert purged.jobs == 1
    assert all(kept.id in prefix for prefix in listed)
    with pytest.raises(Gone):
        house.store.get(kept.id)
    assert all(house.store.get(job.id) for job in old)


def test_tidying_deletes_no_job(house):
    job = house.spoken()
    house.clock.advance(DAY + MINUTE)
    purged = house.purge.tidy()
    assert purged.jobs == 0
    assert house.store.get(job.id) is not None


def test_several_cleaners_at_once_remove_everything_once_and_fall_over_nothing(house, tmp_path):
    use(house, FilesystemBlobStore(tmp_path, clock=house.clock))
    for number in range(30):
        house.submit(request(f"Frase de número {number}."))
    worker = house.worker()
    while worker("worker"):
        pass
    for number in range(30):
        house.blobs.put(f"jobs/job_orphan{number}/a1/audio.wav", [b"x"])
    blobs = house.stored()
    house.clock.advance(DAY + timedelta(hours=2))
    purged, failures = [], []

    def clean():
        try:
            purged.append(house.purge())
        except Exception as error:  # noqa: BLE001 - whatever it is
            failures.append(error)

    cleaners = [threading.Thread(target=clean) for _ in range(4)]
    for cleaner in cleaners:
        cleaner.start()
    for cleaner in cleaners:
        cleaner.join()
    assert failures == []
    assert house.stored() == []
    assert sum(house.store.counts().values()) == 0
    assert sum(each.jobs for each in purged) == 30
    assert sum(each.files for each in purged) == len(blobs)


# --- what cannot be read -------------------------------------------------------------------------------------------
NEWER = StorageUnavailable("A stored job has version 9; this program reads versions 1 to 2.")


def _unreadable(house, monkeypatch, job_id):
    """As a store whose record of this job was written by a newer program."""
    get, page, expired = house.store.get, house.store.page, house.store.expired

    def hurt(jobs):
        if any(job.id == job_id for job in jobs):
            raise NEWER

    def reading(call, jobs_of):
        def read(*args):
            found = call(*args)
            hurt(jobs_of(found))
            return found

        return read

    monkeypatch.setattr(house.store, "get", lambda name: (hurt([get(name)] if name == job_id else []), get(name))[1])
    monkeypatch.setattr(house.store, "page", reading(page, lambda found: found.jobs))
    monkeypatch.setattr(house.store, "expired", reading(expired, list))


def test_a_record_that_cannot_be_read_keeps_its_audio_and_nothing_else_from_being_cleaned(house, monkeypatch, caplog):
    newer = house.spoken("Escrito por um programa mais novo.")
    house.blobs.put("jobs/job_orphan/a1/audio.wav", [b"x"])
    mine = [stat.key for stat in house.blobs.list(f"jobs/{newer.id}/")]
    house.clock.advance(DAY + MINUTE)
    _unreadable(house, monkeypatch, newer.id)
    for deep in (False, True):
        house.purge(deep=deep)
        assert house.stored("jobs/") == mine
    assert "version 9" in caplog.text


def test_a_cache_beyond_its_bound_is_evicted_though_a_plan_cannot_be_asked_for(make_house, monkeypatch):
    house = make_house({"segment_cache_bytes": 1})
    house.spoken(TWO)
    newer = house.submit(request("Escrito por um programa mais novo."))
    _unreadable(house, monkeypatch, newer.id)
    house.purge.tidy()
    assert house.stored("segments/") == []


def test_a_store_that_cannot_be_reached_is_no_record_that_cannot_be_read(house, monkeypatch):
    house.blobs.put("jobs/job_orphan/a1/audio.wav", [b"x"])
    house.clock.advance(DAY)

    def away(*_args, **_kwargs):
        raise StorageUnavailable

    for name in ("get", "page", "expired", "counts"):
        monkeypatch.setattr(house.store, name, away)
    with pytest.raises(StorageUnavailable):
        house.purge.expire()
    with pytest.raises(StorageUnavailable):
        house.purge.tidy()
    assert house.stored() == ["jobs/job_orphan/a1/audio.wav"]


def test_a_voice_that_cannot_be_read_keeps_its_blobs(house, monkeypatch):
    voice_id = enrolled(house).result.voice_id
    mine = house.stored("voices/")
    house.clock.advance(2 * DAY)

    def newer(*_args):
        raise StorageUnavailable("A stored voice has version 9; this program reads version 1.")

    monkeypatch.setattr(house.catalog.voices, "get", newer)
    monkeypatch.setattr(house.catalog.voices, "all", newer)
    house.purge()
    assert house.stored("voices/") == mine
    monkeypatch.undo()
    assert speak_with(house, voice_id).status is JobStatus.COMPLETED


# --- prints ----------------------------------------------------------------------------------------------------------
def test_a_print_that_another_worker_replaces_between_two_reads_is_found_under_its_new_name(house, monkeypatch):
    voice_id = enrolled(house).result.voice_id
    truth, replaced = house.blobs.open, []

    def opened(key, **kwargs):
        if key.endswith("print.safetensors") and not replaced:
            profile = house.catalog.voices.get(voice_id)
            with truth(key) as reader:
                body = reader.read()
            moved = key.replace("print.safetensors", "print-0123456789abcdef.safetensors")
            stat = house.blobs.put(moved, [body])
            house.catalog.voices.replace(replace(profile, print_key=stat.key, print_sha256=stat.sha256))
            house.blobs.delete(key)
            replaced.append(moved)
        return truth(key, **kwargs)

    monkeypatch.setattr(house.blobs, "open", opened)
    assert speak_with(house, voice_id).status is JobStatus.COMPLETED
    assert replaced


def test_a_print_that_is_lost_fails_the_job_and_says_so(house):
    voice_id = enrolled(house).result.voice_id
    house.blobs.delete(house.catalog.voices.get(voice_id).print_key)
    job = speak_with(house, voice_id)
    assert (job.status, job.error.code) == (JobStatus.FAILED, NotFound.code)


@pytest.mark.parametrize("body", [b"not JSON", b"[]", b"{}", b'{"segments": [{"start": 0}]}', b"\xff"])
def test_a_plan_that_makes_no_sense_does_not_keep_the_job_from_being_deleted(house, body):
    job = house.spoken(TWO)
    house.blobs.put(f"jobs/{job.id}/plan.json", [body])
    house.delete_job(job.id)
    assert house.stored(f"jobs/{job.id}/") == []


def test_deleting_a_job_that_ends_in_that_moment_is_as_good(house, monkeypatch):
    job = house.submit(request(TWO))

    def cancel(_job_id, _keep):
        raise Conflict("It has ended.")

    monkeypatch.setattr(house.store, "cancel", cancel)
    house.delete_job(job.id)
    assert house.store.get(job.id) is None


class ShelfThatIsWatched:
    """The shelf of voices, with something that happens just before or just after a voice is added."""

    def __init__(self, truth, happens, *, after: bool) -> None:
        self._truth, self._happens, self._after = truth, happens, after

    def __getattr__(self, name):
        return getattr(self._truth, name)

    def add(self, item):
        if not self._after:
            self._happens()
        self._truth.add(item)
        if self._after:
            self._happens()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_an_enrolment_that_is_deleted_as_its_voice_is_listed_leaves_no_voice(after):
    house = House()
    job = house.enrol(NewVoice(name="Ana", language=PT), reference())
    house.catalog._voices = ShelfThatIsWatched(house.catalog.voices, lambda: house.delete_job(job.id), after=after)
    assert house.run("worker")
    assert house.store.get(job.id) is None
    assert house.catalog.voices.all() == ()
    assert list(house.blobs.list()) == []


def test_a_voice_stays_whose_job_expired_or_was_completed_by_another_attempt_before_this_one_woke_up():
    house = House()
    job = house.enrol(NewVoice(name="Ana", language=PT), reference())

    def long_sleep():
        house.clock.advance(2 * house.limits.lease)
        assert house.worker()("another")
        house.clock.advance(2 * DAY)
        assert house.purge.expire().jobs == 1

    house.catalog._voices = ShelfThatIsWatched(house.catalog.voices, long_sleep, after=True)
    assert house.run("worker")
    with pytest.raises(Gone):
        house.store.get(job.id)
    assert len(house.catalog.voices.all()) == 1


class StuckBlobs(MemoryBlobStore):
    """Some blobs cannot be deleted, as where a folder belongs to another user."""

    stuck: tuple[str, ...] = ()

    def delete(self, key):
        if key.startswith(self.stuck):
            raise StorageUnavailable("The file cannot be deleted (permission denied).")
        return super().delete(key)


def test_expired_jobs_that_cannot_be_deleted_hold_up_no_other(caplog):
    house = House()
    blobs = StuckBlobs(clock=house.clock)
    use(house, blobs)
    house.run = house.worker()
    jobs = [house.spoken(f"Frase {number}.") for number in range(12)]
    blobs.stuck = tuple(f"jobs/{job.id}/" for job in jobs[:5])
    house.clock.advance(2 * DAY)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("voicecore.usecases.purge_expired._BATCH", 3)
        house.purge.expire()
    assert house.store.page(JobQuery(limit=50)).total == 5
    assert "permission denied" in caplog.text
    blobs.stuck = ()
    assert house.purge.expire().jobs == 5


# --- whose audio it is ----------------------------------------------------------------------------------------------
def test_what_is_older_than_the_store_of_jobs_and_voices_is_left_for_a_store_that_comes_back():
    house = House()
    voice_id = enrolled(house).result.voice_id
    speak_with(house, voice_id)
    house.clock.advance(2 * MINUTE)
    made = {stat.key for stat in house.blobs.list() if stat.key.startswith(("jobs/", "voices/"))}
    lost, since = House(), house.clock.now()
    house.clock.advance(DAY)
    house.blobs.put("voices/voice_new/a1/print.safetensors", [b"of a voice that was never listed"])
    house.clock.advance(DAY)
    delete_job = DeleteJob(lost.store, house.blobs, lost.limits)
    PurgeExpired(lost.store, lost.catalog, house.blobs, house.clock, house.cache, delete_job, lambda: since).tidy()
    assert {stat.key for stat in house.blobs.list()} == made


def test_nothing_is_tidied_away_while_the_store_is_a_strangers():
    house = House()
    house.blobs.put("voices/voice_a/a1/print.safetensors", [b"nobody's, as it seems"])
    house.clock.advance(DAY)

    def known_since():
        raise StorageUnavailable("Redis and the blob store belong to different deployments.")

    purge = PurgeExpired(house.store, house.catalog, house.blobs, house.clock, house.cache, house.delete_job, known_since)  # fmt: skip
    with pytest.raises(StorageUnavailable, match="different deployments"):
        purge.tidy()
    assert len(list(house.blobs.list())) == 1
