"""Seeds, silence, precision, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from adapters.converters.rvc.synthesiser import Synthesiser, expected_shapes
from adapters.converters.rvc.values import VoiceConfig
from tests.adapters.rvc.synthesiser.voices import distance, heard, voice
from voicecore.engine_settings import Precision
from voicecore.errors import InvalidInput, ModelCorrupt


def test_a_seed_is_a_sound_and_another_seed_another() -> None:
    of = voice()
    content, pitch = heard(of, 120)
    synthesiser = Synthesiser(of)
    one, again, other = (synthesiser.convert(content, pitch, seed=each) for each in (5, 5, 6))
    assert torch.equal(one, again)
    assert distance(one, other) > 1e-3


def test_nobodys_random_generator_is_touched_or_heard() -> None:
    of = voice()
    content, pitch = heard(of, 40)
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    one = Synthesiser(of).convert(content, pitch, seed=5)
    assert torch.equal(before, torch.random.get_rng_state())
    torch.manual_seed(2)
    assert torch.equal(one, Synthesiser(of).convert(content, pitch, seed=5))


def test_speech_without_any_pitch_is_noise_and_not_broken() -> None:
    of = voice()
    content, _ = heard(of, 200)
    made = Synthesiser(of).convert(content, torch.zeros(200), seed=1)
    assert made.isfinite().all()
    assert made.std() > 1e-3


@pytest.mark.parametrize("hz", [1e-3, 49.0, 1_100.0, 20_000.0, 1e6])
def test_no_pitch_however_odd_breaks_the_sound(hz: float) -> None:
    of = voice()
    content, _ = heard(of, 50)
    made = Synthesiser(of).convert(content, torch.full((50,), hz), seed=1)
    assert made.isfinite().all()
    assert made.abs().max() <= 1


def test_the_pitch_is_followed() -> None:
    of = voice()
    content, pitch = heard(of, 100)
    synthesiser = Synthesiser(of)
    assert distance(*(synthesiser.convert(content, pitch * each, seed=1) for each in (1, 1.5))) > 1e-2


def test_no_frames_are_no_sound() -> None:
    assert Synthesiser(voice()).convert(torch.zeros(0, 768), torch.zeros(0), seed=1).shape == (0,)


def test_bfloat16_sounds_nearly_the_same() -> None:
    of = voice()
    content, pitch = heard(of, 100)
    exact = Synthesiser(of).convert(content, pitch, seed=1)
    rough = Synthesiser(of, precision=Precision.BF16).convert(content, pitch, seed=1)
    assert rough.dtype == torch.float32
    assert 0 < float((exact - rough).std() / exact.std()) < 0.05


def test_its_memory_is_that_of_the_weights() -> None:
    of = voice()
    numbers = sum(each.size for name, each in of.tensors.items() if not name.endswith("_g"))
    # What upsamples by 10 with a width of 16 is held as of width 20.
    assert Synthesiser(of).nbytes == pytest.approx(4 * (numbers + _rounded_up(of.config)), rel=0.02)
    assert Synthesiser(of, precision=Precision.BF16).nbytes < Synthesiser(of).nbytes


def _rounded_up(config) -> int:
    wider = 0
    for at, (rate, kernel) in enumerate(zip(config.upsample_rates, config.upsample_kernel_sizes, strict=True)):
        channels = config.upsample_initial_channel >> at
        wider += channels * (channels // 2) * (-kernel % rate)
    return wider


@pytest.mark.parametrize("missing", [True, False])
def test_a_voice_with_a_tensor_too_few_or_too_many_is_refused(*, missing: bool) -> None:
    of = voice()
    tensors = dict(of.tensors)
    if missing:
        del tensors["dec.ups.1.weight_v"]
    else:
        tensors["enc_q.pre.weight"] = np.zeros((1, 1), np.float16)
    with pytest.raises(ModelCorrupt, match=r"dec\.ups\.1\.weight_v|enc_q\.pre\.weight"):
        Synthesiser(replace(of, tensors=tensors))


def test_a_voice_with_another_shape_is_refused() -> None:
    of = voice()
    with pytest.raises(ModelCorrupt, match=r"emb_g\.weight has the shape \(4, 16\)"):
        Synthesiser(replace(of, tensors={**of.tensors, "emb_g.weight": np.zeros((4, 16), np.float16)}))


@pytest.mark.parametrize("name", ["emb_g.weight", "dec.resblocks.2.convs1.0.weight_v"])
def test_a_voice_whose_weights_are_no_numbers_is_refused(name: str) -> None:
    of = voice()
    # A direction of zeros has no length: folding weight norm divides by it.
    broken = np.full_like(of.tensors[name], 0 if name.endswith("_v") else np.nan)
    with pytest.raises(ModelCorrupt, match="not a finite number"):
        Synthesiser(replace(of, tensors={**of.tensors, name: broken}))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"inter_channels": 15}, "halves"),
        ({"resblock_dilation_sizes": ((1, 3), (1, 3), (1, 3))}, "dilations"),
        ({"resblock_kernel_sizes": (3, 4, 11)}, "even width"),
        ({"upsample_kernel_sizes": (16, 15, 4, 4)}, "loses samples"),
        ({"upsample_kernel_sizes": (8, 16, 4, 4)}, "loses samples"),
        ({"upsample_rates": (10, 8, 1, 5), "upsample_kernel_sizes": (16, 16, 3, 9)}, "odd rates"),
    ],
)
def test_a_config_that_contradicts_itself_is_refused_before_anything_is_built(changed, message) -> None:
    config = VoiceConfig.from_document(voice().config.as_document() | changed)
    with pytest.raises(ModelCorrupt, match=message):
        expected_shapes(config)


@pytest.mark.parametrize(
    ("content", "pitch", "speaker", "message"),
    [
        (torch.zeros(5, 256), torch.zeros(5), 0, "768 content features"),
        (torch.zeros(768), torch.zeros(5), 0, "768 content features"),
        (torch.zeros(5, 768), torch.zeros(4), 0, "5 frames of content"),
        (torch.zeros(5, 768), None, 0, "follows a pitch"),
        (torch.zeros(5, 768), torch.zeros(5), 3, "speakers 0 to 2"),
        (torch.zeros(5, 768), torch.zeros(5), -1, "speakers 0 to 2"),
        (torch.full((5, 768), torch.nan), torch.zeros(5), 0, "content has a value"),
        (torch.zeros(5, 768), torch.full((5,), torch.inf), 0, "pitch has a value"),
        (torch.zeros(5, 768), torch.full((5,), -1.0), 0, "below 0"),
    ],
)
def test_input_that_does_not_fit_the_voice_is_refused(content, pitch, speaker, message) -> None:
    with pytest.raises(InvalidInput, match=message):
        Synthesiser(voice()).convert(content, pitch, seed=1, speaker=speaker)


def test_a_pitch_for_a_voice_that_follows_none_is_refused() -> None:
    with pytest.raises(InvalidInput, match="follows no pitch"):
        Synthesiser(voice(f0=False)).convert(torch.zeros(5, 768), torch.zeros(5), seed=1)


def test_int8_is_refused() -> None:
    with pytest.raises(InvalidInput, match="int8"):
        Synthesiser(voice(), precision=Precision.INT8)
