"""Recorded speech through the whole converter. What small random voices make of it has no words; its shape can be judged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from adapters.converters.rvc.converter import RvcConverter
from adapters.converters.rvc.f0.trackers import open_tracker
from adapters.converters.rvc.heard import at_rate
from adapters.converters.rvc.loudness import measured
from tests.instruments.rvc_speech import parts, real_speech
from voicecore.audio import Audio
from voicecore.conversion import ConversionSettings, F0Method
from voicecore.engine_settings import EngineSettings


@pytest.fixture(scope="module")
def spoken() -> Audio:
    return real_speech(6.0)


@pytest.mark.parametrize("method", [F0Method.HARVEST, F0Method.FCPE, F0Method.SWIFT])
def test_a_reader_keeps_his_length_and_his_loudness(contentvec_models: Path, spoken: Audio, method: F0Method) -> None:
    settings = ConversionSettings(model_id="ana", f0_method=method, rms_mix_rate=0)
    with RvcConverter.open(EngineSettings(models_dir=contentvec_models, device="cpu")) as converter:
        converter.load("ana", parts(vectors=200))
        made, report = converter.convert(spoken, settings)
    assert (made.sample_rate_hz, len(made.samples)) == (40_000, round(len(spoken.samples) * 2.5))
    assert report.notes == ()
    louder = np.corrcoef(measured(made.samples, 40_000), measured(spoken.samples, 16_000))[0, 1]
    assert louder > 0.9


@pytest.mark.parametrize("semitones", [0, 7, 12])
def test_the_pitch_that_is_asked_for_is_the_pitch_that_is_heard(
    contentvec_models: Path, spoken: Audio, semitones: int
) -> None:
    """The source signal of the synthesiser is a sine at the pitch, which even a random vocoder lets through. Another tracker
    than the one that asked is the judge: of such a voice, harvest often hears the octave below.
    """
    judge = open_tracker(F0Method.CREPE_TINY, models_dir=None, device="cpu")

    def heard_hz(audio: Audio) -> np.ndarray:
        samples = at_rate(audio)
        return judge.track(samples, len(samples) // 160)

    settings = ConversionSettings(model_id="ana", f0_method=F0Method.HARVEST, pitch=semitones)
    with RvcConverter.open(EngineSettings(models_dir=contentvec_models, device="cpu")) as converter:
        converter.load("ana", parts())
        after = heard_hz(converter.convert(spoken, settings)[0])
    before = heard_hz(spoken)
    voiced = (before > 0) & (after > 0)
    cents = 1_200 * np.log2(after[voiced] / before[voiced])
    assert voiced.sum() > 200
    assert (np.abs(cents - 100 * semitones) < 100).mean() > 0.9
