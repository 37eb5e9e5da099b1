"""What the engine does with a row that went wrong: spoken again, or kept as far as it is sane, and counted."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from adapters.engines.xtts.guards import retry_seed
from adapters.engines.xtts.provider import XttsProvider
from adapters.engines.xtts.values import End
from voicecore.engine import Utterance
from voicecore.engine_settings import EngineSettings
from voicecore.language import Language
from voicecore.testing.contracts.speech_engine import run, sound

TEXT = "A casa amarela fica no fim da rua, perto do mercado"


class Astray:
    """A decoder whose rows go wrong: the tiny network itself never does.

    Args:
        times: how many attempts of each utterance are spoilt.
        looping: say one token over and over, instead of never stopping.
    """

    def __init__(self, real, *, times, looping=False):
        self._real, self._times, self._looping = real, times, looping
        self.seeds = []

    def __getattr__(self, name):
        return getattr(self._real, name)

    def admit(self, request):
        self.seeds.append(request.seed)
        self._real.admit(request)

    def step(self):
        return [self._spoilt(row) if self._attempt(row) < self._times else row for row in self._real.step()]

    def _attempt(self, row):
        return int(row.id.partition("~")[2] or 0)

    def _spoilt(self, row):
        if self._looping:
            return dataclasses.replace(row, token=7)
        return row if row.end is None else dataclasses.replace(row, end=End.OUT_OF_TOKENS)


@pytest.fixture(scope="module")
def engine(tiny_folder):
    settings = EngineSettings(models_dir=tiny_folder, device="cpu", accepted_licences=frozenset({"xtts"}))
    engine = XttsProvider(settings).open(threads=1)
    yield engine
    engine.close()


@pytest.fixture
def astray(engine):
    real = engine._decoder

    def spoil(**how):
        engine._decoder = Astray(real, **how)
        return engine._decoder

    yield spoil
    engine._decoder = real


def say(engine, *, seed=5, eager=False, text=TEXT * 3):
    engine.admit(Utterance(id="u", text=text, language=Language("pt", "BR"), voice="male_warm", seed=seed, eager=eager))
    return sound(run(engine)["u"])


def counted(engine, name):
    return engine.gauges()[f"guard_{name}_total"]


@pytest.mark.parametrize(("looping", "counter"), [(False, "overruns"), (True, "loops")])
def test_a_row_that_went_wrong_is_spoken_again_with_the_next_seed_and_counted(engine, astray, looping, counter):
    expected = say(engine, seed=retry_seed(5, 1))
    before = {name: counted(engine, name) for name in (counter, "retries", "kept_cut")}
    spoilt = astray(times=1, looping=looping)
    heard = say(engine)
    assert spoilt.seeds == [5, retry_seed(5, 1)]
    assert np.array_equal(heard, expected)
    assert counted(engine, counter) == before[counter] + 1
    assert counted(engine, "retries") == before["retries"] + 1
    assert counted(engine, "kept_cut") == before["kept_cut"]


def test_after_two_more_tries_what_is_sane_is_kept_and_counted(engine, astray):
    before = counted(engine, "kept_cut")
    spoilt = astray(times=9, looping=True)
    whole = say(engine)
    assert spoilt.seeds == [5, retry_seed(5, 1), retry_seed(5, 2)]
    assert counted(engine, "kept_cut") == before + 1
    # One round of the loop is left: a token of 46 ms and what the vocoder makes of its ends.
    assert 0 < len(whole) < 0.5 * 24_000


def test_what_was_heard_already_is_not_spoken_again_but_cut_and_counted(engine, astray):
    before = counted(engine, "kept_cut"), counted(engine, "retries")
    spoilt = astray(times=9)
    heard = say(engine, eager=True)
    assert spoilt.seeds == [5]
    assert len(heard) > 24_000
    assert (counted(engine, "kept_cut"), counted(engine, "retries")) == (before[0] + 1, before[1])


def test_a_text_with_quotes_and_a_final_dot_sounds_as_without_them_and_is_counted(engine):
    before = counted(engine, "texts_changed")
    plain = say(engine, text="Boa noite a todos")
    assert np.array_equal(say(engine, text="«Boa noite a todos.»"), plain)
    assert counted(engine, "texts_changed") > before
