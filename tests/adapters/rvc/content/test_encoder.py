"""What the content encoder says, beside transformers' HuBERT with the same weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from adapters.converters.rvc.content import network
from adapters.converters.rvc.content.encoder import ContentEncoder
from adapters.converters.rvc.content.stored import find, verify
from tests.instruments import tiny_contentvec
from tests.instruments.tiny_contentvec import fairseq_state
from voicecore.engine_settings import Precision
from voicecore.errors import InvalidAudio


@pytest.fixture(scope="module")
def encoder(contentvec_models: Path) -> ContentEncoder:
    return ContentEncoder.open(find(contentvec_models))


@pytest.fixture(scope="module")
def upstream() -> Any:
    return tiny_contentvec.upstream()


def sound(samples: int, seed: int = 0) -> np.ndarray:
    time = np.arange(samples) / 16_000
    noise = np.random.default_rng(seed).standard_normal(samples)
    return (0.3 * np.sin(2 * np.pi * 170 * time) * np.sin(2 * np.pi * 2 * time) + 0.05 * noise).astype(np.float32)


@torch.no_grad()
def by_upstream(model: Any, samples: np.ndarray, version: str) -> torch.Tensor:
    states = model(torch.from_numpy(samples)[None], output_hidden_states=True).hidden_states
    return states[12][0] if version == "v2" else model.final_proj(states[9][0])


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("samples", [400, 719, 720, 16_000, 16_001, 95_123])
def test_it_says_what_transformers_hubert_says(
    encoder: ContentEncoder, upstream: Any, version: Any, samples: int
) -> None:
    ours, theirs = encoder.encode(sound(samples), version), by_upstream(upstream, sound(samples), version)
    assert ours.shape == theirs.shape == (encoder.frames_of(samples), 256 if version == "v1" else 768)
    assert (ours - theirs).abs().max() < 1e-4
    assert theirs.std() > 0.1


def test_windows_of_the_convolutions_leave_no_trace(encoder: ContentEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = encoder.encode(sound(40_000), "v2")
    for frames in (1, 7, 1_000):
        monkeypatch.setattr(network, "WINDOW_FRAMES", frames)
        assert (encoder.encode(sound(40_000), "v2") - whole).abs().max() < 1e-5


def test_bf16_says_nearly_the_same(contentvec_models: Path, encoder: ContentEncoder) -> None:
    coarse = ContentEncoder.open(find(contentvec_models), precision=Precision.BF16)
    exact, rounded = encoder.encode(sound(32_000), "v2"), coarse.encode(sound(32_000), "v2")
    assert rounded.dtype == torch.float32
    assert 0 < (exact - rounded).abs().max() < 0.3
    assert torch.nn.functional.cosine_similarity(exact, rounded).min() > 0.995
    assert coarse.nbytes < 0.6 * encoder.nbytes


def test_the_same_sound_says_the_same_bit_for_bit(encoder: ContentEncoder) -> None:
    assert torch.equal(encoder.encode(sound(20_000), "v1"), encoder.encode(sound(20_000), "v1"))


def test_silence_gives_finite_numbers(encoder: ContentEncoder) -> None:
    assert encoder.encode(np.zeros(16_000, np.float32), "v2").isfinite().all()


def test_what_is_too_short_for_a_frame_is_refused(encoder: ContentEncoder) -> None:
    with pytest.raises(InvalidAudio, match="25 ms"):
        encoder.encode(np.zeros(399, np.float32), "v2")


def test_the_weights_are_those_of_the_checkpoint(contentvec_models: Path) -> None:
    from adapters.converters.rvc.content.stored import read_tensors

    stored = read_tensors(verify(find(contentvec_models)))
    assert torch.equal(
        stored["encoder.layers.3.feed_forward.output_dense.weight"],
        fairseq_state()["encoder.layers.3.fc2.weight"].float(),
    )
