"""The vocoder in windows against upstream's in one piece."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from torch.nn import functional as F  # noqa: N812
from torch.nn.utils import parametrize

from adapters.coqui import prepare_coqui
from adapters.engines.xtts.vocoder import Vocoder
from voicecore.engine_settings import Precision
from voicecore.errors import Conflict

_WIDTH = 64
#: Latents that upstream's `inference_stream` vocodes for 200 tokens in chunks of 20: 20 + 40 + ... + 200.
_UPSTREAM = 1100
_FEW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def hifigan():
    """Upstream's module, a fortieth as wide, with weights that neither fade nor blow up the signal."""
    prepare_coqui()
    from TTS.tts.layers.xtts.hifigan_decoder import HifiDecoder

    return _random_weights(HifiDecoder(decoder_input_dim=_WIDTH, upsample_initial_channel_decoder=32).eval())


def _random_weights(hifigan):
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for module in hifigan.waveform_decoder.modules():
            if not isinstance(module, (torch.nn.Conv1d, torch.nn.ConvTranspose1d)):
                continue
            shape = module.weight.shape
            up = isinstance(module, torch.nn.ConvTranspose1d)
            fan_in = (shape[0] / module.stride[0] if up else shape[1]) * shape[2]
            if parametrize.is_parametrized(module):
                parametrize.remove_parametrizations(module, "weight")
            module.weight.copy_(torch.randn(shape, generator=generator) * (1.0 if up else 0.7) / fan_in**0.5)
            if module.bias is not None:
                module.bias.copy_(torch.randn(module.bias.shape, generator=generator) * 0.05)
    return hifigan


@pytest.fixture(scope="module")
def vocoder(hifigan):
    return Vocoder(hifigan, device="cpu", precision=Precision.EXACT)


def _latents(count: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, _WIDTH, generator=torch.Generator().manual_seed(seed))


def _speaker(seed: int = 0) -> torch.Tensor:
    return torch.randn(512, generator=torch.Generator().manual_seed(100 + seed))


def _upstream(hifigan, latents: torch.Tensor, speaker: torch.Tensor, speed: float) -> np.ndarray:
    """What `Xtts.inference` does with its latents."""
    batch, stretch = latents[None], 1.0 / max(speed, 0.05)
    with torch.inference_mode():
        if stretch != 1.0:
            batch = F.interpolate(batch.transpose(1, 2), scale_factor=stretch, mode="linear").transpose(1, 2)
        return hifigan(batch, g=speaker[None, :, None]).squeeze().numpy()


def _streamed(vocoder: Vocoder, latents: torch.Tensor, chunks: Sequence[int], speed: float = 1.0) -> np.ndarray:
    """All samples of a stream that is asked after every chunk; the last chunk is what is left."""
    stream = vocoder.open(_speaker(), speed)
    parts, at = [], 0
    for chunk in chunks:
        stream.push(latents[at : at + chunk])
        at += chunk
        ready = stream.samples_ready
        parts.append(stream.take(final=False))
        assert len(parts[-1]) == ready
    stream.push(latents[at:])
    pending = stream.samples_pending
    parts.append(stream.take(final=True))
    assert len(parts[-1]) == pending
    return np.concatenate(parts)


@pytest.mark.parametrize(("speed", "count"), [(1.0, 2), (1.0, 7), (0.95, 18), (0.95, 19), (0.95, 40), (0.99, 60)])
def test_a_stretch_too_small_to_add_a_latent_is_upstreams_too(hifigan, vocoder, speed, count):
    latents = _latents(count)
    joined = _streamed(vocoder, latents, [1] * (count - 1), speed)
    np.testing.assert_allclose(joined, _upstream(hifigan, latents, _speaker(), speed), atol=1e-5, rtol=0)


@_FEW
@example(count=7, chunks=[2], speed=1.0)
@given(
    count=st.integers(2, 90),
    chunks=st.lists(st.integers(1, 40), max_size=8),
    speed=st.sampled_from([1.0, 0.5, 0.85, 0.95, 1.3, 2.0]) | st.floats(0.5, 2.0),
)
def test_a_stream_is_the_waveform_that_upstream_makes_in_one_piece(hifigan, vocoder, count, chunks, speed):
    latents = _latents(count)
    whole = _upstream(hifigan, latents, _speaker(), speed)
    joined = _streamed(vocoder, latents, chunks, speed)
    assert joined.shape == whole.shape
    assert whole.std() > 0.02
    np.testing.assert_allclose(joined, whole, atol=1e-5, rtol=0)


def test_a_long_sentence_made_in_several_windows_is_upstreams(hifigan, vocoder):
    latents = _latents(150)
    before = vocoder.tokens_vocoded_total
    joined = _streamed(vocoder, latents, [])
    assert vocoder.tokens_vocoded_total - before > 150  # windows overlap
    np.testing.assert_allclose(joined, _upstream(hifigan, latents, _speaker(), 1.0), atol=1e-5, rtol=0)


def test_the_samples_of_a_stream_do_not_wait_longer_than_the_receptive_field(vocoder):
    stream = vocoder.open(_speaker(), 1.0)
    stream.push(_latents(8))
    assert stream.samples_pending - stream.samples_ready <= 5 * 1115  # 5 tokens of 1114.6 samples
    assert stream.samples_ready > 3 * 1114


def test_only_samples_within_the_receptive_field_feel_one_changed_frame(vocoder):
    network, shape = vocoder.network, vocoder.network.shape
    frames = torch.randn(_WIDTH, 80, generator=torch.Generator().manual_seed(1))
    other = frames.clone()
    other[:, 40] += 5.0
    colour = network.colour(_speaker())
    plan = shape.plan(0, 80 * shape.hop, 80)
    with torch.inference_mode():
        felt = np.flatnonzero((network(frames, plan, colour) != network(other, plan, colour)).numpy())
    back, ahead = shape.reach_frames  # how far a sample looks: the mirror of how far a frame is felt
    first, last = felt[0] / shape.hop - 40, felt[-1] / shape.hop - 40
    assert -ahead - 1e-9 <= first < -ahead + 1
    assert back - 1 < last <= back + 1e-9


def _widths(plan) -> tuple[int, ...]:
    """Of everything that the network computes on."""
    spans = (plan.frames, *plan.entering, *plan.inner, plan.last)
    return tuple(stop - start for start, stop in spans)


def test_whole_sentences_of_every_length_share_a_few_widths_of_which_each_is_compiled_once(vocoder):
    shape = vocoder.network.shape
    widths = {_widths(shape.plan(0, frames * shape.hop, frames)) for frames in range(1, 289)}
    assert len(widths) == 288 / 16
    assert all(
        frames <= _widths(shape.plan(0, frames * shape.hop, frames))[0] < frames + 16 for frames in range(1, 289)
    )


def test_windows_in_the_midst_have_one_width_wherever_they_begin(vocoder):
    shape = vocoder.network.shape
    widths = set()
    for start in range(20 * shape.hop, 24 * shape.hop, 7):
        widths.add(_widths(shape.plan(start, start + 174 * shape.hop, 400)))
    assert len(widths) == 1


def test_what_a_window_computes_behind_the_end_is_not_heard(vocoder):
    network, shape = vocoder.network, vocoder.network.shape
    frames = torch.randn(_WIDTH, 37, generator=torch.Generator().manual_seed(2))
    colour = network.colour(_speaker())
    rounded = shape.plan(0, 37 * shape.hop, 37)
    assert rounded.frames == (0, 48)
    longer = torch.cat([frames, torch.full((_WIDTH, 11), 9.0)], dim=1)
    with torch.inference_mode():
        sound = network(frames, rounded, colour)
        other = network(longer, shape.plan(0, 48 * shape.hop, 48), colour)
    assert sound.shape == (37 * shape.hop,)
    assert (sound != other[: 37 * shape.hop]).any(), "a frame behind the end would be heard before it"
    np.testing.assert_allclose(sound, _frames_upstream(vocoder, frames), atol=1e-5, rtol=0)


def _frames_upstream(vocoder: Vocoder, frames: torch.Tensor) -> np.ndarray:
    """What upstream's generator makes of frames."""
    generator = vocoder._hifigan.waveform_decoder
    with torch.inference_mode():
        return generator(frames[None], g=_speaker()[None, :, None])[0, 0].numpy()


def test_a_sentence_of_200_tokens_costs_less_than_three_tenths_of_upstreams_stream(vocoder):
    before = vocoder.tokens_vocoded_total
    _streamed(vocoder, _latents(200), [8, 40, 40, 40, 40])
    assert 200 <= vocoder.tokens_vocoded_total - before <= 0.3 * _UPSTREAM


def test_half_the_precision_is_close_to_the_exact_sound(hifigan, vocoder):
    coarse = Vocoder(hifigan, device="cpu", precision=Precision.BF16)
    latents = _latents(30)
    exact, near = _streamed(vocoder, latents, []), _streamed(coarse, latents, [8])
    noise = near - exact
    assert near.dtype == np.float32
    assert noise.any()
    assert 10 * np.log10((exact**2).mean() / (noise**2).mean()) > 20


def test_two_streams_of_one_vocoder_do_not_touch_each_other(vocoder):
    one, two = vocoder.open(_speaker(1), 1.0), vocoder.open(_speaker(2), 1.0)
    one.push(_latents(12, 1))
    two.push(_latents(20, 2))
    first = one.take(final=False)
    two.take(final=False)
    rest = one.take(final=True)
    alone = vocoder.open(_speaker(1), 1.0)
    alone.push(_latents(12, 1))
    np.testing.assert_allclose(np.concatenate([first, rest]), alone.take(final=True), atol=1e-5, rtol=0)


def test_a_stream_without_latents_is_empty_and_a_closed_one_takes_no_more(vocoder):
    stream = vocoder.open(_speaker(), 1.0)
    assert stream.take(final=False).shape == (0,)
    assert stream.take(final=True).shape == (0,)
    with pytest.raises(Conflict, match="open another stream"):
        stream.push(_latents(1))
    with pytest.raises(Conflict, match="open another stream"):
        stream.take(final=True)
