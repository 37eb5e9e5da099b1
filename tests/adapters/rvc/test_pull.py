"""`voicecore models pull contentvec` as an operator meets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.shell import Shell
from tests.instruments import tiny_contentvec


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path)
    shell.environment |= {"VOICECORE_MODELS_DIR": str(tmp_path / "models"), "OMP_NUM_THREADS": "1"}
    return shell


def test_a_folder_is_taken_in_listed_and_verified(shell: Shell) -> None:
    source = tiny_contentvec.write_fairseq(shell.home / "published").parent
    refused = shell.run("models", "pull", "contentvec", "--from", str(source))
    assert refused.code != 0
    assert "expected f54b40fd2802423a5643779c4861af1e9ee9c1564dc9d32f54f20b5ffba7db96" in refused.err
    pulled = shell.run("models", "pull", "contentvec", "--from", str(source), "--unpublished")
    assert pulled.code == 0, pulled.err
    verified = shell.run("models", "verify")
    assert "contentvec/model.safetensors: ok" in verified.out.decode()
    path = shell.home / "models" / "contentvec" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    assert "model.safetensors has sha256" in shell.run("models", "verify").err


def test_without_the_file_it_is_named(shell: Shell) -> None:
    refused = shell.run("models", "pull", "rmvpe", "--from", str(shell.home))
    assert refused.code != 0
    assert "rmvpe.pt" in refused.err
