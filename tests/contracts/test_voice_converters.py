from __future__ import annotations

from collections.abc import Iterator

import pytest

from voicecore.testing.contracts.voice_converter import ToneConverterContract
from voicecore.testing.equalizer import Equalizer


class TestEqualizer(ToneConverterContract):
    @pytest.fixture
    def converter(self) -> Iterator[Equalizer]:
        converter = Equalizer()
        yield converter
        converter.close()
