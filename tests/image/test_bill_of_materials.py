"""`dist/sbom.json` names what we ask for, by version, address and licence."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
#: Whose metadata names no licence in a form that can be read; NOTICE says what theirs is.
UNTOLD = {"espeakng-loader", "pyworld-prebuilt"}


def normal(name):
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", name)[0]).lower()


def asked_for(extra="all"):
    """Names that an extra asks for, those of the extras in it too."""
    found = set()
    for line in PROJECT["optional-dependencies"][extra]:
        inner = re.fullmatch(r"voicecore\[(.+)\]", line)
        found |= set().union(*map(asked_for, inner[1].split(","))) if inner else {normal(line)}
    return found


@pytest.fixture(scope="module")
def bill(installation, tmp_path_factory):
    """The one that `nox -s sbom` wrote, else one of the running installation."""
    if written := os.environ.get("VOICECORE_TESTING_SBOM"):
        return json.loads(Path(written).read_text("utf-8"))
    target = tmp_path_factory.mktemp("sbom") / "sbom.json"
    command = [sys.executable, "-m", "cyclonedx_py", "environment", str(installation / "bin" / "python"), "--of", "JSON",
               "--pyproject", str(ROOT / "pyproject.toml"), "-o", str(target)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return json.loads(target.read_text("utf-8"))


def test_it_says_what_it_is_the_bill_of(bill):
    root = bill["metadata"]["component"]
    assert (bill["bomFormat"], root["name"], root["version"]) == ("CycloneDX", "voicecore", PROJECT["version"])
    assert root["licenses"][0]["license"]["id"] == "MIT"


def test_it_names_all_that_we_ask_for_with_version_and_address(bill):
    parts = {normal(each["name"]): each for each in bill["components"]}
    assert asked_for() | {"numpy"} <= parts.keys()
    for each in parts.values():
        assert each["version"]
        assert each.get("purl", "").startswith("pkg:pypi/"), each["name"]


def test_it_names_the_licences_of_what_we_ask_for(bill):
    untold = {normal(each["name"]) for each in bill["components"] if not each.get("licenses")}
    assert untold & (asked_for() | {"numpy"}) <= UNTOLD
    notice = (ROOT / "NOTICE").read_text("utf-8")
    assert all(name.split("-")[0] in notice for name in UNTOLD)


def test_the_image_has_no_installer_and_no_tool_of_ours(bill):
    if "VOICECORE_TESTING_SBOM" in os.environ:
        names = {normal(each["name"]) for each in bill["components"]}
        assert not names & {"pip", "pytest", "ruff", "mypy", "nox", "torch", "hatchling"}
