"""What a key makes is its own: jobs, voices, names and idempotency keys."""

from __future__ import annotations

from io import BytesIO

import pytest
from tests.instruments.tones import recording

from voicecore.access import NOBODY, Caller, Scope
from voicecore.conversion import ConversionSettings
from voicecore.errors import Forbidden, InvalidInput, NameTaken, NotFound
from voicecore.language import Language
from voicecore.request import MixRequest, Mode, SynthesisRequest, VoicePart
from voicecore.usecases.submit_enrolment import NewVoice

PT = Language("pt", "BR")
MOST = frozenset({Scope.SPEAK, Scope.CLONE, Scope.CONVERT})
ANA, BIA, ADMIN = Caller("key_ana", MOST), Caller("key_bia", MOST), Caller("key_root", frozenset({Scope.ADMIN}))


def enrolled(house, caller, name="Voz"):
    job = house.enrol(NewVoice(name=name, language=PT), [BytesIO(recording())], caller=caller)
    assert house.run("worker")
    return house.catalog.voices.get(house.store.get(job.id).result.voice_id)


def text(**changes):
    return SynthesisRequest(**{"text": "Bom dia.", "source_language": PT, **changes})


@pytest.mark.parametrize("caller", [ANA, NOBODY])
def test_a_job_and_the_voice_that_it_makes_belong_to_who_asked(house, caller):
    assert house.submit(text(), caller=caller).owner == caller.key_id
    assert house.run("worker")
    voice = enrolled(house, caller)
    assert (voice.owner, house.store.get(voice.source_job_id).owner) == (caller.key_id, caller.key_id)


def test_a_mix_belongs_to_who_asked(house):
    parts = (VoicePart(preset="female_warm", weight=1), VoicePart(preset="male_deep", weight=1))
    job = house.mix(MixRequest(name="Mistura", language=PT, parts=parts), caller=ANA)
    assert house.run("worker")
    assert house.catalog.voices.get(house.store.get(job.id).result.voice_id).owner == "key_ana"


def test_anothers_voice_is_not_there_to_speak_or_mix_with(house):
    voice = enrolled(house, ANA)
    cloned = text(mode=Mode.DUBBING_WITH_CLONE, voice_id=voice.id)
    mixed = MixRequest(
        name="M", language=PT, parts=(VoicePart(voice_id=voice.id, weight=1), VoicePart(preset="male_deep", weight=1))
    )
    with pytest.raises(NotFound, match="no voice"):
        house.submit(cloned, caller=BIA)
    with pytest.raises(InvalidInput, match="no voice"):
        house.mix(mixed, caller=BIA)
    for caller in (ANA, ADMIN, NOBODY):
        assert house.submit(cloned, caller=caller).owner == caller.key_id
    assert house.mix(mixed, caller=ANA).owner == "key_ana"


def test_a_voice_that_is_nobodys_is_not_there_for_a_key(house):
    voice = enrolled(house, NOBODY)
    with pytest.raises(NotFound):
        house.submit(text(mode=Mode.DUBBING_WITH_CLONE, voice_id=voice.id), caller=ANA)


def test_two_owners_may_use_the_same_name_and_one_may_not_twice(house):
    assert enrolled(house, ANA).id != enrolled(house, BIA).id
    with pytest.raises(NameTaken):
        house.enrol(NewVoice(name="VOZ", language=PT), [BytesIO(recording())], caller=ANA)


def test_idempotency_keys_of_two_owners_never_meet(house):
    mine = house.submit(text(), idempotency_key="k", caller=ANA)
    assert house.submit(text(text="Outra."), idempotency_key="k", caller=BIA).id != mine.id
    assert house.submit(text(), idempotency_key="k", caller=ANA) == mine


@pytest.mark.parametrize("missing", [Scope.SPEAK, Scope.CLONE, Scope.CONVERT])
def test_each_use_needs_its_scope_whatever_door_it_came_through(house, missing):
    caller = Caller("key_ana", MOST - {missing})
    model = house.model()
    settings = ConversionSettings(model_id=model.id)
    parts = (VoicePart(preset="female_warm", weight=1), VoicePart(preset="male_deep", weight=1))
    uses = [
        ({Scope.SPEAK}, lambda: house.submit(text(), caller=caller)),
        ({Scope.SPEAK, Scope.CONVERT}, lambda: house.submit(text(conversion=settings), caller=caller)),
        ({Scope.CONVERT}, lambda: house.submit_recording(settings, BytesIO(recording()), caller=caller)),
        ({Scope.CLONE}, lambda: house.enrol(NewVoice(name="V", language=PT), [BytesIO(recording())], caller=caller)),
        ({Scope.CLONE}, lambda: house.mix(MixRequest(name="M", language=PT, parts=parts), caller=caller)),
    ]
    for needed, use in uses:
        if missing in needed:
            with pytest.raises(Forbidden, match=missing.value):
                use()
        else:
            assert use().owner == "key_ana"
