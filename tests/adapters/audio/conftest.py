"""What the audio tests share."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from adapters.audio import SandboxedCodec
from tests.adapters.audio.files import all_formats
from voicecore.audio import Audio
from voicecore.ports import AudioLimits


@pytest.fixture(scope="session")
def good_files() -> dict[str, bytes]:
    return all_formats()


@pytest.fixture(scope="session")
def codec() -> SandboxedCodec:
    return SandboxedCodec()


@pytest.fixture
def decode(codec: SandboxedCodec) -> Callable[..., Audio]:
    def decode(data: bytes, **limits: float) -> Audio:
        return codec.decode(io.BytesIO(data), AudioLimits(**limits))  # type: ignore[arg-type]

    return decode
