"""What is said about a reference that is taken."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
import soxr

from adapters.engines.xtts.conditioning.clip import RATE_HZ
from adapters.engines.xtts.conditioning.reference import listen
from adapters.engines.xtts.conditioning.remarks import remarks
from tests.adapters.xtts.conditioning.babble import babble
from voicecore.audio import Audio, silence

_RATE = 24_000


def _said(*clips: Audio) -> tuple[str, ...]:
    return remarks(listen(clips))


def test_nothing_is_said_about_a_good_reference() -> None:
    assert _said(babble(14), babble(10, seed=1)) == ()


def test_a_second_voice_is_told_in_the_same_clip_and_in_another() -> None:
    low, high = babble(10, 95, tract=0.85), babble(10, 210, seed=1, tract=1.25)
    together = Audio(np.concatenate([low.samples, silence(0.5, _RATE), high.samples]), _RATE)
    for clips in ((low, high), (together,)):
        (sentence,) = _said(*clips)
        assert "more than one voice" in sentence


def test_less_than_ten_seconds_are_called_short() -> None:
    assert any("s of speech: from 10 s on" in sentence for sentence in _said(babble(8, seed=1)))
    assert not any("from 10 s on" in sentence for sentence in _said(babble(14)))


def test_noise_is_told_in_decibels() -> None:
    speech = babble(15).samples
    noise = np.random.default_rng(0).standard_normal(len(speech)) * np.sqrt(np.square(speech).mean()) * 10 ** (-8 / 20)
    (sentence,) = _said(Audio(np.clip(speech + noise, -1, 1).astype(np.float32), _RATE))
    assert "noisy: speech is" in sentence


def test_clipping_is_told_in_per_cent() -> None:
    (sentence,) = _said(Audio(np.clip(babble(20).samples * 7, -0.7, 0.7), _RATE))
    assert "is clipped" in sentence


def test_a_telephone_s_band_is_told() -> None:
    heard = listen([babble(15)])
    narrow = [soxr.resample(soxr.resample(each.samples, RATE_HZ, 8_000), 8_000, RATE_HZ) for each in heard.chosen]
    chosen = tuple(replace(each, samples=samples) for each, samples in zip(heard.chosen, narrow, strict=True))
    (sentence,) = remarks(replace(heard, chosen=chosen))
    assert "like a telephone" in sentence


def test_clips_without_speech_are_told() -> None:
    (sentence,) = _said(babble(15), Audio(silence(3, _RATE), _RATE))
    assert sentence == "Clips without speech were left out: 1."


def test_without_onnxruntime_it_is_told_that_voices_were_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    (sentence,) = _said(babble(15))
    assert "not checked, since onnxruntime is missing" in sentence
