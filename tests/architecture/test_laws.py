"""The laws of the house that import-linter cannot see."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest

import adapters
import entrypoints
import voicecore

#: Loaded by Python itself or by the standard library's own start, not by us.
_STARTUP = {"__main__", "sitecustomize", "usercustomize", "_virtualenv", "coverage", "_distutils_hack"}


def test_importing_the_core_loads_the_standard_library_and_numpy_only(tmp_path):
    code = (
        "import sys, json; before = set(sys.modules); import voicecore, voicecore.ports, voicecore.usecases.run_job, "
        "voicecore.testing.tone; print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    roots = {name.split(".")[0] for name in json.loads(out.stdout)}
    foreign = {root for root in roots if root not in sys.stdlib_module_names and not root.startswith("_")} - _STARTUP
    assert foreign == {"voicecore", "numpy"}


@pytest.mark.parametrize("name", ["voicecore", "adapters", "entrypoints"])
def test_no_other_distribution_brings_a_package_of_our_names(name):
    """`adapters` and `entrypoints` are general names (docs/adr/0001): two owners would silently mix."""
    assert packages_distributions().get(name, ["voicecore"]) == ["voicecore"]


def test_each_package_comes_from_one_place():
    for package in (voicecore, adapters, entrypoints):
        assert len(list(package.__path__)) == 1


def test_the_version_is_stated_once_for_all():
    assert distribution("voicecore").version == voicecore.__version__


def _sources():
    for package in (voicecore, adapters, entrypoints):
        yield from Path(package.__path__[0]).rglob("*.py")


def test_no_file_is_over_350_lines():
    long = {str(path): lines for path in _sources() if (lines := len(path.read_text("utf-8").splitlines())) > 350}
    assert long == {}


def test_no_file_has_a_name_that_says_nothing():
    empty_names = {"utils.py", "helpers.py", "manager.py", "base.py", "misc.py", "common.py"}
    assert [str(path) for path in _sources() if path.name in empty_names] == []


def test_nothing_reads_pickles():
    for path in _sources():
        source = path.read_text("utf-8")
        assert "import pickle" not in source, path
        assert "allow_pickle=True" not in source, path


def test_every_engine_can_be_described_without_loading_its_model(tmp_path):
    code = (
        "import sys; from voicecore.registry import engine_providers\n"
        "for provider in engine_providers().values(): provider.problems() or provider.card()\n"
        "assert 'onnxruntime' not in sys.modules, 'a card loaded the runtime'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
