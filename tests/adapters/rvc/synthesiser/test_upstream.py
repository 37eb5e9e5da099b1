"""The sound is rvc-python's, for the same weights and seed."""

from __future__ import annotations

import pytest
import torch

from adapters.converters.rvc.synthesiser import Synthesiser, expected_shapes
from adapters.converters.rvc.values import VoiceConfig
from tests.adapters.rvc.synthesiser.voices import distance, heard, upstream, voice
from tests.instruments import rvc_python, tiny_rvc

KINDS = [(version, rate, f0) for version, rate in tiny_rvc.UPSAMPLINGS for f0 in (True, False)]


@pytest.mark.parametrize(("version", "rate", "f0"), KINDS)
@pytest.mark.parametrize("full", [False, True])
def test_a_checkpoint_of_upstream_has_the_expected_names_and_shapes(version, rate, f0, full) -> None:
    entries = tiny_rvc.config_list(version, rate, full=full)
    with torch.device("meta"):
        theirs = rvc_python.network(entries, version, f0=f0).state_dict()
    config = VoiceConfig.of(entries, version=version, f0=f0, speakers=entries[15])
    assert {name: tuple(each.shape) for name, each in theirs.items()} == dict(expected_shapes(config))


@pytest.mark.parametrize(("version", "rate", "f0"), KINDS)
def test_every_kind_of_voice_sounds_as_upstream(version, rate, f0) -> None:
    _sounds_as_upstream(voice(version, rate, f0=f0), 60)


@pytest.mark.parametrize("frames", [1, 5, 256, 257])
def test_speech_of_any_length_sounds_as_upstream(frames) -> None:
    _sounds_as_upstream(voice(), frames)


def _sounds_as_upstream(of, frames) -> None:
    content, pitch = heard(of, frames)
    theirs = upstream(of, content, pitch, seed=frames)
    ours = Synthesiser(of).convert(content, pitch, seed=frames)
    assert ours.shape == (frames * of.config.samples_per_frame,)
    assert distance(ours, theirs) < 1e-5
    assert theirs.std() > 0.01


@pytest.mark.parametrize(("version", "f0"), [("v2", True), ("v1", False)])
def test_a_voice_of_full_size_sounds_as_upstream(version, f0) -> None:
    of = voice(version, f0=f0, full=True)
    content, pitch = heard(of, 20)
    theirs = upstream(of, content, pitch, seed=3, speaker=108)
    assert distance(Synthesiser(of).convert(content, pitch, seed=3, speaker=108), theirs) < 1e-4
    assert theirs.std() > 0.01


@pytest.mark.parametrize(
    "changed",
    [
        {"resblock": "2"},
        {"n_heads": 4, "kernel_size": 4},
        {"resblock_kernel_sizes": (3, 5), "resblock_dilation_sizes": ((1, 2, 4), (1, 3, 9))},
        {"inter_channels": 12, "n_layers": 1},
        {"kernel_size": 1},
    ],
)
def test_unusual_networks_sound_as_upstream(changed) -> None:
    of = voice(**changed)
    content, pitch = heard(of, 120)
    assert distance(Synthesiser(of).convert(content, pitch, seed=0), upstream(of, content, pitch, seed=0)) < 1e-5


def test_another_speaker_of_the_table_sounds_as_upstream_and_not_as_the_first() -> None:
    of = voice()
    content, pitch = heard(of, 80)
    first, third = (Synthesiser(of).convert(content, pitch, seed=1, speaker=each) for each in (0, 2))
    assert distance(third, upstream(of, content, pitch, seed=1, speaker=2)) < 1e-5
    assert distance(first, third) > 1e-2


def test_the_phase_is_upstreams_after_eight_seconds_too() -> None:
    of = voice()
    content, pitch = heard(of, 800)
    assert distance(Synthesiser(of).convert(content, pitch, seed=9), upstream(of, content, pitch, seed=9)) < 1e-4
