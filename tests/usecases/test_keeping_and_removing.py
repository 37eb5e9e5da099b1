"""Deletion, expiry, the cache's bound, export, profiles."""

from __future__ import annotations

import io
from datetime import timedelta

import numpy as np
import pytest

from voicecore.audio import Audio
from voicecore.errors import Conflict, Gone, InvalidInput, NameTaken, NotFound
from voicecore.job import JobResult, JobStatus
from voicecore.language import Language
from voicecore.ports import JobQuery
from voicecore.request import OutputFormat, SynthesisRequest
from voicecore.usecases.submit_enrolment import NewVoice

DAY = timedelta(hours=24)
PT = Language("pt", "BR")


def reference():
    t = np.arange(32_000) / 16_000
    return [io.BytesIO(Audio((0.3 * np.sin(2 * np.pi * 330 * t)).astype(np.float32), 16_000).wav_bytes())]


def test_deleting_a_job_removes_its_audio_and_its_cached_segments(house):
    job = house.spoken("Bom dia. Até amanhã.")
    assert house.delete_job(job.id) >= 3
    assert house.stored() == []
    with pytest.raises(NotFound):
        house.delete_job(job.id)


def test_deleting_a_failed_job_removes_the_segments_it_had_cached(make_house):
    house = make_house(fail_on="falha", batch_size=1)
    job = house.spoken("Uma frase que fica pronta antes. E outra que falha sempre aqui.")
    while house.run("worker"):
        pass
    assert house.store.get(job.id).status is JobStatus.FAILED
    house.delete_job(job.id)
    assert house.stored() == []


def test_a_job_expires_after_a_day_and_is_remembered_as_gone(house):
    job = house.spoken()
    house.clock.advance(DAY - timedelta(seconds=1))
    assert house.purge().jobs == 0
    house.clock.advance(timedelta(seconds=2))
    purged = house.purge()
    assert purged.jobs == 1
    assert purged.bytes > 0
    assert house.stored() == []
    with pytest.raises(Gone):
        house.store.get(job.id)


def test_a_deep_cleanup_takes_finished_jobs_but_neither_waiting_jobs_nor_voices(house):
    finished = house.spoken()
    waiting = house.submit(finished.request)
    assert house.purge(deep=True).jobs == 1
    assert house.store.get(finished.id) is None
    assert house.store.get(waiting.id).status is JobStatus.QUEUED


def test_orphaned_blobs_are_swept_after_an_hour_and_owned_ones_stay(house):
    job = house.spoken()
    house.blobs.put("jobs/job_orphan/a1/audio.wav", [b"x"])
    house.blobs.put("voices/voice_orphan/print.safetensors", [b"x"])
    house.purge()
    assert "jobs/job_orphan/a1/audio.wav" in house.stored()
    house.clock.advance(timedelta(hours=2))
    house.purge()
    assert not any("orphan" in key for key in house.stored())
    assert house.audio(job).duration_s > 0


def test_the_segment_cache_stays_within_its_bound_and_drops_the_oldest(make_house):
    house = make_house({"segment_cache_bytes": 200_000})
    for number in range(6):
        house.spoken(f"Frase número {chr(97 + number) * 8} aqui.")
        house.clock.advance(timedelta(seconds=1))
    newest = house.stored("segments/")
    house.purge()
    kept = house.stored("segments/")
    assert sum(house.blobs.stat(key).size for key in kept) <= 200_000
    assert 0 < len(kept) < len(newest)
    assert house.spoken("Frase número ffffffff aqui.").segments.cached == 1


def test_the_wav_is_the_master_and_other_formats_are_made_once(house):
    job = house.spoken()
    assert house.export(job, OutputFormat.WAV).key == job.result.audio_key
    first = house.export(job, OutputFormat.MP3)
    assert house.export(job, OutputFormat.MP3) == first
    with house.blobs.open(first.key) as reader:
        body = reader.read()
    assert body.startswith(b"mp3")
    again = Audio.from_wav_bytes(body[3:])
    assert np.abs(again.samples - house.audio(job).samples).max() < 2 / 32767


def test_a_job_without_audio_has_nothing_to_export(house, make_house):
    failing = make_house(fail_on="falha")
    job = failing.submit(house.spoken().request)
    with pytest.raises(Conflict, match="queued"):
        failing.export(job, OutputFormat.WAV)


def test_deleting_an_exported_job_deletes_its_exports(house):
    job = house.spoken()
    house.export(job, OutputFormat.FLAC)
    house.delete_job(job.id)
    assert house.stored() == []


def test_a_job_deleted_while_a_format_is_being_made_leaves_no_file(house, monkeypatch):
    job = house.spoken()
    encode = house.codec.encode

    def slowly(blocks, sample_rate_hz, output_format, marking):
        yield from encode(blocks, sample_rate_hz, output_format, marking)
        house.delete_job(job.id)

    monkeypatch.setattr(house.codec, "encode", slowly)
    with pytest.raises(NotFound, match="deleted meanwhile"):
        house.export(job, OutputFormat.FLAC)
    assert house.stored() == []


def test_built_in_profiles_cannot_be_changed_but_copied(house):
    for act in (
        lambda: house.profiles.delete("tone", "natural"),
        lambda: house.profiles.change("tone", "natural", name="x"),
    ):
        with pytest.raises(Conflict, match="duplicate"):
            act()
    copy = house.profiles.duplicate("tone", "audiobook", "Meu livro")
    changed = house.profiles.change("tone", copy.id, parameters={"speed": 0.8})
    assert dict(changed.parameters) == {"speed": 0.8, "pause_scale": 1.4}
    assert house.spoken(quality_profile_id=changed.id).quality_profile_id == changed.id
    assert house.provider.engine.given[-1].parameters["speed"] == 0.8


@pytest.mark.parametrize("parameters", [{"speed": 9}, {"nothing": 1}, {"speed": float("inf")}, {"speed": True}])
def test_a_profile_cannot_hold_what_its_engine_would_refuse(house, parameters):
    with pytest.raises(InvalidInput):
        house.profiles.create("tone", "Meu", "", parameters)


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\x00b", "a\nb"])
def test_a_profile_is_not_given_a_name_that_a_voice_could_not_have(house, name):
    mine = house.profiles.create("tone", "Meu", "", {})
    with pytest.raises(InvalidInput, match="name"):
        house.profiles.create("tone", name, "", {})
    with pytest.raises(InvalidInput, match="name"):
        house.profiles.change("tone", mine.id, name=name)


def test_a_profiles_name_is_unique_among_users_and_built_in_ones(house):
    house.profiles.create("tone", "Meu", "", {})
    with pytest.raises(NameTaken):
        house.profiles.create("tone", "MEU", "", {})
    with pytest.raises(InvalidInput):
        house.profiles.create("tone", "natural", "", {})


def test_deleting_the_default_profile_brings_the_built_in_default_back(house):
    mine = house.profiles.create("tone", "Meu", "", {"speed": 1.5})
    house.profiles.set_default("tone", mine.id)
    assert house.spoken().quality_profile_id == mine.id
    house.profiles.delete("tone", mine.id)
    assert house.spoken().quality_profile_id == "natural"


def test_every_parameter_of_the_engine_reaches_it(house):
    profile = house.profiles.create("tone", "Meu", "", {"speed": 1.25, "warble": 0.5})
    house.spoken(quality_profile_id=profile.id, seed=42)
    given = house.provider.engine.given[-1]
    assert dict(given.parameters) == {"speed": 1.25, "warble": 0.5}
    assert given.seed == 42


def test_xtts_profiles_are_listed_and_checked_where_the_engine_is_not_installed(house):
    mine = house.profiles.duplicate("xtts", "balanced", "Meu XTTS")
    assert mine.parameters["temperature"] == 0.75
    with pytest.raises(InvalidInput, match=r"0\.1 to 1"):
        house.profiles.change("xtts", mine.id, parameters={"temperature": 1.5})


def test_pauses_and_segment_size_change_the_sound_of_the_whole(house):
    text = "Primeira frase bem comprida aqui. Segunda frase também comprida."
    plain = house.spoken(text).result.duration_s
    slow = house.profiles.create("tone", "Pausas", "", {"pause_scale": 3.0})
    assert house.spoken(text, quality_profile_id=slow.id).result.duration_s > plain + 0.3
    small = house.profiles.create("tone", "Curto", "", {"segment_size": 0.5})
    long = "Uma oração comprida, com vírgulas no meio dela, sim."
    assert house.spoken(long, quality_profile_id=small.id).segments.total > house.spoken(long).segments.total


def test_a_cleanup_beside_an_enrolment_that_ends_just_then_leaves_the_voice_whole(house, monkeypatch):
    house.enrol(NewVoice(name="Ana", language=PT), reference())
    truth = house.catalog.voices.add

    def add(voice):
        # Its blobs are stored. A deep cleanup asks for their owner now, and between its two questions the job ends.
        asked = []

        def get(item_id):
            seen = get_truth(item_id)
            if not asked:
                asked.append(item_id)
                truth(voice)
                running = house.store.page(JobQuery()).jobs[0]
                house.store.finish(running.completed(JobResult(voice_id=voice.id), house.clock.now(), DAY))
            return seen

        get_truth = house.catalog.voices.get
        with monkeypatch.context() as patched:
            patched.setattr(house.catalog.voices, "get", get)
            house.purge(deep=True)
        if not asked:
            truth(voice)

    monkeypatch.setattr(house.catalog.voices, "add", add)
    assert house.run("worker")
    [voice] = house.catalog.voices.all()
    assert house.blobs.stat(voice.print_key)
    assert house.blobs.stat(voice.reference_key)


def test_a_deep_cleanup_leaves_uploads_whose_job_is_about_to_be_stored(house):
    house.blobs.put("uploads/job_soon/0.wav", [b"x"])
    house.clock.advance(timedelta(seconds=5))
    house.purge(deep=True)
    assert house.stored("uploads/") == ["uploads/job_soon/0.wav"]
    house.clock.advance(timedelta(hours=2))
    house.purge()
    assert house.stored("uploads/") == []


def test_references_of_an_enrolment_that_was_cancelled_in_the_queue_are_swept_before_the_job_expires(house):
    job = house.enrol(NewVoice(name="Ana", language=PT), reference())
    waiting = house.enrol(NewVoice(name="Eva", language=PT), reference())
    house.store.cancel(job.id, DAY)
    house.clock.advance(timedelta(hours=2))
    house.purge()
    assert house.stored("uploads/") == [f"uploads/{waiting.id}/0.wav"]


def test_segments_that_a_running_job_cached_after_its_voice_was_deleted_are_swept(house):
    house.blobs.put("segments/voice_gone/0123.f32", [b"xxxx"])
    preset = house.spoken()
    house.clock.advance(timedelta(hours=2))
    house.purge()
    assert house.stored("segments/voice_gone/") == []
    assert len(house.stored("segments/")) == preset.segments.total


def test_an_orphaned_plan_takes_its_cached_segments_with_it(house, monkeypatch):
    job = house.spoken()
    house.store.delete(job.id)
    house.clock.advance(timedelta(hours=2))
    house.purge()
    assert house.stored() == []


def test_a_cleanup_counts_the_bytes_it_removed_without_reading_the_whole_store_again(house, monkeypatch):
    job = house.spoken()
    kept = house.spoken("Outra frase que fica.")
    house.store.delete(job.id)
    house.clock.advance(timedelta(hours=2))
    before = sum(stat.size for stat in house.blobs.list())
    truth, listed = house.blobs.list, []
    monkeypatch.setattr(house.blobs, "list", lambda prefix="": listed.append(prefix) or truth(prefix))
    removed = house.purge()
    assert removed.bytes == before - sum(stat.size for stat in truth()) > 0
    assert "" not in listed
    assert house.audio(kept).duration_s > 0


def test_a_deep_cleanup_holds_one_page_of_jobs_at_a_time(house, monkeypatch):
    for number in range(230):
        job = house.submit(SynthesisRequest(text=f"Frase {number}.", source_language=PT))
        house.store.cancel(job.id, DAY)
    truth, removed, at_page = house.store.page, [], []

    def page(query):
        at_page.append(230 - sum(house.store.counts().values()))
        return truth(query)

    monkeypatch.setattr(house.store, "page", page)
    removed.append(house.purge(deep=True).jobs)
    assert removed == [230]
    assert at_page[-1] > 0


def test_a_stranger_cannot_make_profiles_without_end(house, monkeypatch):
    monkeypatch.setattr("voicecore.usecases.edit_profiles.MAX_PROFILES", 2)
    house.profiles.create("tone", "Um", "", {})
    house.profiles.create("tone", "Dois", "", {})
    with pytest.raises(Conflict, match="2 quality profiles, which is the limit"):
        house.profiles.create("tone", "Três", "", {})
