"""How the RVC converter is found: what is missing is said with the command that brings it, and nothing is loaded for that."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys

import pytest

from adapters.converters.rvc.provider import RvcProvider
from tests.instruments import tiny_contentvec
from voicecore.conversion import F0Method
from voicecore.engine_settings import EngineSettings, Precision
from voicecore.errors import MissingModel, ModelCorrupt, NotInstalled
from voicecore.registry import converter_provider


def test_the_registry_finds_it_and_gives_it_the_settings(contentvec_models):
    provider = converter_provider("rvc", EngineSettings(models_dir=contentvec_models))
    assert isinstance(provider, RvcProvider)
    assert provider.problems() == ()
    assert provider.card().name == "rvc"


@pytest.mark.parametrize("folder", [None, "empty"])
def test_without_the_content_encoder_it_is_off_and_says_which_command_brings_it(tmp_path, folder):
    provider = RvcProvider(EngineSettings(models_dir=folder and tmp_path / folder))
    (problem,) = provider.problems()
    assert "voicecore models pull contentvec" in problem
    for ask in (provider.card, provider.open):
        with pytest.raises(MissingModel, match="voicecore models pull contentvec"):
            ask()


def test_a_damaged_lock_is_as_good_as_no_weights_to_who_asks_for_the_card(tmp_path, contentvec_models):
    shutil.copytree(contentvec_models / "contentvec", tmp_path / "contentvec")
    (tmp_path / "contentvec" / "lock.json").write_text("{}")
    provider = RvcProvider(EngineSettings(models_dir=tmp_path))
    assert "lock.json" in provider.problems()[0]
    with pytest.raises(NotInstalled, match=r"lock\.json"):
        provider.card()
    with pytest.raises(ModelCorrupt):
        provider.open()


def test_weights_that_changed_since_they_were_taken_in_do_not_open(tmp_path, contentvec_models):
    shutil.copytree(contentvec_models / "contentvec", tmp_path / "contentvec")
    weights = tmp_path / "contentvec" / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(ModelCorrupt, match="sha256"):
        RvcProvider(EngineSettings(models_dir=tmp_path)).open()


def test_methods_that_are_off_say_why_and_what_turns_them_on(contentvec_models):
    off = RvcProvider(EngineSettings(models_dir=contentvec_models)).card().methods_off
    assert set(off) == {F0Method.RMVPE}
    assert "voicecore models pull rmvpe" in off[F0Method.RMVPE]


def test_a_processor_build_of_torch_does_not_promise_a_graphics_card(contentvec_models):
    import torch

    problems = RvcProvider(EngineSettings(models_dir=contentvec_models, device="cuda:3")).problems()
    assert bool(problems) == ("+cpu" in torch.__version__)
    assert all("VOICECORE_DEVICE is cuda:3" in each for each in problems)


def test_the_digest_stands_for_all_that_shapes_the_sound(tmp_path, contentvec_models):
    settings = EngineSettings(models_dir=contentvec_models)
    digest = RvcProvider(settings).card().digest
    assert len(digest) == 64
    assert RvcProvider(settings).card().digest == digest
    # What does not shape the sound: where it runs, how much it keeps; and int8, which is another engine's.
    for same in ({"rvc_cache_mb": 1}, {"batch_size": 3}, {"precision": Precision.INT8}):
        assert RvcProvider(dataclasses.replace(settings, **same)).card().digest == digest
    assert RvcProvider(dataclasses.replace(settings, precision=Precision.BF16)).card().digest != digest
    tiny_contentvec.write(tmp_path, seed=7)
    assert RvcProvider(EngineSettings(models_dir=tmp_path)).card().digest != digest


def test_weights_may_come_while_a_service_runs(tmp_path, contentvec_models):
    provider = RvcProvider(EngineSettings(models_dir=tmp_path))
    assert provider.problems()
    shutil.copytree(contentvec_models / "contentvec", tmp_path / "contentvec")
    assert provider.problems() == ()


def test_describing_it_loads_no_torch(contentvec_models):
    code = (
        "import sys\nfrom pathlib import Path\nfrom voicecore.registry import converter_provider\n"
        "from voicecore.engine_settings import EngineSettings\n"
        "provider = converter_provider('rvc', EngineSettings(models_dir=Path(sys.argv[1])))\n"
        "provider.card(), provider.problems()\n"
        "print(sorted({'torch', 'scipy', 'onnxruntime', 'parselmouth', 'pyworld'} & set(sys.modules)))\n"
    )
    command = [sys.executable, "-P", "-c", code, str(contentvec_models)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ))
    assert done.stdout.strip() == "[]"
