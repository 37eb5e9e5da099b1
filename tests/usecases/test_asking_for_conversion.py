"""What is said at the door to who asks for a conversion."""

from __future__ import annotations

import pytest
from tests.usecases.conftest import request
from tests.usecases.test_converting_speech import ask, done

from voicecore.conversion import ConversionSettings, F0Method
from voicecore.errors import (
    InvalidInput,
    NotFound,
    NotInstalled,
)
from voicecore.testing.shifter import ShifterPlan
from voicecore.usecases.submit_synthesis import SubmitSynthesis


def test_a_tracker_that_was_asked_for_and_is_off_is_refused_with_the_way_to_mend_it(make_house):
    house = make_house(shifting={"methods_off": ("crepe",)})
    with pytest.raises(InvalidInput, match=r"crepe.*models pull"):
        ask(house, knobs={"f0_method": F0Method.CREPE}, f0_method_named=True)


@pytest.mark.parametrize(("off", "resolved"), [((), F0Method.RMVPE), (("rmvpe",), F0Method.FCPE)])
def test_a_tracker_that_nobody_named_is_the_best_that_is_on_and_a_warning_says_so(make_house, off, resolved):
    house = make_house(shifting={"methods_off": off})
    job = ask(house)
    assert job.conversion.f0_method is resolved
    assert [("fcpe in place of rmvpe" in each, "models pull" in each) for each in job.warnings] == [(True, True)] * len(
        off
    )
    assert done(house, job).warnings == job.warnings


def test_a_named_tracker_is_kept_and_nothing_is_said_of_it(make_house):
    house = make_house(shifting={"methods_off": ("rmvpe",)})
    job = ask(house, knobs={"f0_method": F0Method.PM}, f0_method_named=True)
    assert (job.conversion.f0_method, job.warnings) == (F0Method.PM, ())


def test_without_both_default_trackers_one_has_to_be_named(make_house):
    house = make_house(shifting={"methods_off": ("rmvpe", "fcpe")})
    with pytest.raises(NotInstalled, match="name another rvc_f0_method"):
        ask(house)


def test_a_converter_that_could_not_open_is_refused_before_anything_is_stored(make_house):
    house = make_house(shifting={"problem": "torch is missing: pip install 'voicecore[rvc]'."})
    with pytest.raises(NotInstalled, match="torch is missing"):
        ask(house)
    with pytest.raises(NotFound):
        house.submit(request(conversion=ConversionSettings(model_id="rvc_none")))
    assert not any(house.store.counts().values())


def test_where_nothing_converts_the_refusal_says_how_to_install_it(house):
    model = house.model()
    submit = SubmitSynthesis(
        house.store, house.catalog, house.doorbell, house.engines, house.clock, house.ids, house.limits
    )
    with pytest.raises(NotInstalled, match=r"voicecore\[rvc\]"):
        submit(request(conversion=ConversionSettings(model_id=model.id)))


def test_the_same_idempotency_key_finds_the_job_though_a_tracker_went_off_meanwhile(house):
    model = house.model()
    asked = request(conversion=ConversionSettings(model_id=model.id))
    first = house.submit(asked, idempotency_key="k")
    house.shifters.plan = ShifterPlan(methods_off=("rmvpe",))
    assert house.submit(asked, idempotency_key="k") == first
