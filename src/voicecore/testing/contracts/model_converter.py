"""What every converter of models must do, beside what every voice converter must."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from voicecore.audio import Audio
from voicecore.conversion import ConversionSettings
from voicecore.errors import EngineFailed, ModelCorrupt, NotFound
from voicecore.ports import ModelConverter, ModelParts
from voicecore.testing.contracts.voice_converter import VoiceConverterContract

MODEL, OTHER, UNINDEXED = "rvc_contract1", "rvc_contract2", "rvc_contract3"


class ModelConverterContract(VoiceConverterContract[ConversionSettings]):
    """Contract of `voicecore.ports.ModelConverter`.

    Override `model`, `other_model` and `unindexed_model`, and `open_converter`, which is to make a converter that can hold two
    models at least.
    """

    def open_converter(self) -> ModelConverter:
        """A new converter that holds no model."""
        raise NotImplementedError

    def model(self) -> ModelParts:
        """A model with an index."""
        raise NotImplementedError

    def other_model(self) -> ModelParts:
        """One that sounds different, with an index as well."""
        raise NotImplementedError

    def unindexed_model(self) -> ModelParts:
        """One without index."""
        raise NotImplementedError

    @pytest.fixture
    def converter(self) -> Any:
        converter = self.open_converter()
        converter.load(MODEL, self.model())
        converter.load(OTHER, self.other_model())
        yield converter
        converter.close()

    @pytest.fixture
    def settings(self) -> ConversionSettings:
        return ConversionSettings(model_id=MODEL)

    @pytest.fixture
    def other_settings(self) -> ConversionSettings:
        return ConversionSettings(model_id=OTHER)

    def test_it_holds_what_was_loaded_and_nothing_else(self, converter: ModelConverter) -> None:
        assert (converter.holds(MODEL), converter.holds(OTHER), converter.holds("rvc_none")) == (True, True, False)
        with pytest.raises(NotFound):
            converter.convert(self.speech(), ConversionSettings(model_id="rvc_none"))

    def test_a_model_is_found_right_after_it_was_loaded_however_many_came_before(
        self, converter: ModelConverter, settings: ConversionSettings
    ) -> None:
        audio = self.speech(seconds=0.6)
        first = self.converted(converter, audio, settings)
        for number in range(12):
            name = f"rvc_more{number}"
            converter.load(name, self.unindexed_model())
            assert converter.holds(name)
        if not converter.holds(MODEL):
            with pytest.raises(NotFound):
                converter.convert(audio, settings)
            converter.load(MODEL, self.model())
        assert np.array_equal(first, self.converted(converter, audio, settings))

    def test_loading_a_model_again_changes_nothing(
        self, converter: ModelConverter, settings: ConversionSettings
    ) -> None:
        audio = self.speech()
        once = self.converted(converter, audio, settings)
        converter.load(MODEL, self.model())
        assert np.array_equal(once, self.converted(converter, audio, settings))

    @pytest.mark.parametrize("damage", [b"", b"{", b"\x00" * 64])
    def test_a_damaged_model_is_refused_and_not_held(self, converter: ModelConverter, damage: bytes) -> None:
        with pytest.raises(ModelCorrupt):
            converter.load("rvc_damaged", ModelParts(damage))
        assert not converter.holds("rvc_damaged")
        assert converter.holds(MODEL)

    def test_a_converter_that_was_closed_takes_no_model(self, converter: ModelConverter) -> None:
        converter.close()
        with pytest.raises(EngineFailed):
            converter.load("rvc_late", self.model())

    def test_the_report_says_whether_the_index_was_used_and_if_not_why(
        self, converter: ModelConverter, settings: ConversionSettings
    ) -> None:
        _, used = converter.convert(self.speech(), dataclasses.replace(settings, index_rate=0.5))
        assert (used.index_used, used.reason) == (True, "")
        _, unwanted = converter.convert(self.speech(), dataclasses.replace(settings, index_rate=0.0))
        assert unwanted.index_used is False
        assert unwanted.reason
        converter.load(UNINDEXED, self.unindexed_model())
        _, missing = converter.convert(self.speech(), dataclasses.replace(settings, model_id=UNINDEXED))
        assert missing.index_used is False
        assert missing.reason
        assert missing.reason != unwanted.reason

    def test_the_index_changes_the_sound_only_where_it_is_used(
        self, converter: ModelConverter, settings: ConversionSettings
    ) -> None:
        audio = self.speech()
        without, half = (
            self.converted(converter, audio, dataclasses.replace(settings, index_rate=rate)) for rate in (0.0, 0.5)
        )
        assert not np.array_equal(without, half)

    @pytest.mark.parametrize("change", [{"pitch": 5}, {"rms_mix_rate": 1.0}, {"seed": 1}])
    def test_a_knob_that_is_turned_is_heard(
        self, converter: ModelConverter, settings: ConversionSettings, change: dict[str, Any]
    ) -> None:
        audio = self.speech()
        once = self.converted(converter, audio, settings)
        assert np.abs(once - self.converted(converter, audio, dataclasses.replace(settings, **change))).max() > 1e-5

    def test_what_it_makes_is_always_of_the_models_rate(
        self, converter: ModelConverter, settings: ConversionSettings
    ) -> None:
        rates = {converter.convert(self.speech(rate_hz=rate), settings)[0].sample_rate_hz for rate in (8_000, 44_100)}
        silent = converter.convert(Audio(np.zeros(16_000, np.float32), 16_000), settings)[0].sample_rate_hz
        assert rates == {silent}
