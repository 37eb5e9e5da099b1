"""On the device that is tried (tests/instruments/device.py) voices sound as on the processor, which judges."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from adapters.converters.rvc.content import stored as content_files
from adapters.converters.rvc.content.encoder import ContentEncoder
from adapters.converters.rvc.converter import RvcConverter
from adapters.converters.rvc.f0 import open_tracker
from adapters.converters.rvc.f0.rmvpe import intake
from adapters.converters.rvc.retrieval import VectorIndex
from adapters.converters.rvc.synthesiser import Synthesiser
from adapters.torch_device import choose
from tests.adapters.rvc.f0.random_rmvpe import write_published
from tests.adapters.rvc.synthesiser.voices import distance, heard, voice
from tests.instruments.device import DEVICE, without_tf32
from tests.instruments.rvc_speech import index_vectors, parts, speech
from voicecore.conversion import ConversionSettings, F0Method
from voicecore.engine_settings import EngineSettings, Precision


@pytest.fixture(autouse=True)
def _exact() -> None:
    without_tf32()


@pytest.mark.parametrize("f0", [True, False])
def test_the_synthesiser_sounds_the_same(f0: bool) -> None:
    of = voice(f0=f0)
    content, pitch = heard(of, 150)
    made = Synthesiser(of, device=choose(DEVICE)).convert(content, pitch, seed=4).cpu()
    assert distance(made, Synthesiser(of).convert(content, pitch, seed=4)) < 1e-4


def test_bfloat16_is_near_it() -> None:
    of = voice()
    content, pitch = heard(of, 150)
    exact = Synthesiser(of).convert(content, pitch, seed=4)
    rough = Synthesiser(of, device=choose(DEVICE), precision=Precision.BF16).convert(content, pitch, seed=4).cpu()
    assert 0 < float((exact - rough).std() / exact.std()) < 0.05


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_content_encoder_hears_the_same(contentvec_models: Path, version: str) -> None:
    folder, samples = content_files.find(contentvec_models), speech(2.0).samples
    there, here = (
        ContentEncoder.open(folder, device=each, precision=Precision.EXACT).encode(samples, version).cpu()
        for each in (choose(DEVICE), "cpu")
    )
    assert float((there - here).abs().max()) < 1e-4


def test_the_index_finds_the_same() -> None:
    vectors = index_vectors(256, 2_000)
    content = torch.randn(50, 256, generator=torch.Generator().manual_seed(1))
    there = VectorIndex(vectors, device=choose(DEVICE)).retrieved(content.to(choose(DEVICE))).cpu()
    assert float((there - VectorIndex(vectors, device="cpu").retrieved(content)).abs().max()) < 1e-4


@pytest.mark.parametrize("method", [F0Method.RMVPE, F0Method.CREPE_TINY, F0Method.FCPE])
def test_pitch_is_the_same(method: F0Method, tmp_path: Path) -> None:
    if method is F0Method.RMVPE:
        published = tmp_path / "published"
        published.mkdir()
        intake(write_published(published), tmp_path)
    samples = speech(1.5).samples
    there, here = (
        open_tracker(method, models_dir=tmp_path, device=each).track(samples, 150) for each in (choose(DEVICE), "cpu")
    )
    voiced = (there > 0) & (here > 0)
    assert np.mean((there > 0) == (here > 0)) > 0.98
    assert np.all(np.abs(1200 * np.log2(there[voiced] / here[voiced])) < 2)


def test_a_conversion_is_the_same(contentvec_models: Path) -> None:
    wanted = ConversionSettings(model_id="ana", f0_method=F0Method.DIO, seed=9)
    sounds = []
    for each in (DEVICE, "cpu"):
        settings = EngineSettings(models_dir=contentvec_models, device=each)
        with RvcConverter.open(settings) as converter:
            converter.load("ana", parts(vectors=200))
            sounds.append(converter.convert(speech(2.0), wanted)[0].samples)
    assert float(np.abs(sounds[0] - sounds[1]).max()) < 1e-3
