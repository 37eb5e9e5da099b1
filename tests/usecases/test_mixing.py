"""A voice mixed of others: asked for, made, and what becomes of it when its parts or the model go."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecore.audio import Audio
from voicecore.errors import Conflict, InvalidInput, NameTaken, NotFound, QueueFull, UnsupportedLanguage
from voicecore.job import JobStatus
from voicecore.language import Language
from voicecore.mixing import MAX_PARTS, MIN_PARTS, shares
from voicecore.request import MixRequest, Mode, VoicePart
from voicecore.voice import VoicePrint

from .test_voices import PT, enrolled, files, speak, tone

FEMALE_GENERIC_HZ = 220.0
MALE_GENERIC_HZ = 220.0 * 2 ** (1 / 8)


def preset(name: str, weight: float = 1.0) -> VoicePart:
    return VoicePart(preset=name, weight=weight)


def enrolled_part(voice_id: str, weight: float = 1.0) -> VoicePart:
    return VoicePart(voice_id=voice_id, weight=weight)


PRESETS_ONLY = (preset("female_generic"), preset("male_generic"))


def mix_of(*parts: VoicePart, name: str = "Entre", **changes) -> MixRequest:
    return MixRequest(**{"name": name, "language": PT, "parts": parts or PRESETS_ONLY, **changes})


def mixed(house, *parts: VoicePart, **changes):
    job = house.mix(mix_of(*parts, **changes))
    assert house.run("worker")
    done = house.store.get(job.id)
    assert done.status is JobStatus.COMPLETED, done.error
    return house.catalog.voices.get(done.result.voice_id)


def hz_of(house, voice) -> float:
    with house.blobs.open(voice.print_key) as reader:
        return float(VoicePrint.from_bytes(reader.read()).arrays["hz"][0])


@given(st.lists(st.floats(0.001, 1000), min_size=MIN_PARTS, max_size=MAX_PARTS))
def test_shares_are_a_whole_and_keep_the_ratio_of_the_weights(weights):
    portions = shares(weights)
    assert sum(portions) == pytest.approx(1)
    assert all(portion > 0 for portion in portions)
    assert np.allclose(np.array(portions) * weights[0], np.array(weights) * portions[0])


@pytest.mark.parametrize(
    "weights", [[], [1.0], [1.0] * 9, [1.0, 0.0], [1.0, -1.0], [1.0, float("nan")], [1.0, float("inf")], [1.0, 1001]]
)
def test_weights_that_make_no_mean_are_refused(weights):
    with pytest.raises(InvalidInput):
        shares(weights)


def test_a_mix_lies_between_an_enrolled_voice_and_a_preset_and_says_so(house):
    ana = enrolled(house).result.voice_id
    voice = mixed(house, enrolled_part(ana, 3), preset("female_generic", 1), description="calma")
    assert hz_of(house, voice) == pytest.approx(0.75 * 330 + 0.25 * FEMALE_GENERIC_HZ, abs=2)
    assert (voice.method, voice.description, voice.engine) == ("mixing", "calma", "tone")
    assert voice.notes == (f"A mix of: Ana ({ana}) 75 %, female_generic 25 %.",)
    assert (voice.reference_key, voice.reference_duration_s, voice.consent) == (None, 0.0, None)
    with house.blobs.open(voice.sample_key) as reader:
        assert Audio.from_wav_bytes(reader.read()).duration_s > 0.5


def test_the_job_of_a_mix_has_its_own_mode_and_no_warnings(house):
    job = house.mix(mix_of())
    assert (job.mode, job.engine, job.request.engine) == (Mode.MIX, "tone", "tone")
    assert house.run("worker")
    assert house.store.get(job.id).warnings == ()


def test_a_mix_speaks_and_may_be_mixed_again(house):
    first = mixed(house)
    second = mixed(house, enrolled_part(first.id), preset("male_generic"), name="Outra")
    assert speak(house, second.id).status is JobStatus.COMPLETED
    assert hz_of(house, second) == pytest.approx((FEMALE_GENERIC_HZ + 3 * MALE_GENERIC_HZ) / 4, abs=0.1)


def test_a_mix_outlives_its_parts(house):
    ana = enrolled(house).result.voice_id
    voice = mixed(house, enrolled_part(ana), preset("female_generic"))
    house.delete_voice(ana)
    house.clock.advance(timedelta(days=400))
    house.purge(deep=True)
    assert speak(house, voice.id).status is JobStatus.COMPLETED


def test_deleting_a_mix_deletes_every_trace_of_it_and_none_of_its_parts(house):
    ana = enrolled(house).result.voice_id
    before = house.stored("voices/")
    voice = mixed(house, enrolled_part(ana), preset("female_generic"))
    speak(house, voice.id)
    assert house.delete_voice(voice.id) >= 3
    assert not any(voice.id in key for key in house.stored())
    assert house.stored("voices/") == before


@pytest.mark.parametrize("parts", [(), (preset("female_generic"),), PRESETS_ONLY * 5, PRESETS_ONLY[:1] * 2])
def test_too_few_or_too_many_parts_or_one_of_them_twice_are_refused(parts):
    with pytest.raises(InvalidInput, match=r"2 to 8|twice"):
        MixRequest(name="Entre", language=PT, parts=parts)


def test_an_enrolled_voice_and_a_preset_of_the_same_name_are_two_voices():
    parts = (VoicePart(voice_id="x"), VoicePart(preset="x"))
    assert MixRequest(name="Entre", language=PT, parts=parts).parts == parts


@pytest.mark.parametrize("part", [{}, {"voice_id": "a", "preset": "b"}])
def test_a_part_is_either_a_voice_or_a_preset(part):
    with pytest.raises(InvalidInput, match="not both"):
        VoicePart(**part)


def test_an_unknown_voice_preset_engine_or_language_is_refused_with_a_sentence(house):
    with pytest.raises(InvalidInput, match="There is no voice 'voice_none'"):
        house.mix(mix_of(enrolled_part("voice_none"), preset("female_generic")))
    with pytest.raises(InvalidInput, match="'no_such' is not a preset of 'tone'"):
        house.mix(mix_of(preset("no_such"), preset("female_generic")))
    with pytest.raises(NotFound, match="There is no engine 'none'"):
        house.mix(mix_of(engine="none"))
    with pytest.raises(UnsupportedLanguage):
        house.mix(mix_of(language=Language("xx")))
    assert house.store.counts()[JobStatus.QUEUED] == 0


def test_voices_of_two_engines_are_not_mixed(house):
    ana = enrolled(house).result.voice_id
    house.catalog.voices.add(
        replace(house.catalog.voices.get(ana), id="voice_other", name="Outra", engine="another-engine")
    )
    with pytest.raises(InvalidInput, match="made by 'another-engine', not by 'tone'; mix voices of one engine"):
        house.mix(mix_of(enrolled_part(ana), enrolled_part("voice_other")))
    with pytest.raises(InvalidInput, match="made by 'tone', not by 'another-engine'"):
        house.mix(mix_of(enrolled_part(ana), preset("female_generic"), engine="another-engine"))


def test_an_engine_that_does_not_mix_is_refused_before_a_job_is_made(house, monkeypatch):
    card = replace(house.provider.card(), mixes_voices=False)
    monkeypatch.setattr(type(house.provider), "card", lambda _self: card)
    with pytest.raises(InvalidInput, match="'tone' cannot mix voices"):
        house.mix(mix_of())


def test_names_and_limits_are_as_for_an_enrolment(make_house):
    house = make_house({"max_voices": 1, "max_queued": 1})
    house.mix(mix_of())
    with pytest.raises(QueueFull):
        house.mix(mix_of(name="Outra"))
    assert house.run("worker")
    with pytest.raises(NameTaken):
        house.mix(mix_of(name="ENTRE"))
    with pytest.raises(Conflict, match="1 voices, which is the limit"):
        house.mix(mix_of(name="Outra"))
    with pytest.raises(Conflict, match="1 voices, which is the limit"):
        house.enrol(_new("Outra"), files(tone()))


def _new(name):
    from voicecore.usecases.submit_enrolment import NewVoice

    return NewVoice(name=name, language=PT)


def test_a_part_that_is_deleted_while_the_job_waits_fails_the_job_and_leaves_nothing(house):
    ana = enrolled(house).result.voice_id
    job = house.mix(mix_of(enrolled_part(ana), preset("female_generic")))
    house.delete_voice(ana)
    assert house.run("worker")
    failed = house.store.get(job.id)
    assert (failed.status, failed.error.code) == (JobStatus.FAILED, "not_found")
    assert ana in failed.error.message
    assert house.stored("voices/") == []


def test_a_name_taken_while_the_mix_waited_fails_the_job(house):
    job, other = house.mix(mix_of()), house.mix(mix_of())
    assert house.run("worker")
    assert house.run("worker")
    ends = {house.store.get(each.id).status for each in (job, other)}
    assert ends == {JobStatus.COMPLETED, JobStatus.FAILED}
    assert len(house.catalog.voices.all()) == 1
    assert len(house.stored("voices/")) == 2


def newer_model(house):
    engine = house.host.engine("tone")
    engine._card = replace(engine.card, model_digest="1" * 64)


def test_a_mix_of_another_model_version_cannot_be_spoken_with_and_says_what_to_do(house):
    voice = mixed(house)
    newer_model(house)
    job = speak(house, voice.id)
    assert (job.status, job.error.code) == (JobStatus.FAILED, "conflict")
    assert "delete it and mix it again" in job.error.message
    assert house.catalog.voices.get(voice.id) == voice


def test_parts_of_another_model_version_are_learned_again_before_they_are_mixed(house):
    ana = enrolled(house).result.voice_id
    old = house.catalog.voices.get(ana)
    newer_model(house)
    voice = mixed(house, enrolled_part(ana), preset("female_generic"))
    with house.blobs.open(voice.print_key) as reader:
        assert VoicePrint.from_bytes(reader.read()).model_digest == "1" * 64
    assert house.catalog.voices.get(ana).print_sha256 != old.print_sha256


# --- attempts that are killed, stalled or called off ------------------------------------------------------------------
def test_a_mix_that_crashed_before_its_voice_was_listed_is_made_once_by_the_next_attempt(house, monkeypatch):
    job = house.mix(mix_of())
    monkeypatch.setattr(house.catalog.voices, "add", lambda voice: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        house.run("doomed")
    monkeypatch.undo()
    assert house.stored("voices/") != []
    house.clock.advance(timedelta(minutes=1))
    assert house.run("worker")
    done = house.store.get(job.id)
    [voice] = house.catalog.voices.all()
    assert (done.status, done.attempt, done.result.voice_id) == (JobStatus.COMPLETED, 2, voice.id)
    assert house.stored("voices/") == sorted([voice.print_key, voice.sample_key])


def test_a_mix_that_crashed_after_its_voice_was_listed_ends_with_the_same_voice(house, monkeypatch):
    job = house.mix(mix_of())
    monkeypatch.setattr(house.store, "finish", lambda ended: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        house.run("doomed")
    monkeypatch.undo()
    [before] = house.catalog.voices.all()
    house.clock.advance(timedelta(minutes=1))
    assert house.run("worker")
    assert house.store.get(job.id).result.voice_id == before.id
    assert house.catalog.voices.all() == (before,)


def test_a_mix_cancelled_while_it_runs_leaves_nothing(house, monkeypatch):
    job = house.mix(mix_of())
    house.cancel_at(monkeypatch, job, "sample.wav")
    assert house.run("worker")
    assert house.store.get(job.id).status is JobStatus.CANCELLED
    assert house.stored() == []


def test_a_mix_cancelled_at_the_last_moment_leaves_no_voice(house, monkeypatch):
    job = house.mix(mix_of())
    truth = house.catalog.voices.add

    def add(voice):
        house.store.cancel(job.id, timedelta(hours=1))
        truth(voice)

    monkeypatch.setattr(house.catalog.voices, "add", add)
    assert house.run("worker")
    assert house.catalog.voices.all() == ()
    assert house.stored() == []


def test_a_stalled_mix_that_wakes_changes_nothing_of_the_voice_that_another_attempt_made(house, monkeypatch):
    job = house.mix(mix_of())
    truth, other = house.blobs.put, []

    def put(key, data):
        # The first attempt is asleep here for longer than its lease; another one makes the voice.
        if key.endswith("print.safetensors") and not other:
            other.append(True)
            house.clock.advance(timedelta(minutes=1))
            assert house.run("other")
            other[:] = [(house.catalog.voices.all(), house.stored("voices/"))]
            house.clock.advance(timedelta(seconds=1))
        return truth(key, data)

    monkeypatch.setattr(house.blobs, "put", put)
    assert house.run("stalled")
    assert house.store.get(job.id).status is JobStatus.COMPLETED
    assert (house.catalog.voices.all(), house.stored("voices/")) == other[0]


# --- what an engine has to say of a reference -------------------------------------------------------------------------
TOLD = ("The reference seems to hold two voices.",)


@pytest.fixture
def doubtful(house, monkeypatch):
    """A house whose engine has something to say of every reference."""
    engine = house.host.engine("tone")
    truth = engine.enroll
    monkeypatch.setattr(engine, "enroll", lambda clips, language: replace(truth(clips, language), notes=TOLD))
    return house


def test_what_an_engine_says_of_the_reference_is_in_the_job_and_in_the_voice(doubtful):
    job = enrolled(doubtful)
    assert job.warnings == TOLD
    assert doubtful.catalog.voices.get(job.result.voice_id).notes[1:] == TOLD


def test_it_is_told_once_even_if_the_attempt_that_heard_it_died(doubtful, monkeypatch):
    job = doubtful.enrol(_new("Ana"), files(tone()))
    monkeypatch.setattr(doubtful.store, "finish", lambda ended: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        doubtful.run("doomed")
    monkeypatch.delattr(doubtful.store, "finish")
    doubtful.clock.advance(timedelta(minutes=1))
    assert doubtful.run("worker")
    assert doubtful.store.get(job.id).warnings == TOLD
