from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.converters.openvoice import OpenVoiceConverter
from voicecore.engine_settings import EngineSettings
from voicecore.testing.contracts.voice_converter import ToneConverterContract


class TestOpenVoice(ToneConverterContract):
    @pytest.fixture
    def converter(self, models_dir: Path) -> Iterator[OpenVoiceConverter]:
        with OpenVoiceConverter.open(EngineSettings(models_dir=models_dir, device="cpu")) as opened:
            yield opened
