"""The eight presets of each language are eight voices, equally loud, without clipping and without long silent ends.

Spoken is a sentence that the presets were not chosen with. Both boundaries between one speaker and two were measured on
19 human speakers. The judge `d_vector` is tuned on nothing here; Resemblyzer also serves voice matching.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest

from adapters.engines.kokoro.engine import KokoroEngine
from adapters.engines.kokoro.provider import KokoroProvider
from adapters.engines.speaker_encoder import SpeakerEncoder
from tests.adapters.kokoro.loudness import loudness_lufs
from tests.instruments.cores import threads_here
from tests.instruments.speaker_judge import SAME_SPEAKER_BOUNDARY, d_vector
from voicecore.audio import Audio
from voicecore.engine import Utterance
from voicecore.language import Language
from voicecore.voice import PRESETS

pytestmark = pytest.mark.quality

SENTENCES = {
    "pt-BR": "O trem das sete chegou atrasado, mas ninguém na estação reclamou da demora.",
    "en-US": "The seven o'clock train arrived late, but nobody at the station complained about the delay.",
    "en-GB": "The seven o'clock train arrived late, but nobody at the station complained about the delay.",
    "es": "El tren de las siete llegó tarde, pero nadie en la estación se quejó del retraso.",
    "fr": "Le train de sept heures est arrivé en retard, mais personne à la gare ne s'est plaint.",
    "it": "Il treno delle sette è arrivato in ritardo, ma nessuno alla stazione si è lamentato.",
}
#: Resemblyzer's boundary, by the same 19 speakers.
RESEMBLYZER_BOUNDARY = 0.837
LOUDNESS_SPREAD_DB = 3.0


@pytest.fixture(scope="module")
def engine() -> Iterator[KokoroEngine]:
    engine = KokoroProvider().open(threads=threads_here())
    yield engine
    engine.close()


@pytest.fixture(scope="module", params=SENTENCES)
def spoken(request: pytest.FixtureRequest, engine: KokoroEngine) -> dict[str, Audio]:
    """Preset → the language's sentence."""
    tag = request.param
    found = {}
    for preset in PRESETS:
        engine.admit(Utterance(id=preset, text=SENTENCES[tag], language=Language.parse(tag), voice=preset))
        (chunk,) = engine.step()
        found[preset] = Audio(chunk.samples, chunk.sample_rate_hz)
    return found


@cache
def _encoder() -> SpeakerEncoder:
    return SpeakerEncoder()


def _most_alike(vectors: dict[str, np.ndarray]) -> tuple[float, str]:
    return max((float(vectors[a] @ vectors[b]), f"{a} and {b}") for a, b in itertools.combinations(vectors, 2))


def test_every_pair_is_two_speakers_to_an_independent_judge(spoken: dict[str, Audio]) -> None:
    closest, pair = _most_alike({preset: d_vector(audio) for preset, audio in spoken.items()})
    assert closest < SAME_SPEAKER_BOUNDARY, pair


def test_every_pair_is_two_speakers_to_resemblyzer(spoken: dict[str, Audio]) -> None:
    closest, pair = _most_alike({preset: _encoder().embed(audio) for preset, audio in spoken.items()})
    assert closest < RESEMBLYZER_BOUNDARY, pair


def test_all_presets_are_equally_loud(spoken: dict[str, Audio]) -> None:
    loudness = {preset: loudness_lufs(audio) for preset, audio in spoken.items()}
    assert max(loudness.values()) - min(loudness.values()) < LOUDNESS_SPREAD_DB, loudness


def test_no_preset_clips(spoken: dict[str, Audio]) -> None:
    for preset, audio in spoken.items():
        assert audio.peak < 0.99, preset
        assert np.mean(np.abs(audio.samples) > 0.95) < 1e-3, preset


def test_no_preset_begins_or_ends_with_a_long_silence(spoken: dict[str, Audio]) -> None:
    for preset, audio in spoken.items():
        frames = audio.samples[: len(audio.samples) // 240 * 240].reshape(-1, 240)
        level_db = 10 * np.log10((frames**2).mean(axis=1) + 1e-12)
        sounding = np.flatnonzero(level_db > level_db.max() - 40)
        assert sounding[0] * 0.01 < 0.3, preset
        assert (len(frames) - 1 - sounding[-1]) * 0.01 < 0.3, preset


def test_the_largest_segment_of_510_phonemes_is_spoken_whole(engine: KokoroEngine) -> None:
    language = Language("pt", "BR")
    long = f"{SENTENCES['pt-BR']} " * 9
    sizes = ((long[:end].strip(), engine.measure(long[:end].strip(), language)) for end in range(400, len(long)))
    text, size = next((text, size) for text, size in sizes if size >= 505)
    text += "!" * (510 - size)
    assert engine.measure(text, language) == 510
    rates = []
    for part in (SENTENCES["pt-BR"], text):
        engine.admit(Utterance(id=part, text=part, language=language, voice="female_generic"))
        (chunk,) = engine.step()
        rates.append(engine.measure(part, language) / chunk.duration_s)
    alone, largest = rates
    assert 0.75 < largest / alone < 1.33, "phonemes a second: a cut end would raise the rate"
