"""Speech that is converted is spoken by a worker that can do both; one that cannot leaves it to those who can."""

from __future__ import annotations

import pytest
from tests.usecases.conftest import CountingProvider, CountingShifters, House, request

from adapters.hosts import LocalHost
from voicecore.conversion import ConversionSettings
from voicecore.errors import EngineFailed, MissingModel
from voicecore.job import JobStatus
from voicecore.needs import unserved
from voicecore.testing.shifter import ShifterPlan
from voicecore.usecases.converters import Converters
from voicecore.usecases.submit_synthesis import SubmitSynthesis


@pytest.fixture
def house() -> House:
    """One whose converter has a name of its own."""
    made = House()
    made.shifters = CountingShifters(ShifterPlan(), name="rvc")
    made.converters = Converters(made.shifters)
    made.submit = SubmitSynthesis(
        made.store, made.catalog, made.doorbell, made.engines, made.clock, made.ids, made.limits,
        converters=made.converters,
    )  # fmt: skip
    return made


def host_of(house: House, *, opening=None) -> LocalHost:
    """A worker's host; `opening` is the error that its converter opens with."""

    class Host(LocalHost):
        opened = 0

        def converter(self, name):
            type(self).opened += 1
            if opening is not None:
                raise opening
            return super().converter(name)

    return Host({"tone": CountingProvider(house.plan)}, converters={"rvc": CountingShifters(ShifterPlan(), name="rvc")})


def asked(house: House, **changes):
    settings = ConversionSettings(model_id=house.model().id)
    return house.submit(request(conversion=settings, **changes))


def test_a_job_says_that_it_needs_the_engine_and_the_converter(house):
    assert (asked(house).line, house.submit(request()).line) == ("tone+rvc", "tone")


def test_a_worker_without_the_converter_leaves_the_job_to_one_that_has_it_and_speaks_the_others(house):
    job, plain = asked(house), house.submit(request("Outra."))
    poor = house.worker(host_of(house), engines={"tone"})
    assert poor("poor")
    assert not poor("poor")
    assert (house.store.get(plain.id).status, house.store.get(job.id).status) == (JobStatus.COMPLETED, JobStatus.QUEUED)
    assert unserved(house.store.waiting(), [("tone",), ("rvc",)]) == {"tone+rvc": 1}
    assert house.worker(host_of(house), engines={"tone", "rvc"})("rich")
    done = house.store.get(job.id)
    assert (done.attempt, done.result.conversion_applied) == (1, True)


def test_one_that_finds_out_when_it_opens_the_converter_hands_the_job_back_unspoken(house):
    job = asked(house)
    served = {"tone", "rvc"}
    host = host_of(house, opening=MissingModel("The weights of rvc are missing."))
    run = house.worker(host, engines=served)
    assert run("poor")
    waiting = house.store.get(job.id)
    assert (waiting.status, waiting.tries, waiting.error) == (JobStatus.QUEUED, 0, None)
    assert served == {"tone"}
    assert not run("poor")
    assert house.worker(host_of(house), engines={"tone", "rvc"})("rich")
    assert house.store.get(job.id).result.conversion_applied is True


@pytest.mark.parametrize("required", [False, True])
def test_where_nobody_can_open_it_the_job_ends_all_the_same_and_says_why(house, required):
    job = asked(house, conversion_required=required)
    for _ in range(house.limits.max_tries):
        host = host_of(house, opening=MissingModel("The weights of rvc are missing."))
        assert house.worker(host, engines={"tone", "rvc"})("poor")
    done = house.store.get(job.id)
    assert done.attempt == house.limits.max_tries
    if required:
        assert (done.status, done.error.message) == (JobStatus.FAILED, "The weights of rvc are missing.")
    else:
        assert (done.result.conversion_applied, done.result.conversion_fallback) == (
            False, "The weights of rvc are missing.",
        )  # fmt: skip


def test_a_converter_that_fails_otherwise_is_no_reason_to_hand_the_job_on(house):
    job = asked(house)
    served = {"tone", "rvc"}
    assert house.worker(host_of(house, opening=EngineFailed("It broke.")), engines=served)("worker")
    assert house.store.get(job.id).result.conversion_fallback == "It broke."
    assert served == {"tone", "rvc"}


def test_the_only_worker_there_is_does_not_wait_for_others(house):
    job = asked(house)
    assert house.worker(host_of(house, opening=MissingModel("The weights of rvc are missing.")))("alone")
    assert house.store.get(job.id).result.conversion_fallback == "The weights of rvc are missing."
