"""The sound is upstream's, wherever upstream defines one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from adapters.converters.openvoice import OpenVoiceConverter
from adapters.converters.openvoice.noise import noise
from tests.instruments.tiny_openvoice import SAMPLE_RATE_HZ, tiny_network
from voicecore.audio import Audio
from voicecore.engine_settings import EngineSettings
from voicecore.errors import EngineFailed, InvalidAudio
from voicecore.testing.contracts.voice_converter import buzz
from voicecore.tone_colour import ToneSettings

#: Whole frames, since upstream drops what does not fill one.
SPEECH = Audio(buzz(2.0).samples[: 256 * 170], SAMPLE_RATE_HZ)
REFERENCE = buzz(6.0, hz=220.0, seed=3)


def tensor(audio: Audio) -> torch.Tensor:
    return torch.tensor(audio.samples)


def test_a_print_is_upstreams_speaker_embedding(converter: OpenVoiceConverter) -> None:
    embedding, _ = tiny_network().extract_se(tensor(REFERENCE))
    ours = converter.learn([REFERENCE]).arrays["se"]
    assert ours.shape == (32,)
    assert np.abs(ours - embedding.flatten().numpy()).max() < 1e-5


def test_several_clips_are_averaged_as_upstream_does(converter: OpenVoiceConverter) -> None:
    clips = [buzz(3.0, seed=1), buzz(4.0, hz=200.0, seed=2)]
    upstream = tiny_network()._extract_target_se([tensor(clip) for clip in clips]).flatten().numpy()
    assert np.abs(converter.learn(clips).arrays["se"] - upstream).max() < 1e-5


@pytest.mark.parametrize("tau", [0.0, 0.3])
def test_converted_speech_is_upstreams_for_the_same_noise(
    converter: OpenVoiceConverter, monkeypatch: pytest.MonkeyPatch, tau: float
) -> None:
    network = tiny_network()
    network.tau = tau

    def drawn(like: torch.Tensor) -> torch.Tensor:
        return torch.tensor(noise(11, like.shape[1], 0, like.shape[2]))[None]

    monkeypatch.setattr(torch, "randn_like", drawn)
    expected = network.voice_conversion(tensor(SPEECH), [tensor(REFERENCE)])
    settings = ToneSettings(target=converter.learn([REFERENCE]), tau=tau, seed=11)
    made, _ = converter.convert(SPEECH, settings)
    assert made.samples.shape == expected.shape
    assert np.abs(made.samples - expected).max() < 1e-5


def test_nobodys_random_generator_is_touched(models_dir: Path) -> None:
    before = torch.random.get_rng_state()
    with OpenVoiceConverter.open(EngineSettings(models_dir=models_dir)) as converter:
        converter.convert(SPEECH, ToneSettings(target=converter.learn([REFERENCE])))
    assert torch.equal(before, torch.random.get_rng_state())


def too_high_to_hear() -> Audio:
    """Six seconds of 20 kHz, which are loud in the file and silence at the converter's 22 050 Hz."""
    time_s = np.arange(6 * 48_000) / 48_000
    fades = np.minimum(1, np.minimum(time_s, 6 - time_s) / 0.5)
    return Audio((0.5 * fades * np.sin(2 * np.pi * 20_000 * time_s)).astype(np.float32), 48_000)


def test_sound_above_what_the_network_hears_is_silence(converter: OpenVoiceConverter) -> None:
    with pytest.raises(InvalidAudio, match="silent"):
        converter.learn([too_high_to_hear()])
    made, report = converter.convert(too_high_to_hear(), ToneSettings(target=converter.learn([REFERENCE])))
    assert made.duration_s == 6.0
    assert made.peak == 0
    assert "silent" in report.notes[0]


def test_memory_that_runs_out_while_a_voice_is_learned_is_told(
    converter: OpenVoiceConverter, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = converter.learn([REFERENCE])

    def full(*_: object, **__: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr("torch.stft", full)
    for work in (lambda: converter.learn([REFERENCE]), lambda: converter.convert(SPEECH, ToneSettings(target=target))):
        with pytest.raises(EngineFailed, match="allocate memory"):
            work()
