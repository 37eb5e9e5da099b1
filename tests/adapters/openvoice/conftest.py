"""A tiny converter for everybody: made by upstream's code, taken in by the project's own way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.converters.openvoice import OpenVoiceConverter, intake
from tests.instruments.one_thread import one_thread  # noqa: F401 - a fixture of all tests here
from tests.instruments.tiny_openvoice import write_published
from voicecore.engine_settings import EngineSettings


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as its publisher offers it; not to be written to."""
    return write_published(tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="session")
def models_dir(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with the tiny converter; not to be written to."""
    folder = tmp_path_factory.mktemp("models")
    intake(published, folder)
    return folder


@pytest.fixture
def converter(models_dir: Path) -> Iterator[OpenVoiceConverter]:
    """The tiny converter, open on the processor."""
    with OpenVoiceConverter.open(EngineSettings(models_dir=models_dir, device="cpu")) as opened:
        yield opened
