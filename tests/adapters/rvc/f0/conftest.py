"""Two voices that speak, RMVPE with random weights, and every tracker, opened once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from adapters.converters.rvc.f0 import F0Tracker, open_tracker
from adapters.converters.rvc.f0.rmvpe import intake
from tests.adapters.rvc.f0.random_rmvpe import write_published
from tests.instruments.one_thread import one_thread  # noqa: F401 - a fixture of all tests here
from voicecore.conversion import F0Method
from voicecore.engine import Utterance
from voicecore.language import Language

SENTENCE = "Bom dia! Hoje o céu está limpo, e o mar continua calmo até a noite."


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an `rmvpe.pt` as its publisher offers it, but random; not to be written to."""
    return write_published(tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="session")
def models_dir(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with that RMVPE; not to be written to."""
    folder = tmp_path_factory.mktemp("models")
    intake(published, folder)
    return folder


@pytest.fixture(scope="session")
def trackers(models_dir: Path) -> dict[F0Method, F0Tracker]:
    return {method: open_tracker(method, models_dir=models_dir, device="cpu") for method in F0Method}


@pytest.fixture(scope="session")
def speech() -> dict[str, np.ndarray]:
    """The same sentence by a woman's and a man's voice of Kokoro, about 4 s each at 16 kHz."""
    import soxr

    from adapters.engines.kokoro.engine import KokoroEngine
    from adapters.engines.kokoro.model import KokoroModel
    from adapters.engines.kokoro.provider import KokoroProvider

    engine = KokoroEngine(KokoroModel.load(threads=1), KokoroProvider().card())
    said = {}
    for voice in ("female_generic", "male_generic"):
        engine.admit(Utterance(id="u", text=SENTENCE, language=Language("pt", "BR"), voice=voice))
        (chunk,) = engine.step()
        said[voice] = soxr.resample(chunk.samples, chunk.sample_rate_hz, 16_000).astype(np.float32)
    engine.close()
    return said
