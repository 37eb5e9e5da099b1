"""The watermarker of the tests against its port's suite."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from adapters.audio import SandboxedCodec
from voicecore.audio import Audio
from voicecore.ports import AudioCodec, Watermarker
from voicecore.testing.contracts.audio_codec import speech_like
from voicecore.testing.contracts.watermarker import WatermarkerContract
from voicecore.testing.watermark import ToneWatermarker


class TestTones(WatermarkerContract):
    @classmethod
    def make_watermarker(cls) -> Watermarker:
        return ToneWatermarker(7)

    @classmethod
    def make_codec(cls) -> AudioCodec:
        return SandboxedCodec()

    @classmethod
    def make_speech(cls) -> Sequence[Audio]:
        noise = np.random.default_rng(3).normal(0, 0.1, 6 * 24_000).astype(np.float32)
        return [
            Audio(speech_like(6.0, 24_000), 24_000),
            Audio(speech_like(11.0, 22_050)[110_000:], 22_050),
            Audio(noise, 24_000),
        ]

    def test_another_key_does_not_find_it(self, speech: Sequence[Audio]) -> None:
        marked = ToneWatermarker(7).mark(speech[0])
        assert ToneWatermarker(8).detect(marked) < 0.5
