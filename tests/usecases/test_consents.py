"""Whose voice may be made, and what becomes of it when they change their mind."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecore.access import Caller, Scope
from voicecore.audio import Audio
from voicecore.consent import STATEMENTS, Statement
from voicecore.errors import Conflict, ConsentRevoked, Forbidden, InvalidAudio, InvalidInput, NotFound
from voicecore.job import JobStatus
from voicecore.language import Language
from voicecore.limits import Limits
from voicecore.request import MixRequest, Mode, SynthesisRequest, VoicePart
from voicecore.testing.fakes import START
from voicecore.usecases.consents import KeepConsent, RevokeConsent
from voicecore.usecases.submit_enrolment import NewVoice

PT = Language("pt", "BR")


def wav(hz: float = 330.0, seconds: float = 2.0) -> io.BytesIO:
    time_s = np.arange(round(seconds * 16_000)) / 16_000
    return io.BytesIO(Audio((0.3 * np.sin(2 * np.pi * hz * time_s)).astype(np.float32), 16_000).wav_bytes())


def said(by: str = "Ana", text: str = "Concordo.") -> Statement:
    return Statement(by=by, text=text, given_at=START)


@pytest.fixture
def strict(house):
    """A house that learns no voice without consent."""
    house.enrol = replace(house.enrol, require_consent=True)
    house.keep_consent = KeepConsent(house.catalog, house.blobs, house.codec, house.clock, house.ids, house.limits)
    house.revoke = RevokeConsent(house.store, house.catalog, house.blobs, house.clock)
    return house


def learned(house, name="Ana", recording=None, **how):
    how = how or {"consent": said()}
    job = house.enrol(NewVoice(name=name, language=PT, **how), [wav()], consent_recording=recording)
    assert house.run("worker")
    done = house.store.get(job.id)
    assert done.status is JobStatus.COMPLETED, done.error
    return house.catalog.voices.get(done.result.voice_id)


def speech(voice, text="Bom dia."):
    return SynthesisRequest(text=text, source_language=PT, mode=Mode.DUBBING_WITH_CLONE, voice_id=voice.id)


def mix(*voices):
    return MixRequest(name="Entre", language=PT, parts=tuple(VoicePart(voice_id=voice.id) for voice in voices))


# --- at the door ------------------------------------------------------------------------------------------------------
def test_no_voice_is_learned_without_a_consent_and_nothing_is_left(strict):
    with pytest.raises(InvalidInput, match="consent_by") as refusal:
        strict.enrol(NewVoice(name="Ana", language=PT), [wav()])
    assert refusal.value.field == "consent"
    assert strict.stored() == []
    assert not strict.run("worker")


def test_a_person_without_a_text_agreed_to_the_text_offered_in_the_language():
    statement = Statement.read(by=" Ana ", text=None, language=PT, now=START)
    assert statement == Statement(by="Ana", text=STATEMENTS["pt"], given_at=START)
    assert Statement.read(by="Ana", text="", language=Language("ko"), now=START).text == STATEMENTS["en"]


def test_a_text_without_a_person_is_taken_where_it_is_a_sentence():
    assert Statement.read(by=None, text="Ana agreed by mail.", language=PT, now=START).by == ""
    for word in ("true", "1", "Sim.", "yes yes"):
        with pytest.raises(InvalidInput, match="does not say who agreed"):
            Statement.read(by=None, text=word, language=PT, now=START)
    assert Statement.read(by="  ", text=" ", language=PT, now=START) is None


@given(by=st.text(max_size=120), text=st.text(max_size=2_100))
def test_whatever_is_sent_becomes_a_statement_or_a_refusal_that_names_the_field(by: str, text: str):
    statement, field = None, None
    try:
        statement = Statement.read(by=by, text=text, language=PT, now=START)
    except InvalidInput as refusal:
        field = refusal.field
    assert field in (None, "consent", "consent_by")
    assert (statement is None and field is None) == (not by.strip() and not text.strip())


def test_a_consent_is_not_given_in_the_future_and_has_a_time_zone():
    with pytest.raises(InvalidInput, match="has not come yet"):
        Statement.read(by="Ana", text=None, language=PT, now=START, given_at=START + timedelta(seconds=1))
    with pytest.raises(InvalidInput, match="time zone"):
        Statement.read(by="Ana", text=None, language=PT, now=START, given_at=START.replace(tzinfo=None))
    before = START - timedelta(days=3)
    assert Statement.read(by="Ana", text=None, language=PT, now=START, given_at=before).given_at == before


def test_a_consent_and_the_id_of_one_together_are_refused(strict):
    kept = strict.keep_consent(said())
    with pytest.raises(InvalidInput, match="one of them"):
        strict.enrol(NewVoice(name="Ana", language=PT, consent=said(), consent_id=kept.id), [wav()])
    with pytest.raises(NotFound, match="no consent 'cons_none'"):
        strict.enrol(NewVoice(name="Ana", language=PT, consent_id="cons_none"), [wav()])


def test_a_silent_or_broken_recording_of_the_consent_is_refused_and_leaves_nothing(strict):
    silent = io.BytesIO(Audio(np.zeros(16_000, np.float32), 16_000).wav_bytes())
    with pytest.raises(InvalidAudio, match="silent"):
        strict.enrol(NewVoice(name="Ana", language=PT, consent=said()), [wav()], consent_recording=silent)
    with pytest.raises(InvalidInput, match="consent_by"):
        strict.enrol(
            NewVoice(name="Ana", language=PT, consent_id=strict.keep_consent(said()).id),
            [wav()],
            consent_recording=wav(),
        )
    assert strict.stored() == []


# --- kept with the voice ------------------------------------------------------------------------------------------------
def test_the_consent_and_its_recording_are_kept_with_the_voice_and_go_with_it(strict):
    voice = learned(strict, recording=wav(200.0, 1.5))
    (consent,) = strict.catalog.consents.all()
    assert voice.consents == (consent.id,)
    assert voice.consent == consent.statement.text == "Concordo."
    assert (consent.statement.by, consent.source_job_id, consent.language) == ("Ana", voice.source_job_id, PT)
    recording = consent.statement.recording
    assert recording.duration_s == pytest.approx(1.5)
    assert strict.blobs.stat(recording.key).sha256 == recording.sha256
    assert strict.stored("uploads/") == []
    strict.delete_voice(voice.id)
    assert strict.catalog.consents.all() == ()
    assert strict.stored() == []


def test_a_consent_of_its_own_serves_many_voices_and_outlives_them(strict):
    kept = strict.keep_consent(said(), language=PT, recording=wav(200.0))
    voices = [learned(strict, name, consent_id=kept.id) for name in ("Ana", "Ana calma")]
    for voice in voices:
        assert voice.consents == (kept.id,)
        strict.delete_voice(voice.id)
    assert strict.catalog.consents.get(kept.id) == kept
    assert strict.stored("consents/") == [kept.statement.recording.key]


def test_a_job_that_fails_leaves_no_consent(strict):
    job = strict.enrol(NewVoice(name="Ana", language=PT, consent=said()), [wav()], consent_recording=wav())
    learned_meanwhile = learned_first(strict, "Ana")
    assert strict.store.get(job.id).status is JobStatus.FAILED
    assert [each.id for each in strict.catalog.consents.all()] == list(learned_meanwhile.consents)
    assert strict.stored("uploads/") == []


def learned_first(house, name):
    """Another job of the same name, which takes it before the first one runs."""
    other = house.enrol(NewVoice(name=f"{name} 2", language=PT, consent=said()), [wav()])
    first = house.store.claim("other", timedelta(seconds=30), max_tries=3, keep=timedelta(hours=1))
    assert house.run("worker")
    voice = house.catalog.voices.get(house.store.get(other.id).result.voice_id)
    house.catalog.voices.replace(replace(voice, name=name))
    house.store.finish(first.handed_back(bad=False))
    assert house.run("worker")
    return house.catalog.voices.get(voice.id)


def test_a_consent_that_a_killed_attempt_left_is_tidied_once_its_job_is_over(strict):
    voice = learned(strict)
    strict.catalog.voices.delete(voice.id)
    strict.purge.tidy()
    assert len(strict.catalog.consents.all()) == 1
    strict.clock.advance(timedelta(hours=2))
    strict.purge.tidy()
    assert strict.catalog.consents.all() == ()


def test_an_orphaned_recording_is_swept_and_an_owned_one_stays(strict):
    kept = strict.keep_consent(said(), recording=wav())
    strict.blobs.put("consents/cons_lost/recording.wav", [b"x"])
    strict.clock.advance(timedelta(hours=2))
    strict.purge.tidy()
    assert strict.stored("consents/") == [kept.statement.recording.key]


# --- withdrawn ----------------------------------------------------------------------------------------------------------
def test_after_a_withdrawal_the_voice_stays_and_is_not_used(strict):
    voice, other = learned(strict, recording=wav()), learned(strict, "Bia")
    silenced, cancelled = strict.revoke(voice.consents[0])
    assert ([each.id for each in silenced], cancelled) == ([voice.id], 0)
    assert strict.catalog.voices.get(voice.id) == voice
    assert strict.stored("consents/") == []
    consent = strict.catalog.consents.get(voice.consents[0])
    assert consent.revoked_at == strict.clock.now()
    assert consent.statement.recording.sha256
    for refused in (lambda: strict.submit(speech(voice)), lambda: strict.mix(mix(voice, other))):
        with pytest.raises(ConsentRevoked, match=r"withdrawn.*delete it, or learn it again"):
            refused()
    assert strict.submit(speech(other)).status is JobStatus.QUEUED
    strict.delete_voice(voice.id)
    assert strict.catalog.consents.get(consent.id) is None


def test_withdrawing_twice_keeps_the_first_time(strict):
    voice = learned(strict)
    strict.revoke(voice.consents[0])
    first = strict.catalog.consents.get(voice.consents[0])
    strict.clock.advance(timedelta(days=1))
    strict.revoke(voice.consents[0])
    assert strict.catalog.consents.get(voice.consents[0]) == first


def test_a_consent_that_no_voice_needs_is_gone_when_it_is_withdrawn(strict):
    kept = strict.keep_consent(said(), recording=wav())
    assert strict.revoke(kept.id) == ((), 0)
    assert strict.catalog.consents.all() == ()
    assert strict.stored() == []
    with pytest.raises(NotFound):
        strict.revoke(kept.id)


def test_a_withdrawal_ends_what_waits_and_what_runs_with_the_voice_and_nothing_else(strict):
    voice, other = learned(strict), learned(strict, "Bia")
    waiting, running = strict.submit(speech(voice)), strict.submit(speech(voice, "Boa noite."))
    mixing, free = strict.mix(mix(voice, other)), strict.submit(speech(other))
    claimed = strict.store.claim("worker", timedelta(seconds=30), max_tries=3, keep=timedelta(hours=1))
    assert claimed.id == waiting.id
    _, cancelled = strict.revoke(voice.consents[0])
    assert cancelled == 3
    states = [strict.store.get(each.id).status for each in (waiting, running, mixing, free)]
    assert states == [JobStatus.CANCELLED] * 3 + [JobStatus.QUEUED]


def test_a_clone_under_a_consent_that_is_withdrawn_meanwhile_ends(strict):
    kept = strict.keep_consent(said())
    job = strict.enrol(NewVoice(name="Ana", language=PT, consent_id=kept.id), [wav()])
    strict.revoke(kept.id)
    assert strict.store.get(job.id).status is JobStatus.CANCELLED
    with pytest.raises(NotFound):
        strict.enrol(NewVoice(name="Ana", language=PT, consent_id=kept.id), [wav()])


def test_a_withdrawal_between_the_door_and_the_attempt_is_seen_by_the_attempt(strict):
    kept = strict.keep_consent(said())
    voice = learned(strict, consent_id=kept.id)
    speaking = strict.submit(speech(voice))
    cloning = strict.enrol(NewVoice(name="Bia", language=PT, consent_id=kept.id), [wav()])
    # As a withdrawal whose look at the jobs came before these were stored.
    strict.catalog.consents.replace(replace(kept, revoked_at=strict.clock.now()))
    assert strict.run("worker")
    assert strict.run("worker")
    for job in (speaking, cloning):
        ended = strict.store.get(job.id)
        assert (ended.status, ended.error.code) == (JobStatus.FAILED, "consent_revoked")
    assert len(strict.catalog.voices.all()) == 1


def test_a_mix_needs_the_consents_of_all_its_parts(strict):
    ana, bia = learned(strict), learned(strict, "Bia")
    job = strict.mix(mix(ana, bia))
    assert strict.run("worker")
    voice = strict.catalog.voices.get(strict.store.get(job.id).result.voice_id)
    assert voice.consents == (*ana.consents, *bia.consents)
    strict.delete_voice(ana.id)
    assert strict.catalog.consents.get(ana.consents[0]) is not None, "the mix needs it still"
    strict.revoke(ana.consents[0])
    with pytest.raises(ConsentRevoked):
        strict.submit(speech(voice))
    strict.delete_voice(voice.id)
    assert [each.id for each in strict.catalog.consents.all()] == list(bia.consents)


def test_voices_from_before_consents_speak_on(strict):
    voice = learned(strict)
    old = replace(voice, consents=(), consent="Ana said yes.")
    strict.catalog.voices.replace(old)
    assert strict.submit(speech(old)).status is JobStatus.QUEUED


def test_a_consent_belongs_to_the_key_that_brought_it(strict):
    ana, bia = (Caller(key, frozenset({Scope.CLONE, Scope.SPEAK})) for key in ("key_a", "key_b"))
    kept = strict.keep_consent(said(), caller=ana)
    job = strict.enrol(NewVoice(name="Ana", language=PT, consent=said()), [wav()], caller=ana)
    assert strict.run("worker")
    voice = strict.catalog.voices.get(strict.store.get(job.id).result.voice_id)
    assert {each.owner for each in strict.catalog.consents.all()} == {"key_a"}
    for consent_id in (kept.id, voice.consents[0]):
        with pytest.raises(NotFound):
            strict.revoke(consent_id, bia)
        with pytest.raises(NotFound):
            strict.enrol(NewVoice(name="Bia", language=PT, consent_id=consent_id), [wav()], caller=bia)
    for act in (
        lambda caller: strict.keep_consent(said(), caller=caller),
        lambda caller: strict.revoke(kept.id, caller),
    ):
        with pytest.raises(Forbidden):
            act(Caller("key_a", frozenset({Scope.SPEAK})))
    assert strict.revoke(kept.id, ana) == ((), 0)


def test_there_are_as_many_consents_on_their_own_as_there_may_be_voices(strict):
    keep = replace(strict.keep_consent, limits=Limits(max_voices=2))
    first, _ = keep(said()), keep(said("Bia"), recording=wav())
    learned(strict)  # its consent goes with its voice, and is not counted
    with pytest.raises(Conflict, match="limit is that of voices, 2"):
        keep(said("Caio"), recording=wav())
    assert len(strict.catalog.consents.all()) == 3
    strict.revoke(first.id)
    assert keep(said("Caio")).statement.by == "Caio"
