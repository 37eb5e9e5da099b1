"""The encoder hears who speaks."""

from __future__ import annotations

import numpy as np
import pytest

from adapters.engines.kokoro.matching import SpeakerEncoder
from adapters.engines.kokoro.model import SAMPLE_RATE_HZ, KokoroModel
from adapters.engines.kokoro.phonemes import phonemes
from adapters.engines.kokoro.voices import Voices, style_row
from voicecore.audio import Audio
from voicecore.errors import InvalidAudio


@pytest.fixture(scope="module")
def encoder() -> SpeakerEncoder:
    return SpeakerEncoder()


@pytest.fixture(scope="module")
def spoken() -> dict[tuple[str, int], Audio]:
    """Two sentences in each of two voices."""
    network, voices = KokoroModel.load(threads=1), Voices()
    found = {}
    for number, text in enumerate(
        ("O trem da manhã chegou atrasado outra vez.", "Meu irmão comprou um livro sobre a lua.")
    ):
        ids = phonemes(text, "pt-BR").ids
        for name in ("pf_dora", "pm_alex"):
            samples = network.speak(ids, voices.styles(name)[style_row(len(ids))])
            found[name, number] = Audio(np.clip(samples, -1, 1), SAMPLE_RATE_HZ)
    return found


def test_one_voice_in_two_sentences_is_nearer_than_two_voices_in_one(
    encoder: SpeakerEncoder, spoken: dict[tuple[str, int], Audio]
) -> None:
    heard = {key: encoder.embed(audio) for key, audio in spoken.items()}
    same = [heard[name, 0] @ heard[name, 1] for name in ("pf_dora", "pm_alex")]
    different = [heard["pf_dora", number] @ heard["pm_alex", number] for number in (0, 1)]
    assert min(same) > max(different)


def test_an_embedding_has_unit_length_and_is_the_same_every_time(
    encoder: SpeakerEncoder, spoken: dict[tuple[str, int], Audio]
) -> None:
    audio = spoken["pf_dora", 0]
    first = encoder.embed(audio)
    assert first.shape == (256,)
    assert first.dtype == np.float32
    assert np.linalg.norm(first) == pytest.approx(1.0, abs=1e-5)
    assert np.array_equal(first, SpeakerEncoder().embed(audio))


def test_loudness_and_pauses_do_not_change_who_speaks(
    encoder: SpeakerEncoder, spoken: dict[tuple[str, int], Audio]
) -> None:
    audio = spoken["pm_alex", 1]
    pause = np.zeros(SAMPLE_RATE_HZ, np.float32)
    quiet = Audio(np.concatenate([pause, audio.samples * np.float32(0.05), pause]), SAMPLE_RATE_HZ)
    assert encoder.embed(quiet) @ encoder.embed(audio) > 0.95


@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros(48_000), np.full(48_000, 1e-7)])
def test_silence_is_nobody(encoder: SpeakerEncoder, samples: np.ndarray) -> None:
    with pytest.raises(InvalidAudio, match="no speech"):
        encoder.embed(Audio(samples.astype(np.float32), SAMPLE_RATE_HZ))
