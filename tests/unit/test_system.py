"""Real clocks and names."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

import pytest

from voicecore import system
from voicecore.system import RandomIds, SteadyClock, SystemClock
from voicecore.testing.fakes import FakeClock


@pytest.mark.parametrize("clock", [SystemClock(), SteadyClock()])
def test_the_time_has_a_zone_and_is_about_now(clock):
    assert clock.now().utcoffset() == timedelta()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("clock", [SystemClock(), SteadyClock()])
def test_the_even_clock_never_goes_back(clock):
    readings = [clock.monotonic() for _ in range(1_000)]
    assert readings == sorted(readings)


class SetClock(datetime):
    """A time of day that somebody set an hour ahead."""

    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + timedelta(hours=1)


def test_setting_the_machines_clock_moves_the_time_of_day_but_no_steady_clock(monkeypatch):
    steady, daily = SteadyClock(), SystemClock()
    before, even = steady.now(), steady.monotonic()
    monkeypatch.setattr(system, "datetime", SetClock)
    assert daily.now() - before > timedelta(minutes=59)
    assert timedelta() <= steady.now() - before < timedelta(minutes=59)
    assert daily.monotonic() - even < 3_000


def test_a_steady_clock_goes_on_with_the_even_one(monkeypatch):
    steady = SteadyClock()
    before, even = steady.now(), time.monotonic()
    monkeypatch.setattr(system.time, "monotonic", lambda: even + 3_600.0)
    assert timedelta(minutes=59) < steady.now() - before < timedelta(minutes=61)


def test_a_fake_clock_tells_time_that_passes_from_time_that_is_set():
    clock = FakeClock()
    start, even = clock.now(), clock.monotonic()
    clock.jump(timedelta(hours=1))
    assert (clock.now() - start, clock.monotonic() - even) == (timedelta(hours=1), 0)
    clock.advance(timedelta(seconds=5))
    assert (clock.now() - start, clock.monotonic() - even) == (timedelta(hours=1, seconds=5), 5)


def test_names_are_of_the_promised_form_and_do_not_repeat():
    names = [RandomIds().new("job") for _ in range(2_000)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"job_[a-z0-9]{20}", name) for name in names)
