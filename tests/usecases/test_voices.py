"""Enrolling, using and deleting a voice."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from voicecore.audio import Audio
from voicecore.consent import Statement
from voicecore.errors import InvalidAudio, InvalidInput, NameTaken, NotFound, UnsupportedLanguage
from voicecore.job import JobStatus
from voicecore.language import Language
from voicecore.request import Mode, SynthesisRequest
from voicecore.testing.fakes import START
from voicecore.usecases.submit_enrolment import NewVoice

PT = Language("pt", "BR")


def tone(hz=330.0, seconds=2.0, rate=16_000):
    t = np.arange(round(seconds * rate)) / rate
    return Audio((0.3 * np.sin(2 * np.pi * hz * t)).astype(np.float32), rate)


def files(*audio):
    return [io.BytesIO(each.wav_bytes()) for each in audio]


def enrolled(house, name="Ana", **changes):
    job = house.enrol(NewVoice(**{"name": name, "language": PT, **changes}), files(tone()))
    assert house.run("worker")
    done = house.store.get(job.id)
    assert done.status is JobStatus.COMPLETED, done.error
    return done


def speak(house, voice_id, text="Bom dia."):
    request = SynthesisRequest(text=text, source_language=PT, mode=Mode.DUBBING_WITH_CLONE, voice_id=voice_id)
    job = house.submit(request)
    assert house.run("worker")
    return house.store.get(job.id)


def test_a_finished_enrolment_names_the_voice_and_the_voice_says_how_it_was_made(house):
    job = enrolled(house, description="calma", consent=Statement(by="Ana", text="Ana: sim", given_at=START))
    voice = house.catalog.voices.get(job.result.voice_id)
    assert (voice.name, voice.method, voice.consent) == ("Ana", "tone matching", "Ana: sim")
    assert voice.reference_duration_s == pytest.approx(2.0)
    assert voice.source_job_id == job.id


def test_the_sample_and_the_reference_can_be_heard_and_the_upload_is_gone(house):
    job = enrolled(house)
    voice = house.catalog.voices.get(job.result.voice_id)
    for key in (voice.sample_key, voice.reference_key):
        with house.blobs.open(key) as reader:
            assert Audio.from_wav_bytes(reader.read()).duration_s > 0.5
    assert house.stored("uploads/") == []


def test_the_voice_speaks_with_the_pitch_of_its_reference(house):
    voice_id = enrolled(house).result.voice_id
    job = speak(house, voice_id, "aaaa")
    with_voice = house.provider.engine.given[-1].voice
    assert with_voice.arrays["hz"][0] == pytest.approx(330, abs=2)
    assert job.status is JobStatus.COMPLETED


def test_deleting_the_clone_job_leaves_the_voice_usable(house):
    job = enrolled(house)
    house.delete_job(job.id)
    assert speak(house, job.result.voice_id).status is JobStatus.COMPLETED


def test_the_voice_outlives_its_job_by_any_time(house):
    job = enrolled(house)
    house.clock.advance(timedelta(days=400))
    house.purge(deep=True)
    assert house.store.page(_all()).total == 0
    assert speak(house, job.result.voice_id).status is JobStatus.COMPLETED


def _all():
    from voicecore.ports import JobQuery

    return JobQuery()


def test_deleting_the_voice_deletes_every_trace_of_it(house):
    voice_id = enrolled(house).result.voice_id
    speak(house, voice_id)
    assert any(voice_id in key for key in house.stored("segments/"))
    assert house.delete_voice(voice_id) >= 4
    assert not any(voice_id in key for key in house.stored())
    assert house.catalog.voices.get(voice_id) is None
    with pytest.raises(NotFound):
        house.delete_voice(voice_id)


def test_a_job_whose_voice_was_deleted_before_it_ran_fails_and_names_the_voice(house):
    voice_id = enrolled(house).result.voice_id
    request = SynthesisRequest(text="Oi.", source_language=PT, mode=Mode.DUBBING_WITH_CLONE, voice_id=voice_id)
    job = house.submit(request)
    house.delete_voice(voice_id)
    assert house.run("worker")
    failed = house.store.get(job.id)
    assert (failed.status, failed.error.code) == (JobStatus.FAILED, "not_found")
    assert voice_id in failed.error.message


def test_a_second_voice_of_the_same_name_is_refused_whatever_the_case(house):
    enrolled(house)
    with pytest.raises(NameTaken):
        house.enrol(NewVoice(name="ANA", language=PT), files(tone()))


def test_a_name_taken_while_the_job_waited_fails_the_job_and_leaves_nothing(house):
    first = house.enrol(NewVoice(name="Ana", language=PT), files(tone()))
    second = house.enrol(NewVoice(name="Ana", language=PT), files(tone(440)))
    assert house.run("worker")
    assert house.run("worker")
    assert house.store.get(first.id).status is JobStatus.COMPLETED
    failed = house.store.get(second.id)
    assert failed.error.code == "name_taken"
    assert len({key.split("/")[1] for key in house.stored("voices/")}) == 1
    assert house.stored("uploads/") == []


def test_an_enrolment_that_crashed_after_storing_the_voice_ends_with_the_same_voice(house, monkeypatch):
    job = house.enrol(NewVoice(name="Ana", language=PT), files(tone()))
    truth = house.store.finish
    monkeypatch.setattr(house.store, "finish", lambda ended: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        house.run("worker")
    monkeypatch.setattr(house.store, "finish", truth)
    house.clock.advance(timedelta(minutes=1))
    assert house.run("worker")
    assert house.store.get(job.id).status is JobStatus.COMPLETED
    assert len(house.catalog.voices.all()) == 1


@pytest.mark.parametrize(
    ("clips", "said"),
    [
        ([tone(seconds=0.5)], "lasts 0.5 s; give 1 to 300 s"),
        ([tone(seconds=2).__class__(np.zeros(32_000, np.float32), 16_000)], "silent"),
    ],
)
def test_a_reference_that_is_too_short_or_silent_is_refused_and_nothing_is_kept(house, clips, said):
    with pytest.raises(InvalidAudio, match=said):
        house.enrol(NewVoice(name="Ana", language=PT), files(*clips))
    assert house.stored() == []
    assert house.store.page(_all()).total == 0


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\x00b", "a\nb"])
def test_a_bad_name_is_refused(house, name):
    with pytest.raises(InvalidInput):
        house.enrol(NewVoice(name=name, language=PT), files(tone()))
    assert house.stored() == []


def test_a_path_like_name_is_only_a_name(house):
    job = enrolled(house, "../../etc/passwd")
    assert house.catalog.voices.get(job.result.voice_id).name == "../../etc/passwd"
    assert not any("passwd" in key for key in house.stored())


def test_too_many_or_no_files_and_an_unknown_language_are_refused(house):
    with pytest.raises(InvalidInput, match="1 to 10"):
        house.enrol(NewVoice(name="Ana", language=PT), [])
    with pytest.raises(InvalidInput, match="1 to 10"):
        house.enrol(NewVoice(name="Ana", language=PT), files(*[tone()] * 11))
    with pytest.raises(UnsupportedLanguage):
        house.enrol(NewVoice(name="Ana", language=Language("xx")), files(tone()))


def test_a_full_queue_leaves_no_upload_behind(make_house):
    house = make_house({"max_queued": 1})
    house.enrol(NewVoice(name="Ana", language=PT), files(tone()))
    from voicecore.errors import QueueFull

    with pytest.raises(QueueFull):
        house.enrol(NewVoice(name="Eva", language=PT), files(tone()))
    assert len(house.stored("uploads/")) == 1


def test_an_enrolment_cancelled_at_the_last_moment_leaves_no_voice(house, monkeypatch):
    job = house.enrol(NewVoice(name="Ana", language=PT), files(tone()))
    truth = house.catalog.voices.add

    def add(voice):
        house.store.cancel(job.id, timedelta(hours=1))
        truth(voice)

    monkeypatch.setattr(house.catalog.voices, "add", add)
    assert house.run("worker")
    assert house.store.get(job.id).status is JobStatus.CANCELLED
    assert house.catalog.voices.all() == ()
    assert house.stored() == []


def test_an_enrolment_cancelled_while_it_runs_leaves_neither_its_reference_nor_a_print(house, monkeypatch):
    job = house.enrol(NewVoice(name="Ana", language=PT), files(tone()))
    house.cancel_at(monkeypatch, job, "sample.wav")
    assert house.run("worker")
    assert house.stored() == []


def test_a_stalled_enrolment_that_wakes_changes_nothing_of_the_voice_that_another_attempt_made(house, monkeypatch):
    job = house.enrol(NewVoice(name="Ana", language=PT), files(tone()))
    truth, other = house.blobs.put, []

    def put(key, data):
        # The first attempt is asleep here for longer than its lease; another one makes the voice.
        if key.endswith("print.safetensors") and not other:
            other.append(True)
            house.clock.advance(timedelta(minutes=1))
            assert house.run("other")
            voice = house.catalog.voices.get(house.store.get(job.id).result.voice_id)
            other[:] = [
                {key: house.blobs.stat(key) for key in (voice.print_key, voice.reference_key, voice.sample_key)}
            ]
            house.clock.advance(timedelta(seconds=1))
        return truth(key, data)

    monkeypatch.setattr(house.blobs, "put", put)
    assert house.run("stalled")
    assert house.store.get(job.id).status is JobStatus.COMPLETED
    assert {key: house.blobs.stat(key) for key in other[0]} == other[0]
    assert sorted(other[0]) == house.stored("voices/")


def test_an_enrolment_that_crashed_before_its_voice_was_listed_leaves_no_second_reference(house, monkeypatch):
    house.enrol(NewVoice(name="Ana", language=PT), files(tone()))
    monkeypatch.setattr(house.catalog.voices, "add", lambda voice: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        house.run("worker")
    monkeypatch.undo()
    house.clock.advance(timedelta(minutes=1))
    assert house.run("worker")
    assert len(house.stored("voices/")) == 3
    assert house.delete_voice(house.catalog.voices.all()[0].id) == 3


def test_files_are_decoded_only_until_they_are_too_long_together(house, monkeypatch):
    decoded = []

    def decode(data, limits):
        decoded.append(limits.max_duration_s)
        return Audio(np.full(8_000 * 200, 0.1, np.float32), 8_000)

    monkeypatch.setattr(house.codec, "decode", decode)
    with pytest.raises(InvalidAudio, match=r"at least 400 s; give 1 to 300 s"):
        house.enrol(NewVoice(name="Ana", language=PT), files(*[tone()] * 10))
    assert decoded == [600.0, 400.0]


def test_a_voice_of_another_model_version_is_learned_again_from_its_kept_reference(house):
    voice_id = enrolled(house).result.voice_id
    before = house.catalog.voices.get(voice_id)
    first = speak(house, voice_id)
    newer = replace(house.host.engine("tone").card, model_digest="1" * 64)
    house.host.engine("tone")._card = newer
    second = speak(house, voice_id)
    assert second.status is JobStatus.COMPLETED
    after = house.catalog.voices.get(voice_id)
    assert after.print_sha256 != before.print_sha256
    assert house.blobs.stat(before.print_key) is None
    assert house.provider.engine.given[-1].voice.model_digest == newer.model_digest
    assert (first.segments.cached, second.segments.cached) == (0, 0)
    assert speak(house, voice_id).segments.cached == 1
    house.delete_voice(voice_id)
    assert not any(voice_id in key for key in house.stored())


def while_learning(house, monkeypatch, meanwhile):
    """A newer model, and something that happens while it learns a voice."""
    engine = house.host.engine("tone")
    engine._card = replace(engine.card, model_digest="1" * 64)
    truth = engine.enroll

    def enroll(clips, language):
        meanwhile()
        return truth(clips, language)

    monkeypatch.setattr(engine, "enroll", enroll)


def test_a_voice_renamed_while_it_is_learned_again_keeps_its_new_name(house, monkeypatch):
    voice = house.catalog.voices.get(enrolled(house).result.voice_id)
    while_learning(house, monkeypatch, lambda: house.catalog.voices.replace(replace(voice, name="Bia")))
    assert speak(house, voice.id).status is JobStatus.COMPLETED
    after = house.catalog.voices.get(voice.id)
    assert after.name == "Bia"
    assert after.print_sha256 != voice.print_sha256


def test_a_voice_deleted_while_it_is_learned_again_leaves_no_print(house, monkeypatch):
    voice_id = enrolled(house).result.voice_id
    while_learning(house, monkeypatch, lambda: house.delete_voice(voice_id))
    job = speak(house, voice_id)
    assert (job.status, job.error.code) == (JobStatus.FAILED, "not_found")
    assert not any(voice_id in key for key in house.stored())


def test_a_voice_deleted_while_its_new_print_is_stored_leaves_no_print(house, monkeypatch):
    voice_id = enrolled(house).result.voice_id
    while_learning(house, monkeypatch, lambda: None)
    truth = house.blobs.put

    def put(key, data):
        stat = truth(key, data)
        if "/print-" in key:
            house.delete_voice(voice_id)
            truth(key, [b"late"])
        return stat

    monkeypatch.setattr(house.blobs, "put", put)
    assert speak(house, voice_id).status is JobStatus.FAILED
    assert not any(voice_id in key for key in house.stored())


@pytest.mark.parametrize(("seconds", "told"), [(0.999, "0.99 s"), (0.9999, "0.99 s"), (300.001, "300.01 s")])
def test_a_reference_just_beyond_a_limit_is_not_told_to_be_at_the_limit(house, seconds, told):
    with pytest.raises(InvalidAudio, match=f"lasts (at least )?{told}; give 1 to 300 s"):
        house.enrol(NewVoice(name="Ana", language=PT), files(tone(seconds=seconds)))


def test_a_description_that_is_too_long_is_refused_before_the_files_are_read(house):
    with pytest.raises(InvalidInput, match="at most 500"):
        house.enrol(NewVoice(name="Ana", language=PT, description="x" * 501), [io.BytesIO(b"not a recording")])
