"""Records: what was written is read back, and what we did not write is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecore.consent import Consent, ConsentId, Recording, Statement
from voicecore.consent_records import dump_consent, load_consent
from voicecore.conversion import ConversionSettings, F0Method
from voicecore.errors import InvalidInput, StorageUnavailable
from voicecore.handling import PLAIN, Handling, Priority
from voicecore.job import JobError, JobId, JobResult, JobStatus, SegmentCount, SynthesisJob
from voicecore.language import Language
from voicecore.quality import ProfileId, QualityProfile
from voicecore.records import (
    dump_job,
    dump_profile,
    dump_voice,
    epoch_us,
    load_job,
    load_profile,
    load_voice,
)
from voicecore.request import EnrolmentRequest, MixRequest, Mode, OutputFormat, SynthesisRequest, VoicePart
from voicecore.testing.fakes import START
from voicecore.testing.samples import audio_result, queued_job
from voicecore.voice import VoiceId, VoiceProfile

KEEP = timedelta(hours=24)

# Golden records: written by version 1, and never to be edited. A later version must still read them.
GOLDEN_QUEUED = (
    '{"v":1,"kind":"job","id":"job_1","request":["speech",{"text":"Ol\\u00e1, mundo!","source_language":"pt-BR",'
    '"target_language":"en","mode":"dubbing_with_clone","voice_preset":"female_generic","voice_id":"voice_1",'
    '"engine":null,"quality_profile_id":"calm","speed":0.75,"seed":7,"output_format":"opus","conversion":'
    '{"model_id":"rvc_1","pitch":0,"index_rate":0.5,"protect":0.33,"rms_mix_rate":0,"filter_radius":3,'
    '"hop_length":128,"f0_method":"fcpe"}}],"engine":"tone","quality_profile_id":"calm",'
    '"parameters":[["speed",0.75],["top_k",50]],"spoken_language":"pt-BR",'
    '"created_at":"2026-01-02T03:04:05.678901+00:00","status":"queued","attempt":0,"tries":0,"worker":null,'
    '"progress":0.0,"progress_message":"","segments":{"total":0,"done":0,"cached":0},"warnings":["It was long."],'
    '"result":null,"error":null,"lease_until":null,"started_at":null,"completed_at":null,"expires_at":null}'
)
GOLDEN_COMPLETED = (
    '{"v":1,"kind":"job","id":"job_2","request":["enrolment",{"name":"Ana","language":"en","clip_keys":'
    '["uploads/a.wav","uploads/b.wav"],"reference_duration_s":9.5,"description":"","engine":"tone","consent":"Yes."}],'
    '"engine":"tone","quality_profile_id":null,"parameters":[],"spoken_language":"en",'
    '"created_at":"2026-01-02T03:04:05.678901+00:00","status":"completed","attempt":2,"tries":1,"worker":"w1",'
    '"progress":100.0,"progress_message":"done","segments":{"total":1,"done":1,"cached":0},"warnings":[],"result":'
    '{"audio_key":null,"duration_s":0.0,"sample_rate_hz":0,"file_size":0,"manifest_key":null,"voice_id":"voice_1"},'
    '"error":null,"lease_until":null,"started_at":"2026-01-02T03:04:06+00:00",'
    '"completed_at":"2026-01-02T03:04:07+00:00","expires_at":"2026-01-03T03:04:07+00:00"}'
)
# Written by version 2 of the jobs, and never to be edited either.
GOLDEN_QUEUED_2 = (
    '{"v":2,"kind":"job","id":"job_1","request":["speech",{"text":"Ol\\u00e1, mundo!","source_language":"pt-BR",'
    '"target_language":"en","mode":"dubbing_with_clone","voice_preset":"female_generic","voice_id":"voice_1",'
    '"engine":null,"quality_profile_id":"calm","speed":0.75,"seed":7,"output_format":"opus","conversion":'
    '{"model_id":"rvc_1","pitch":0,"index_rate":0.5,"protect":0.33,"rms_mix_rate":0,"filter_radius":3,'
    '"hop_length":128,"f0_method":"fcpe"}}],"engine":"tone","quality_profile_id":"calm",'
    '"parameters":[["speed",0.75],["top_k",50]],"spoken_language":"pt-BR",'
    '"created_at":"2026-01-02T03:04:05.678901+00:00","status":"queued","attempt":0,"tries":0,"worker":null,'
    '"progress":0.0,"progress_message":"","handling":{"priority":"high","webhook_url":"https://example.org/told?of=1"},'
    '"segments":{"total":0,"done":0,"cached":0},"warnings":["It was long."],'
    '"result":null,"error":null,"lease_until":null,"started_at":null,"completed_at":null,"expires_at":null}'
)
GOLDEN_COMPLETED_2 = (
    '{"v":2,"kind":"job","id":"job_2","request":["enrolment",{"name":"Ana","language":"en","clip_keys":'
    '["uploads/a.wav","uploads/b.wav"],"reference_duration_s":9.5,"description":"","engine":"tone","consent":"Yes."}],'
    '"engine":"tone","quality_profile_id":null,"parameters":[],"spoken_language":"en",'
    '"created_at":"2026-01-02T03:04:05.678901+00:00","status":"completed","attempt":2,"tries":1,"worker":"w1",'
    '"progress":100.0,"progress_message":"done","handling":{"priority":"normal","webhook_url":null},'
    '"segments":{"total":1,"done":1,"cached":0},"warnings":[],"result":'
    '{"audio_key":null,"duration_s":0.0,"sample_rate_hz":0,"file_size":0,"manifest_key":null,"voice_id":"voice_1"},'
    '"error":null,"lease_until":null,"started_at":"2026-01-02T03:04:06+00:00",'
    '"completed_at":"2026-01-02T03:04:07+00:00","expires_at":"2026-01-03T03:04:07+00:00"}'
)
# Written by version 3, and never to be edited either.
GOLDEN_QUEUED_3 = GOLDEN_QUEUED_2.replace('{"v":2,', '{"v":3,')
GOLDEN_COMPLETED_3 = GOLDEN_COMPLETED_2.replace('{"v":2,', '{"v":3,')
GOLDEN_MIX_3 = (
    '{"v":3,"kind":"job","id":"job_3","request":["mix",{"name":"Ana e a suave","language":"pt-BR","description":"Entre as '
    'duas","engine":"tone","parts":[{"voice_id":"voice_1","preset":null,"weight":3},'
    '{"voice_id":null,"preset":"female_soft","weight":0.5}]}],'
    '"engine":"tone","quality_profile_id":null,"parameters":[],"spoken_language":"pt-BR",'
    '"created_at":"2026-01-02T03:04:05.678901+00:00","status":"queued","attempt":0,"tries":0,"worker":null,'
    '"progress":0.0,"progress_message":"","handling":{"priority":"normal","webhook_url":null},'
    '"segments":{"total":0,"done":0,"cached":0},"warnings":[],"result":null,"error":null,"lease_until":null,'
    '"started_at":null,"completed_at":null,"expires_at":null}'
)
# Written by version 4, and never to be edited either.
_SETTINGS = '"index_rate":0.5,"protect":0.33,"rms_mix_rate":0,"filter_radius":3,"hop_length":128,"f0_method":"fcpe"'
GOLDEN_QUEUED_4 = (
    '{"v":4,"kind":"job","id":"job_1","request":["speech",{"text":"Ol\\u00e1, mundo!","source_language":"pt-BR",'
    '"target_language":"en","mode":"dubbing_with_clone","voice_preset":"female_generic","voice_id":"voice_1",'
    '"engine":null,"quality_profile_id":"calm","speed":0.75,"seed":7,"output_format":"opus","conversion":'
    '{"model_id":"rvc_1","pitch":0,' + _SETTINGS + ',"seed":0},"f0_method_named":false,"conversion_required":false}],'
    '"engine":"tone","quality_profile_id":"calm","parameters":[["speed",0.75],["top_k",50]],"conversion":'
    '{"model_id":"rvc_1","pitch":0,' + _SETTINGS + ',"seed":7},"spoken_language":"pt-BR",'
    '"created_at":"2026-01-02T03:04:05.678901+00:00","status":"queued","attempt":0,"tries":0,"worker":null,'
    '"progress":0.0,"progress_message":"","handling":{"priority":"high","webhook_url":"https://example.org/told?of=1"},'
    '"segments":{"total":0,"done":0,"cached":0},"warnings":["It was long."],'
    '"result":null,"error":null,"lease_until":null,"started_at":null,"completed_at":null,"expires_at":null}'
)
GOLDEN_COMPLETED_4 = (
    '{"v":4,"kind":"job","id":"job_2","request":["enrolment",{"name":"Ana","language":"en","clip_keys":'
    '["uploads/a.wav","uploads/b.wav"],"reference_duration_s":9.5,"description":"","engine":"tone","consent":"Yes."}],'
    '"engine":"tone","quality_profile_id":null,"parameters":[],"conversion":null,"spoken_language":"en",'
    '"created_at":"2026-01-02T03:04:05.678901+00:00","status":"completed","attempt":2,"tries":1,"worker":"w1",'
    '"progress":100.0,"progress_message":"done","handling":{"priority":"normal","webhook_url":null},'
    '"segments":{"total":1,"done":1,"cached":0},"warnings":[],"result":'
    '{"audio_key":null,"duration_s":0.0,"sample_rate_hz":0,"file_size":0,"manifest_key":null,"voice_id":"voice_1",'
    '"conversion_applied":null,"conversion_fallback":"","index_used":null,"index_reason":""},'
    '"error":null,"lease_until":null,"started_at":"2026-01-02T03:04:06+00:00",'
    '"completed_at":"2026-01-02T03:04:07+00:00","expires_at":"2026-01-03T03:04:07+00:00"}'
)
# Version 5 and version 3 of the voices brought the owner.
GOLDEN_QUEUED_5 = GOLDEN_QUEUED_4.replace('{"v":4,', '{"v":5,').replace(
    '"spoken_language":"pt-BR",', '"spoken_language":"pt-BR","owner":"",'
)
GOLDEN_COMPLETED_5 = GOLDEN_COMPLETED_4.replace('{"v":4,', '{"v":5,').replace(
    '"spoken_language":"en",', '"spoken_language":"en","owner":"key_1",'
)
GOLDEN_MIX_4 = GOLDEN_MIX_3.replace('{"v":3,', '{"v":4,').replace(
    '"parameters":[],', '"parameters":[],"conversion":null,'
)
GOLDEN_MIX_5 = GOLDEN_MIX_4.replace('{"v":4,', '{"v":5,').replace(
    '"spoken_language":"pt-BR",', '"spoken_language":"pt-BR","owner":"",'
)
# Written by version 6, and never to be edited either.
GOLDEN_QUEUED_6 = GOLDEN_QUEUED_5.replace('{"v":5,', '{"v":6,').replace(
    '"seed":7},"spoken_language"', '"seed":7},"converter":"rvc","spoken_language"'
)
GOLDEN_COMPLETED_6, GOLDEN_MIX_6 = (
    record.replace('{"v":5,', '{"v":6,').replace('"conversion":null,', '"conversion":null,"converter":null,')
    for record in (GOLDEN_COMPLETED_5, GOLDEN_MIX_5)
)
# Version 7 has whole statements of consent; version 4 of the voices has ids of consents.
GOLDEN_QUEUED_7, GOLDEN_MIX_7 = (record.replace('{"v":6,', '{"v":7,') for record in (GOLDEN_QUEUED_6, GOLDEN_MIX_6))
GOLDEN_COMPLETED_7 = GOLDEN_COMPLETED_6.replace('{"v":6,', '{"v":7,').replace(
    '"consent":"Yes."',
    '"consent":{"by":"","text":"Yes.","given_at":"2026-01-02T03:04:05.678901+00:00","recording":null},"consent_id":null',
)
# Written by version 8, and never to be edited either.
_TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
GOLDEN_QUEUED_8 = GOLDEN_QUEUED_7.replace('{"v":7,', '{"v":8,')[:-1] + f',"traceparent":"{_TRACE}"}}'
GOLDEN_COMPLETED_8 = GOLDEN_COMPLETED_7.replace('{"v":7,', '{"v":8,')[:-1] + ',"traceparent":null}'
GOLDEN_MIX_8 = GOLDEN_MIX_7.replace('{"v":7,', '{"v":8,')[:-1] + ',"traceparent":null}'
GOLDEN_VOICE_1 = (
    '{"v":1,"kind":"voice","id":"voice_1","name":"Ana","language":"pt-BR","engine":"kokoro","method":"voice matching",'
    '"print_key":"voices/voice_1/print.npz","print_sha256":"00ff","reference_key":"voices/voice_1/reference.wav",'
    '"sample_key":null,"reference_duration_s":9.5,"description":"Clara","consent":"Sim.",'
    '"created_at":"2026-01-02T03:04:05.678901+00:00","source_job_id":"job_2","notes":["8 kHz reference"]}'
)
GOLDEN_VOICE_2 = GOLDEN_VOICE_1.replace('{"v":1,', '{"v":2,')
GOLDEN_MIXED_VOICE_2 = (
    '{"v":2,"kind":"voice","id":"voice_3","name":"Ana e a suave","language":"pt-BR","engine":"tone","method":"mixing",'
    '"print_key":"voices/voice_3/a1/print.safetensors","print_sha256":"00ff","reference_key":null,'
    '"sample_key":"voices/voice_3/a1/sample.wav","reference_duration_s":0.0,"description":"","consent":null,'
    '"created_at":"2026-01-02T03:04:05.678901+00:00","source_job_id":"job_3","notes":["A mix of two."]}'
)
GOLDEN_VOICE_3 = GOLDEN_VOICE_2.replace('{"v":2,', '{"v":3,').replace(
    '"notes":["8 kHz reference"]', '"notes":["8 kHz reference"],"owner":""'
)
GOLDEN_MIXED_VOICE_3 = GOLDEN_MIXED_VOICE_2.replace('{"v":2,', '{"v":3,').replace(
    '"notes":["A mix of two."]', '"notes":["A mix of two."],"owner":"key_1"'
)
GOLDEN_VOICE_4 = GOLDEN_VOICE_3.replace('{"v":3,', '{"v":4,').replace(
    '"consent":"Sim.",', '"consent":"Sim.","consents":[],'
)
GOLDEN_MIXED_VOICE_4 = GOLDEN_MIXED_VOICE_3.replace('{"v":3,', '{"v":4,').replace(
    '"consent":null,', '"consent":null,"consents":[],'
)
GOLDEN_CONSENT = (
    '{"v":1,"kind":"consent","id":"cons_1","statement":{"by":"Ana","text":"Eu concordo.",'
    '"given_at":"2026-01-02T03:04:05.678901+00:00","recording":{"key":"consents/cons_1/recording.wav","sha256":"00ff",'
    '"duration_s":2.5}},"language":"pt-BR","created_at":"2026-01-02T03:04:05.678901+00:00","source_job_id":"job_2",'
    '"revoked_at":null,"owner":"key_1"}'
)
GOLDEN_PROFILE = (
    '{"v":1,"kind":"profile","id":"calm","name":"Calm","engine":"tone","description":"Slow",'
    '"parameters":{"speed":0.9,"top_k":50},"built_in":false}'
)


def golden_jobs() -> tuple[SynthesisJob, SynthesisJob]:
    queued = SynthesisJob(
        id=JobId("job_1"),
        request=SynthesisRequest(
            text="Olá, mundo!",
            source_language=Language("pt", "BR"),
            target_language=Language("en"),
            mode=Mode.DUBBING_WITH_CLONE,
            voice_id="voice_1",
            quality_profile_id="calm",
            speed=0.75,
            seed=7,
            output_format=OutputFormat.OPUS,
            conversion=ConversionSettings(model_id="rvc_1", index_rate=0.5, rms_mix_rate=0, f0_method=F0Method.FCPE),
        ),
        engine="tone",
        quality_profile_id="calm",
        parameters=(("speed", 0.75), ("top_k", 50)),
        conversion=ConversionSettings(
            model_id="rvc_1", index_rate=0.5, rms_mix_rate=0, f0_method=F0Method.FCPE, seed=7
        ),
        converter="rvc",
        spoken_language=Language("pt", "BR"),
        created_at=START,
        warnings=("It was long.",),
    )
    completed = SynthesisJob(
        id=JobId("job_2"),
        request=EnrolmentRequest(
            name="Ana",
            language=Language("en"),
            clip_keys=("uploads/a.wav", "uploads/b.wav"),
            reference_duration_s=9.5,
            engine="tone",
            consent=Statement(by="", text="Yes.", given_at=START),
        ),
        engine="tone",
        spoken_language=Language("en"),
        created_at=START,
        status=JobStatus.COMPLETED,
        attempt=2,
        tries=1,
        worker="w1",
        progress=100.0,
        progress_message="done",
        segments=SegmentCount(1, 1, 0),
        result=JobResult(voice_id="voice_1"),
        started_at=START.replace(second=6, microsecond=0),
        completed_at=START.replace(second=7, microsecond=0),
        expires_at=START.replace(second=7, microsecond=0) + KEEP,
    )
    return queued, completed


GOLDEN_VOICE_VALUE = VoiceProfile(
    id=VoiceId("voice_1"),
    name="Ana",
    language=Language("pt", "BR"),
    engine="kokoro",
    method="voice matching",
    print_key="voices/voice_1/print.npz",
    print_sha256="00ff",
    reference_key="voices/voice_1/reference.wav",
    reference_duration_s=9.5,
    description="Clara",
    consent="Sim.",
    created_at=START,
    source_job_id="job_2",
    notes=("8 kHz reference",),
)
GOLDEN_MIX_VALUE = SynthesisJob(
    id=JobId("job_3"),
    request=MixRequest(
        name="Ana e a suave",
        language=Language("pt", "BR"),
        parts=(VoicePart(voice_id="voice_1", weight=3), VoicePart(preset="female_soft", weight=0.5)),
        description="Entre as duas",
        engine="tone",
    ),
    engine="tone",
    spoken_language=Language("pt", "BR"),
    created_at=START,
)
GOLDEN_MIXED_VOICE_VALUE = VoiceProfile(
    id=VoiceId("voice_3"),
    name="Ana e a suave",
    language=Language("pt", "BR"),
    engine="tone",
    method="mixing",
    print_key="voices/voice_3/a1/print.safetensors",
    print_sha256="00ff",
    reference_key=None,
    sample_key="voices/voice_3/a1/sample.wav",
    reference_duration_s=0.0,
    created_at=START,
    source_job_id="job_3",
    notes=("A mix of two.",),
)
GOLDEN_PROFILE_VALUE = QualityProfile(
    id=ProfileId("calm"), name="Calm", engine="tone", description="Slow", parameters={"speed": 0.9, "top_k": 50}
)


def golden_jobs_2() -> tuple[SynthesisJob, SynthesisJob]:
    queued, completed = golden_jobs()
    told = Handling(priority=Priority.HIGH, webhook_url="https://example.org/told?of=1")
    return replace(queued, handling=told), completed


def test_golden_records_of_version_1_are_still_read() -> None:
    jobs = (load_job(GOLDEN_QUEUED), load_job(GOLDEN_COMPLETED))
    assert jobs == golden_jobs()
    assert {job.handling for job in jobs} == {PLAIN}
    assert load_voice(GOLDEN_VOICE_1) == GOLDEN_VOICE_VALUE
    assert load_profile(GOLDEN_PROFILE) == GOLDEN_PROFILE_VALUE


def test_golden_records_of_version_2_are_still_read() -> None:
    assert (load_job(GOLDEN_QUEUED_2), load_job(GOLDEN_COMPLETED_2)) == golden_jobs_2()


def test_golden_records_of_version_3_are_still_read() -> None:
    assert (load_job(GOLDEN_QUEUED_3), load_job(GOLDEN_COMPLETED_3)) == golden_jobs_2()
    assert load_job(GOLDEN_MIX_3) == GOLDEN_MIX_VALUE
    assert load_voice(GOLDEN_VOICE_2) == GOLDEN_VOICE_VALUE
    assert load_voice(GOLDEN_MIXED_VOICE_2) == GOLDEN_MIXED_VOICE_VALUE


def test_golden_records_of_version_4_are_still_read_as_nobodys() -> None:
    assert (load_job(GOLDEN_QUEUED_4), load_job(GOLDEN_COMPLETED_4)) == golden_jobs_2()
    assert load_job(GOLDEN_MIX_4) == GOLDEN_MIX_VALUE
    assert load_job(GOLDEN_QUEUED_4).owner == load_voice(GOLDEN_VOICE_2).owner == ""


def test_golden_records_of_version_5_are_still_read() -> None:
    queued, completed = golden_jobs_2()
    assert (load_job(GOLDEN_QUEUED_5), load_job(GOLDEN_COMPLETED_5)) == (queued, replace(completed, owner="key_1"))
    assert load_job(GOLDEN_QUEUED_5).line == "tone+rvc"
    assert load_job(GOLDEN_MIX_5) == GOLDEN_MIX_VALUE


def test_golden_records_of_version_6_and_voices_of_version_3_are_still_read() -> None:
    queued, completed = golden_jobs_2()
    assert (load_job(GOLDEN_QUEUED_6), load_job(GOLDEN_COMPLETED_6)) == (queued, replace(completed, owner="key_1"))
    assert load_job(GOLDEN_MIX_6) == GOLDEN_MIX_VALUE
    assert load_voice(GOLDEN_VOICE_3) == GOLDEN_VOICE_VALUE
    assert load_voice(GOLDEN_MIXED_VOICE_3) == replace(GOLDEN_MIXED_VOICE_VALUE, owner="key_1")


def test_a_consent_of_an_older_job_becomes_a_statement_whose_words_alone_tell_whose_it_was() -> None:
    request = load_job(GOLDEN_COMPLETED_6).request
    assert isinstance(request, EnrolmentRequest)
    assert request.consent == Statement(by="", text="Yes.", given_at=START)
    for text in ("null", '" "'):
        without = load_job(GOLDEN_COMPLETED_6.replace('"Yes."', text)).request
        assert isinstance(without, EnrolmentRequest)
        assert without.consent is None


def test_a_consent_is_read_as_it_was_written() -> None:
    spoken = Recording(key="consents/cons_1/recording.wav", sha256="00ff", duration_s=2.5)
    consent = Consent(
        id=ConsentId("cons_1"), language=Language("pt", "BR"), created_at=START, source_job_id="job_2", owner="key_1",
        statement=Statement(by="Ana", text="Eu concordo.", given_at=START, recording=spoken),
    )  # fmt: skip
    assert dump_consent(consent) == GOLDEN_CONSENT
    assert load_consent(GOLDEN_CONSENT) == consent
    with pytest.raises(StorageUnavailable):
        load_consent(altered(GOLDEN_CONSENT, statement={"by": "Ana"}))


def test_the_name_of_a_trace_is_kept_with_its_job_from_version_8_on() -> None:
    assert load_job(GOLDEN_QUEUED_7).traceparent is None
    assert load_job(GOLDEN_QUEUED_8).traceparent == _TRACE
    with pytest.raises(StorageUnavailable, match="version 7 has no traceparent"):
        load_job(altered(GOLDEN_QUEUED_8, v=7))


def test_what_is_written_is_still_version_8_of_jobs_4_of_voices_and_1_of_profiles() -> None:
    """If this fails, the documents have changed: give them a new version, and read both."""
    queued, completed = golden_jobs_2()
    queued = replace(queued, traceparent=_TRACE)
    owned = replace(completed, owner="key_1")
    assert (dump_job(queued), dump_job(owned)) == (GOLDEN_QUEUED_8, GOLDEN_COMPLETED_8)
    assert load_job(GOLDEN_COMPLETED_8) == owned
    assert dump_job(GOLDEN_MIX_VALUE) == GOLDEN_MIX_8
    assert dump_voice(GOLDEN_VOICE_VALUE) == GOLDEN_VOICE_4
    mixed = replace(GOLDEN_MIXED_VOICE_VALUE, owner="key_1")
    assert dump_voice(mixed) == GOLDEN_MIXED_VOICE_4
    assert load_voice(GOLDEN_MIXED_VOICE_4) == mixed
    assert dump_profile(GOLDEN_PROFILE_VALUE) == GOLDEN_PROFILE


def test_records_of_older_versions_are_written_as_the_newest() -> None:
    newest = GOLDEN_COMPLETED_8.replace('"owner":"key_1"', '"owner":""')
    assert dump_job(load_job(GOLDEN_COMPLETED)) == dump_job(load_job(GOLDEN_COMPLETED_2)) == newest
    assert dump_job(replace(load_job(GOLDEN_QUEUED_3), traceparent=_TRACE)) == GOLDEN_QUEUED_8
    assert dump_job(load_job(GOLDEN_MIX_3)) == GOLDEN_MIX_8
    assert dump_voice(load_voice(GOLDEN_VOICE_1)) == GOLDEN_VOICE_4


def test_mixes_and_voices_without_reference_are_refused_in_versions_that_had_none() -> None:
    with pytest.raises(StorageUnavailable, match="version 2 has no mixes"):
        load_job(altered(GOLDEN_MIX_3, v=2))
    with pytest.raises(StorageUnavailable):
        load_voice(altered(GOLDEN_MIXED_VOICE_2, v=1))


@pytest.mark.parametrize(
    "parts",
    [
        None, [], [{}], [{"voice_id": "voice_1", "preset": None, "weight": 1}],
        [{"voice_id": None, "preset": None, "weight": 1}, {"voice_id": "a", "preset": None, "weight": 1}],
        [{"voice_id": "a", "preset": None, "weight": 1}, {"voice_id": "a", "preset": None, "weight": 1}],
        [{"voice_id": "a", "preset": None, "weight": 0}, {"voice_id": "b", "preset": None, "weight": 1}],
        [{"voice_id": "a", "preset": None, "weight": True}, {"voice_id": "b", "preset": None, "weight": 1}],
    ],
)  # fmt: skip
def test_a_stored_mix_that_could_not_have_been_asked_for_is_refused(parts: object) -> None:
    _, body = json.loads(GOLDEN_MIX_8)["request"]
    with pytest.raises(StorageUnavailable):
        load_job(altered(GOLDEN_MIX_8, request=["mix", {**body, "parts": parts}]))


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20).map(
    lambda text: f"a{text}b"
)
MOMENTS = st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1),
                       timezones=st.sampled_from([UTC, timezone(timedelta(hours=-3))]))  # fmt: skip


@st.composite
def jobs(draw: st.DrawFn) -> SynthesisJob:
    job = replace(
        queued_job(text=draw(WORDS), created_at=draw(MOMENTS)),
        parameters=tuple(
            draw(st.dictionaries(WORDS, st.floats(allow_nan=False, allow_infinity=False) | st.integers())).items()
        ),
        warnings=tuple(draw(st.lists(WORDS, max_size=3))),
        tries=draw(st.integers(0, 5)),
        handling=Handling(
            priority=draw(st.sampled_from(Priority)),
            webhook_url=draw(st.sampled_from([None, "http://localhost:1", "https://example.org/a?b=%C3%A7&c='"])),
        ),
    )
    now = draw(MOMENTS)
    state = draw(st.sampled_from(JobStatus))
    if state is JobStatus.QUEUED:
        return job
    if state is JobStatus.CANCELLED:
        return job.cancelled(now, KEEP)
    total = draw(st.integers(0, 9))
    running = job.claimed(draw(WORDS), now, KEEP).progressed(
        SegmentCount(total, draw(st.integers(0, total))), draw(WORDS)
    )
    if state is JobStatus.COMPLETED:
        return running.completed(audio_result(running), now, KEEP)
    if state is JobStatus.FAILED:
        return running.failed(JobError(draw(WORDS), draw(WORDS), draw(st.booleans())), now, KEEP)
    return running


@given(jobs())
def test_a_job_is_read_back_equal_in_one_ascii_line(job: SynthesisJob) -> None:
    record = dump_job(job)
    assert load_job(record) == job
    assert load_job(record.encode()) == job
    assert record.isascii()
    assert "\n" not in record


def altered(record: str, **changes: object) -> str:
    return json.dumps(json.loads(record) | changes)


@pytest.mark.parametrize(
    "version", [0, -1, 9, 99, "1", "2", "3", "4", "5", "6", "7", "8", None, True, 1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 8.0]
)
def test_another_version_is_refused_with_the_way_to_mend_it(version: object) -> None:
    for load, record in ((load_job, GOLDEN_QUEUED_8), (load_voice, GOLDEN_VOICE_4), (load_profile, GOLDEN_PROFILE)):
        with pytest.raises(StorageUnavailable, match="run the version of voicecore that wrote it"):
            load(altered(record, v=version))


def test_a_newer_record_is_refused_with_a_sentence_that_names_the_versions() -> None:
    with pytest.raises(StorageUnavailable, match=r"job has version 9 .* reads versions 1 to 8: run the version"):
        load_job(altered(GOLDEN_QUEUED_8, v=9))
    with pytest.raises(StorageUnavailable, match=r"voice has version 5 .* reads versions 1 to 4: run the version"):
        load_voice(altered(GOLDEN_VOICE_4, v=5))


def test_a_record_of_version_1_is_not_taken_for_version_2() -> None:
    with pytest.raises(StorageUnavailable):
        load_job(altered(GOLDEN_QUEUED, v=2))


@pytest.mark.parametrize(("field", "value"), [
    ("status", "paused"), ("status", None), ("status", "Queued"), ("id", 7), ("attempt", "1"), ("attempt", True),
    ("attempt", 1.5), ("created_at", "yesterday"), ("created_at", "2026-01-02T03:04:05"), ("created_at", 0),
    ("progress", 0.5), ("progress", "0"), ("segments", {"total": 1, "done": 2, "cached": 0}), ("segments", []),
    ("warnings", "one"), ("warnings", [1]), ("request", ["song", {}]), ("request", {}), ("request", None),
    ("request", ["speech", {}]), ("result", {}), ("parameters", [["speed"]]), ("parameters", [["speed", "1"]]),
    ("parameters", {"speed": 1}), ("spoken_language", "?"), ("lease_until", "2026-01-02T03:04:05+00:00"),
    ("error", {"code": "a", "message": "b", "retryable": 0}), ("priority", 1),
    ("owner", None), ("owner", 7), ("handling", None), ("handling", {}),
    ("handling", {"priority": "urgent", "webhook_url": None}), ("handling", {"priority": "low"}),
    ("handling", {"priority": "low", "webhook_url": 7}), ("handling", {"priority": "low", "webhook_url": "told"}),
])  # fmt: skip
def test_an_unknown_state_or_field_is_refused_not_guessed(field: str, value: object) -> None:
    with pytest.raises(StorageUnavailable):
        load_job(altered(GOLDEN_QUEUED_8, **{field: value}))


@pytest.mark.parametrize("field", sorted(json.loads(GOLDEN_QUEUED_8)))
def test_a_missing_field_is_refused(field: str) -> None:
    document = json.loads(GOLDEN_QUEUED_8)
    del document[field]
    with pytest.raises(StorageUnavailable):
        load_job(json.dumps(document))


@pytest.mark.parametrize("record", ["", "{", "[]", "null", "7", '"job"', "{}", '{"v":1}', b"\xff", "[" * 100_000, GOLDEN_VOICE_4,
                                    altered(GOLDEN_QUEUED_8, progress=1e999)])  # fmt: skip
def test_what_is_not_a_job_record_is_refused(record: str | bytes) -> None:
    with pytest.raises(StorageUnavailable):
        load_job(record)


@given(st.data(), st.sampled_from([GOLDEN_COMPLETED_8, GOLDEN_MIX_8, GOLDEN_QUEUED_3]))
def test_a_damaged_record_never_raises_anything_else(data: st.DataObject, whole: str) -> None:
    cut = data.draw(st.integers(0, len(whole)))
    instead = data.draw(st.text(max_size=3))
    damaged = whole[:cut] + instead + whole[cut + data.draw(st.integers(0, 9)) :]
    try:
        load_job(damaged)
    except StorageUnavailable as refusal:
        assert refusal.message  # noqa: PT017 - either it is read, or refused with this error


def test_numbers_that_json_has_not_are_refused_when_written() -> None:
    with pytest.raises(InvalidInput):
        dump_profile(replace(GOLDEN_PROFILE_VALUE, parameters={"speed": float("nan")}))


@given(MOMENTS, MOMENTS)
def test_microseconds_keep_the_order_and_the_distance_of_moments(first: datetime, second: datetime) -> None:
    assert epoch_us(second) - epoch_us(first) == (second - first) // timedelta(microseconds=1)
