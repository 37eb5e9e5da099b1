"""Pitch is tracked beside other work where that saves time, and is the same."""

from __future__ import annotations

import numpy as np
import pytest

from adapters.converters.rvc.pitch import PitchTrackers
from tests.instruments.rvc_speech import speech
from voicecore.conversion import ConversionSettings, F0Method
from voicecore.errors import MissingModel


@pytest.mark.parametrize("method", [F0Method.HARVEST, F0Method.DIO, F0Method.SWIFT])
def test_what_was_begun_gives_what_tracking_gives(method: F0Method) -> None:
    trackers = PitchTrackers(models_dir=None, device="cpu")
    samples = speech(1.0).samples
    wanted = ConversionSettings(model_id="any", f0_method=method, pitch=3)
    waiting = [trackers.begin(method, samples, frames, wanted) for frames in (60, 100)]
    found = [each() for each in waiting]
    assert [len(each) for each in found] == [60, 100]
    assert np.array_equal(found[1], trackers.track(method, samples, 100, wanted))
    assert found[1].any()


def test_what_cannot_be_tracked_is_told_to_who_waits() -> None:
    trackers = PitchTrackers(models_dir=None, device="cpu")
    waiting = trackers.begin(F0Method.RMVPE, speech(0.5).samples, 50, ConversionSettings(model_id="any"))
    with pytest.raises(MissingModel):
        waiting()
