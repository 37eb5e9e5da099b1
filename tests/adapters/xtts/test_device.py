"""On the device that is tried (tests/instruments/device.py) XTTS speaks and learns as on the processor, which judges."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from adapters.engines.xtts.provider import XttsProvider
from tests.adapters.xtts.conditioning.babble import babble
from tests.instruments.device import DEVICE, without_tf32
from voicecore.engine import Utterance
from voicecore.engine_settings import EngineSettings, Precision
from voicecore.language import Language
from voicecore.ports import SpeechEngine
from voicecore.testing.contracts.speech_engine import run, sound

PT = Language("pt", "BR")
TEXTS = ("A casa amarela fica no fim da rua.", "Sim.", "Amanhã cedo vamos todos juntos ao mercado.")
#: The likeliest token at every step, so that both sides draw nothing.
LIKELIEST = {"top_k": 1}


@pytest.fixture
def opened(tiny_folder: Path) -> Callable[..., SpeechEngine]:
    """Opens an engine on a device."""
    without_tf32()
    settings = EngineSettings(models_dir=tiny_folder, device="cpu", accepted_licences=frozenset({"xtts"}), batch_size=4)

    def opens(device: str, **changes: object) -> SpeechEngine:
        return XttsProvider(replace(settings, device=device, **changes)).open(threads=1)

    return opens


def said(engine: SpeechEngine, **changes: object) -> list[np.ndarray]:
    """All texts at once, in one batch."""
    for number, text in enumerate(TEXTS):
        chosen = {"voice": "female_generic", "seed": 7, "parameters": LIKELIEST, **changes}
        engine.admit(Utterance(id=str(number), text=text, language=PT, **chosen))
    heard = run(engine)
    return [sound(heard[str(number)]) for number in range(len(TEXTS))]


def test_a_batch_has_the_same_tokens_and_nearly_the_same_samples(opened: Callable[..., SpeechEngine]) -> None:
    with closing(opened(DEVICE)) as there, closing(opened("cpu")) as here:
        for one, other in zip(said(there), said(here), strict=True):
            assert len(one) == len(other)
            assert float(np.abs(one - other).max()) < 1e-3


def test_drawn_tokens_are_those_of_the_seed_on_every_device(opened: Callable[..., SpeechEngine]) -> None:
    with closing(opened(DEVICE)) as there, closing(opened("cpu")) as here:
        for one, other in zip(said(there, parameters={}), said(here, parameters={}), strict=True):
            assert len(one) == len(other)
            assert float(np.abs(one - other).max()) < 1e-3


def test_a_voice_is_learned_alike_and_spoken_with(opened: Callable[..., SpeechEngine]) -> None:
    with closing(opened(DEVICE)) as there, closing(opened("cpu")) as here:
        learned, judged = (each.enroll([babble(7.0)], PT) for each in (there, here))
        for name, array in judged.arrays.items():
            assert np.allclose(learned.arrays[name], array, atol=1e-3)
        (one, *_), (other, *_) = said(there, voice=learned), said(here, voice=learned)
        assert len(one) == len(other)
        assert float(np.abs(one - other).max()) < 1e-3


def test_bfloat16_speaks_there_too(opened: Callable[..., SpeechEngine]) -> None:
    with closing(opened(DEVICE, precision=Precision.BF16)) as there:
        assert all(len(each) and np.isfinite(each).all() for each in said(there))
