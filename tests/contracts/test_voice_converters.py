from __future__ import annotations

from collections.abc import Iterator

import pytest

from voicecore.ports import ModelParts
from voicecore.testing.contracts.model_converter import ModelConverterContract
from voicecore.testing.contracts.voice_converter import ToneConverterContract
from voicecore.testing.equalizer import Equalizer
from voicecore.testing.shifter import Shifter, shifter_file


class TestEqualizer(ToneConverterContract):
    @pytest.fixture
    def converter(self) -> Iterator[Equalizer]:
        converter = Equalizer()
        yield converter
        converter.close()


class TestShifter(ModelConverterContract):
    def open_converter(self) -> Shifter:
        return Shifter()

    def model(self) -> ModelParts:
        return ModelParts(shifter_file(40_000), b"1234")

    def other_model(self) -> ModelParts:
        return ModelParts(shifter_file(40_000, gain=0.8), b"1234")

    def unindexed_model(self) -> ModelParts:
        return ModelParts(shifter_file(32_000))
