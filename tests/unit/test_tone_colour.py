from __future__ import annotations

import numpy as np
import pytest

from voicecore.errors import InvalidAudio, InvalidInput
from voicecore.tone_colour import ToneSettings, check_reference, check_speech
from voicecore.voice import VoicePrint

PRINT = VoicePrint("any", "0" * 64, {"se": np.zeros(4, np.float32)})


@pytest.mark.parametrize("tau", [0, 0.3, 1])
def test_tau_goes_from_zero_to_one(tau: float) -> None:
    assert ToneSettings(target=PRINT, tau=tau).tau == tau


@pytest.mark.parametrize("changes", [{"tau": -0.1}, {"tau": 1.1}, {"tau": float("nan")}, {"seed": -1}, {"seed": 2**32}])
def test_what_lies_outside_of_its_range_is_refused_with_the_range(changes: dict[str, float]) -> None:
    with pytest.raises(InvalidInput, match=r"from 0 to (1|4294967295)"):
        ToneSettings(target=PRINT, **changes)


def test_half_a_second_is_speech_and_less_is_not() -> None:
    check_speech(0.5)
    with pytest.raises(InvalidAudio, match=r"0\.49 s"):
        check_speech(0.49)


def test_a_reference_has_five_seconds_to_five_minutes() -> None:
    check_reference(5.0)
    check_reference(300.0)
    for seconds in (4.9, 300.5):
        with pytest.raises(InvalidAudio):
            check_reference(seconds)
