"""What the tests of RVC convert with: a small voice as it is kept, and sound with the make of speech."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from adapters.converters.rvc.stored import StoredVoice, pack_index, pack_voice
from adapters.converters.rvc.values import CONTENT_WIDTH, VoiceConfig
from tests.instruments import tiny_rvc
from voicecore.audio import Audio
from voicecore.ports import ModelParts
from voicecore.testing.contracts.voice_converter import buzz


def parts(
    version: str = "v2", rate: int = 40_000, *, f0: bool = True, vectors: int = 0, seed: int = 0, full: bool = False
) -> ModelParts:
    """A voice with random weights, and an index of so many random vectors."""
    numbers = tiny_rvc.config_list(version, rate, full=full)
    config = VoiceConfig.of(numbers, version=version, f0=f0, speakers=numbers[15])
    voice = pack_voice(StoredVoice(config=config, tensors=tiny_rvc.weights(config, seed)))
    return ModelParts(voice, pack_index(index_vectors(CONTENT_WIDTH[version], vectors)) if vectors else None)


def index_vectors(width: int, count: int, seed: int = 0) -> np.ndarray[Any, Any]:
    """Random vectors as an index keeps them."""
    return np.random.default_rng(seed).standard_normal((count, width)).astype(np.float16)


def speech(seconds: float, *, rate: int = 16_000, hz: float = 140.0, seed: int = 0) -> Audio:
    """Buzzing syllables, with hissing between them."""
    voiced = buzz(seconds, hz=hz, rate_hz=rate, seed=seed)
    time = np.arange(len(voiced.samples)) / rate
    hiss = (
        0.05 * np.random.default_rng(seed).standard_normal(len(time)) * np.clip(np.sin(2 * np.pi * 1.3 * time), 0, None)
    )
    return Audio(np.clip(voiced.samples + hiss, -1, 1).astype(np.float32), rate)


def real_speech(seconds: float, speaker: str = "librivox") -> Audio:
    """Somebody who reads aloud, at 16 kHz; from a Debian package, fetched once."""
    from tests.instruments.human_speech import SPEAKERS, clips

    found = clips(next(each for each in SPEAKERS if each.name == speaker), seconds=seconds)
    return Audio(np.concatenate([each.samples for each in found])[: round(seconds * 16_000)], found[0].sample_rate_hz)


def write_index(path: Path, vectors: np.ndarray[Any, Any]) -> Path:
    """A `.index` of faiss with these vectors, in one list, so that a search looks at all of them."""
    import faiss

    index = faiss.index_factory(vectors.shape[1], "IVF1,Flat")
    floats = vectors.astype(np.float32)
    index.train(floats)
    index.add(floats)
    faiss.write_index(index, str(path))
    return path
