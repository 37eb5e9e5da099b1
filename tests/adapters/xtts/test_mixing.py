"""Mixing voices of XTTS: what the means are, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.engines.xtts.conditioning.stored import GPT, SPEAKER, checked
from adapters.engines.xtts.mixing import mixed
from voicecore.engine import EngineCard
from voicecore.errors import InvalidInput
from voicecore.language import Language
from voicecore.voice import VoicePreset, VoicePrint

DIGEST = "ab" * 32
PT = Language("pt", "BR")
CARD = EngineCard(
    name="xtts", title="", description="", version="", model_digest=DIGEST, licence="", sample_rate_hz=24_000,
    languages=(PT,), presets=(VoicePreset("female_generic", "", "", (PT,)),), segment_limit=1, segment_unit="",
    mixes_voices=True,
)  # fmt: skip


def voice(seed: int, *, length: float = 1.0, width: int = 64) -> VoicePrint:
    chance = np.random.default_rng(seed)
    speaker = chance.normal(size=512)
    speaker *= length / np.linalg.norm(speaker)
    arrays = {GPT: chance.normal(size=(32, width)).astype(np.float32), SPEAKER: speaker.astype(np.float32)}
    return VoicePrint("xtts", DIGEST, arrays)


def no_preset(name: str) -> VoicePrint:
    raise InvalidInput(f"{name!r} is not a preset.")


def mix(*parts: tuple[str | VoicePrint, float]) -> VoicePrint:
    return mixed(parts, no_preset, CARD)


def test_latents_are_averaged_by_weight_and_the_embedding_keeps_the_length_of_its_parts() -> None:
    one, other = voice(1), voice(2)
    made = mix((one, 3), (other, 1))
    checked(made, DIGEST)
    assert made.arrays[GPT] == pytest.approx(0.75 * one.arrays[GPT] + 0.25 * other.arrays[GPT], abs=1e-6)
    mean = 0.75 * one.arrays[SPEAKER] + 0.25 * other.arrays[SPEAKER]
    assert np.linalg.norm(mean) < 0.9
    assert made.arrays[SPEAKER] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-6)


def test_embeddings_of_different_length_give_one_of_their_mean_length() -> None:
    made = mix((voice(1, length=1.0), 1), (voice(2, length=0.5), 3))
    assert np.linalg.norm(made.arrays[SPEAKER]) == pytest.approx(0.25 * 1.0 + 0.75 * 0.5, abs=1e-5)


@given(st.lists(st.floats(0.01, 100), min_size=2, max_size=8), st.randoms(use_true_random=False))
def test_neither_the_order_of_the_parts_nor_the_scale_of_the_weights_matters(weights: list[float], chance) -> None:
    parts = [(voice(number), weight) for number, weight in enumerate(weights)]
    shuffled = [(each, 7 * weight) for each, weight in parts]
    chance.shuffle(shuffled)
    made, again = mix(*parts), mix(*shuffled)
    for name in (GPT, SPEAKER):
        assert made.arrays[name] == pytest.approx(again.arrays[name], abs=1e-5)


def test_a_voice_mixed_with_itself_is_that_voice_and_almost_all_weight_almost_is() -> None:
    one, other = voice(1), voice(2)
    for made in (mix((one, 1), (one, 5)), mix((one, 1000), (other, 0.0001))):
        for name in (GPT, SPEAKER):
            assert made.arrays[name] == pytest.approx(one.arrays[name], abs=1e-5)


def test_presets_are_parts_like_any_voice() -> None:
    speakers = {"female_generic": voice(3)}
    by_preset = mixed([("female_generic", 1.0), (voice(1), 1.0)], speakers.__getitem__, CARD)
    by_print = mix((voice(3), 1.0), (voice(1), 1.0))
    assert by_preset.to_bytes() == by_print.to_bytes()


def test_voices_that_cancel_each_other_out_are_refused() -> None:
    one = voice(1)
    against = VoicePrint("xtts", DIGEST, {GPT: one.arrays[GPT], SPEAKER: -one.arrays[SPEAKER]})
    with pytest.raises(InvalidInput, match="cancel each other out"):
        mix((one, 1), (against, 1))
    assert mix((one, 2), (against, 1)).arrays[SPEAKER] == pytest.approx(one.arrays[SPEAKER], abs=1e-6)


def test_what_is_not_a_voice_of_this_checkpoint_is_refused() -> None:
    one = voice(1)
    older = VoicePrint("xtts", "cd" * 32, one.arrays)
    stranger = VoicePrint("kokoro", DIGEST, one.arrays)
    damaged = VoicePrint("xtts", DIGEST, {GPT: one.arrays[GPT]})
    for other in (older, stranger, damaged, "nobody"):
        with pytest.raises(InvalidInput):
            mix((one, 1), (other, 1))
    for parts in ([(one, 1.0)], [(one, 1.0)] * 9, [(one, 0.0), (voice(2), 1.0)]):
        with pytest.raises(InvalidInput):
            mix(*parts)
