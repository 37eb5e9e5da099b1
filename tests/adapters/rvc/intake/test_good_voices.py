"""Every kind of voice that RVC and its kin write is taken in, bit by bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from adapters.converters.rvc.values import VoiceConfig
from tests.adapters.rvc.intake.checkpoints import read, saved, voice, with_tensors
from tests.instruments.tiny_rvc import UPSAMPLINGS, checkpoint


def equal(tensors: Any, weight: Any) -> bool:
    return {*tensors} == {*weight} and all(np.array_equal(tensors[name], weight[name].numpy()) for name in weight)


@pytest.mark.parametrize("as_zip", [True, False], ids=["zip", "old format"])
@pytest.mark.parametrize("f0", [True, False], ids=["f0", "no f0"])
@pytest.mark.parametrize(("version", "rate"), UPSAMPLINGS)
def test_a_voice_of_every_version_and_rate_is_read_as_it_is(version: str, rate: int, f0: bool, as_zip: bool) -> None:
    document = checkpoint(version, rate, f0=f0)
    found = read(saved(document, as_zip=as_zip))
    assert found.config == VoiceConfig.of(document["config"], version=version, f0=f0, speakers=3)
    assert equal(found.tensors, document["weight"])
    assert {each.dtype for each in found.tensors.values()} == {np.dtype(np.float16)}
    assert (found.info, found.notes) == ("0epoch", ())


def test_applios_keys_are_kept_out() -> None:
    more = {
        "epoch": 100, "step": 5000, "model_name": "x", "overtrain_info": "", "creation_date": "2026-01-01T00:00:00",
        "model_hash": "ab", "dataset_length": "1:00", "author": "me", "embedder_model": "contentvec", "speakers_id": 1,
        "vocoder": "HiFi-GAN", "sr": 40_000,
    }  # fmt: skip
    plain, more_said = read(saved(voice())), read(saved(voice(**more)))
    assert more_said.notes == ()
    assert more_said.config == plain.config
    assert equal(more_said.tensors, voice()["weight"])


def test_the_encoder_that_only_training_needs_is_left_out() -> None:
    document = with_tensors(lambda weight: weight.update({"enc_q.pre.weight": torch.zeros(2, 2)}))
    assert not any(name.startswith("enc_q") for name in read(saved(document)).tensors)


def test_the_table_of_speakers_counts_and_not_what_the_config_says_of_it() -> None:
    document = checkpoint()
    document["config"][15] = 109
    assert read(saved(document)).config.speakers == 3


def test_float32_is_kept_and_bfloat16_becomes_float32() -> None:
    for dtype in (torch.float32, torch.bfloat16):
        document = checkpoint()
        document["weight"] = {name: each.to(dtype) for name, each in document["weight"].items()}
        found = read(saved(document))
        assert {each.dtype for each in found.tensors.values()} == {np.dtype(np.float32)}
        assert equal(found.tensors, {name: each.float() for name, each in document["weight"].items()})


def test_weight_norms_newer_names_are_understood() -> None:
    document = checkpoint()
    names = {"weight_g": "parametrizations.weight.original0", "weight_v": "parametrizations.weight.original1"}
    renamed = {}
    for name, tensor in document["weight"].items():
        stem, _, last = name.rpartition(".")
        renamed[f"{stem}.{names.get(last, last)}"] = tensor
    assert renamed.keys() != document["weight"].keys()
    assert equal(read(saved(document | {"weight": renamed})).tensors, document["weight"])


def test_a_transposed_or_trainable_tensor_is_read_in_its_order() -> None:
    def change(weight: dict[str, Any]) -> None:
        turned = weight["emb_g.weight"].T.contiguous().T
        assert not turned.is_contiguous()
        weight["emb_g.weight"] = turned
        weight["dec.conv_pre.weight"] = torch.nn.Parameter(weight["dec.conv_pre.weight"])

    assert equal(read(saved(with_tensors(change))).tensors, checkpoint()["weight"])


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"version": None}, "It names no version; its weights are those of v2."),
        ({"sr": "48k"}, "It says sr '48k', but its network makes 40000 Hz, which is what counts."),
        ({"sr": 32_000}, "It says sr '32000', but its network makes 40000 Hz, which is what counts."),
        (
            {"embedder_model": "japanese-hubert-base"},
            "It was trained on the features of 'japanese-hubert-base', not of ContentVec, and is going to sound wrong.",
        ),
    ],
)
def test_what_its_owner_should_know_is_noted(changes: dict[str, Any], note: str) -> None:
    assert read(saved(voice(**changes))).notes == (note,)


def test_f0_and_sr_may_be_left_out_as_in_old_files() -> None:
    found = read(saved(voice(f0=None, sr=None, info=None)))
    assert (found.config.f0, found.info, found.notes) == (True, "", ())


def test_what_its_maker_wrote_is_cut_and_loses_what_no_screen_shows() -> None:
    assert read(saved(voice(info="a\x1b[31m\n" + "b" * 10_000))).info == "a[31m" + "b" * 193
    assert read(saved(voice(info=["no", "words"]))).info == ""
