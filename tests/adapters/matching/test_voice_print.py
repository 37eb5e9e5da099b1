"""From recordings to a print, and from a print to a style and a colour."""

from __future__ import annotations

import numpy as np
import pytest

from adapters.engines.kokoro.matching import match, recolour, style
from adapters.engines.kokoro.matching.model_data import read_matching_model
from adapters.engines.kokoro.matching.pitch import contour, pitch_of
from adapters.engines.kokoro.matching.voice_print import SHAPES
from adapters.engines.kokoro.model import SAMPLE_RATE_HZ, KokoroModel
from adapters.engines.kokoro.phonemes import ESPEAK_CODES, phonemes
from adapters.engines.kokoro.voices import Voices
from tests.adapters.matching.glottis import voiced
from voicecore.errors import InvalidInput, UnsupportedLanguage
from voicecore.voice import VoicePrint


@pytest.fixture(scope="module")
def printed() -> dict[str, np.ndarray]:
    return match([voiced(5, 110)], "pt-BR")


@pytest.fixture(scope="module")
def voices() -> Voices:
    return Voices()


def test_a_print_is_small_arrays_of_known_shapes(printed: dict[str, np.ndarray]) -> None:
    assert {name: array.shape for name, array in printed.items()} == SHAPES
    assert {array.dtype for array in printed.values()} == {np.dtype(np.float32)}
    assert all(np.isfinite(array).all() for array in printed.values())


def test_a_print_survives_storage(printed: dict[str, np.ndarray], voices: Voices) -> None:
    stored = VoicePrint.from_bytes(VoicePrint("kokoro", "digest", printed).to_bytes())
    assert np.array_equal(style(stored.arrays, voices, "pt-BR", 40), style(printed, voices, "pt-BR", 40))


def test_the_same_recordings_give_the_same_print(printed: dict[str, np.ndarray]) -> None:
    again = match([voiced(5, 110)], "pt-BR")
    assert all(np.array_equal(printed[name], again[name]) for name in SHAPES)


def test_a_print_speaks_every_language_of_the_card(printed: dict[str, np.ndarray], voices: Voices) -> None:
    for tag in ESPEAK_CODES:
        found = style(printed, voices, tag, 40)
        assert found.shape == (256,)
        assert found.dtype == np.float32
        assert np.array_equal(found[:128], printed["timbre"])


def test_a_language_without_native_voices_is_refused(printed: dict[str, np.ndarray], voices: Voices) -> None:
    with pytest.raises(UnsupportedLanguage, match="ja"):
        style(printed, voices, "ja", 40)
    with pytest.raises(UnsupportedLanguage, match="ja"):
        match([voiced(5, 110)], "ja")


def test_low_and_high_speakers_borrow_the_rhythm_of_the_nearer_native_voice() -> None:
    model = read_matching_model()
    assert model.nearest_native("pt-BR", np.log(95.0))[0] == "pm_alex"
    assert model.nearest_native("pt-BR", np.log(230.0))[0] == "pf_dora"


@pytest.mark.parametrize("f0_hz", [100.0, 150.0, 205.0])
def test_the_network_itself_speaks_at_the_pitch_of_the_speaker(voices: Voices, f0_hz: float) -> None:
    ids = phonemes("Hoje o céu está claro.", "pt-BR").ids
    arrays = match([voiced(5, f0_hz)], "pt-BR")
    # The timbre of pulses is nobody's: only the prosody half is under test.
    arrays["timbre"] = voices.styles("pf_dora")[len(ids) - 1, :128].copy()
    samples = KokoroModel.load(threads=1).speak(ids, style(arrays, voices, "pt-BR", len(ids)))
    pitch = pitch_of(contour(samples, SAMPLE_RATE_HZ)[0])
    assert pitch is not None
    assert np.exp(pitch.median_log_hz) == pytest.approx(f0_hz, rel=0.15)


def test_recolouring_keeps_length_and_silence_and_repeats_itself(printed: dict[str, np.ndarray]) -> None:
    samples = voiced(2, 200).samples
    moved = recolour(samples, SAMPLE_RATE_HZ, printed)
    assert moved.shape == samples.shape
    assert np.array_equal(moved, recolour(samples, SAMPLE_RATE_HZ, printed))
    assert np.abs(moved).max() <= 1.0
    assert not recolour(np.zeros(100, np.float32), SAMPLE_RATE_HZ, printed).any()


@pytest.mark.parametrize("name", list(SHAPES))
def test_a_damaged_print_is_refused_by_name(printed: dict[str, np.ndarray], voices: Voices, name: str) -> None:
    absent = {key: array for key, array in printed.items() if key != name}
    for damaged in (
        absent,
        {**absent, name: np.zeros(3, np.float32)},
        {**absent, name: np.full(SHAPES[name], np.nan, np.float32)},
    ):
        with pytest.raises(InvalidInput, match=name):
            style(damaged, voices, "pt-BR", 40)
