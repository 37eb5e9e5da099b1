"""What is accepted, what is refused, and what a job says when it is accepted."""

from __future__ import annotations

import pytest

from voicecore.conversion import ConversionSettings
from voicecore.errors import (
    IdempotencyConflict,
    InvalidInput,
    InvalidText,
    NotFound,
    QueueFull,
    UnsupportedLanguage,
)
from voicecore.language import Language
from voicecore.request import Mode, SynthesisRequest

PT = Language("pt", "BR")


def request(text="Bom dia.", **changes):
    return SynthesisRequest(**{"text": text, "source_language": PT, **changes})


def test_an_accepted_job_is_stored_and_the_bell_rings(house):
    job = house.submit(request())
    assert house.store.get(job.id) == job
    assert house.doorbell.wait(0)


def test_a_regional_tag_is_spoken_in_the_nearest_language_and_the_job_says_so(house):
    job = house.submit(request(source_language=Language.parse("pt-PT")))
    assert job.spoken_language == PT
    assert any("pt-PT is spoken as pt-BR" in warning for warning in job.warnings)


def test_a_target_language_that_differs_is_warned_of_not_translated(house):
    job = house.submit(request(target_language=Language("en")))
    assert any("not translated to en" in warning for warning in job.warnings)
    assert house.submit(request(target_language=PT)).warnings == ()


def test_a_language_the_engine_lacks_is_refused_with_the_list_of_what_it_has(house):
    with pytest.raises(UnsupportedLanguage, match=r"does not speak de.*pt-BR.*ja"):
        house.submit(request(source_language=Language("de")))


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"voice_preset": "nobody"}, InvalidInput, "female_generic"),
        ({"engine": "nobody"}, NotFound, "installed are: tone"),
        ({"quality_profile_id": "balanced"}, InvalidInput, "natural"),
        ({"speed": 2.5}, InvalidInput, "0.5 to 2"),
        ({"speed": float("nan")}, InvalidInput, "0.5 to 2"),
        ({"mode": Mode.DUBBING_WITH_CLONE, "voice_id": "voice_none"}, NotFound, "voice_none"),
        ({"conversion": ConversionSettings(model_id="m")}, NotFound, "GET /rvc-models"),
    ],
)
def test_what_cannot_be_done_is_refused_at_the_door_and_nothing_is_stored(house, changes, error, said):
    with pytest.raises(error, match=said):
        house.submit(request(**changes))
    assert house.store.page(_all()).total == 0


def _all():
    from voicecore.ports import JobQuery

    return JobQuery()


def test_a_smaller_text_limit_of_the_service_holds(make_house):
    house = make_house({"max_text": 10})
    with pytest.raises(InvalidText, match="limit is 10"):
        house.submit(request("mais que dez letras"))


def test_the_same_key_and_request_give_the_same_job_and_another_request_a_conflict(house):
    first = house.submit(request(), idempotency_key="k")
    assert house.submit(request(), idempotency_key="k").id == first.id
    with pytest.raises(IdempotencyConflict):
        house.submit(request("Boa noite."), idempotency_key="k")


def test_a_full_queue_says_when_to_come_back(make_house):
    house = make_house({"max_queued": 1})
    house.submit(request())
    with pytest.raises(QueueFull) as caught:
        house.submit(request())
    assert caught.value.retryable
    assert caught.value.retry_after_s > 0


def test_a_profiles_parameters_reach_the_job_and_the_requests_speed_wins(house):
    assert dict(house.submit(request(quality_profile_id="audiobook")).parameters)["speed"] == 0.94
    fast = house.submit(request(quality_profile_id="audiobook", speed=1.5))
    assert dict(fast.parameters)["speed"] == 1.5
    assert dict(fast.parameters)["pause_scale"] == 1.4


def test_set_default_takes_effect_with_the_next_job(house):
    before = house.submit(request())
    house.profiles.set_default("tone", "audiobook")
    assert before.quality_profile_id == "natural"
    assert house.submit(request()).quality_profile_id == "audiobook"
