"""On the device that is tried (tests/instruments/device.py) OpenVoice converts as on the processor, which judges."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from adapters.converters.openvoice import OpenVoiceConverter
from tests.instruments.device import DEVICE, without_tf32
from voicecore.engine_settings import EngineSettings
from voicecore.testing.contracts.voice_converter import buzz
from voicecore.tone_colour import ToneSettings


def test_a_conversion_is_the_same(models_dir: Path) -> None:
    without_tf32()
    sounds = []
    for device in (DEVICE, "cpu"):
        with OpenVoiceConverter.open(EngineSettings(models_dir=models_dir, device=device)) as converter:
            wanted = ToneSettings(target=converter.learn([buzz(6.0, hz=220)]), seed=3)
            sounds.append(converter.convert(buzz(2.0), wanted)[0].samples)
    assert float(np.abs(sounds[0] - sounds[1]).max()) < 1e-3
