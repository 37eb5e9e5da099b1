"""Every table of docs/scaling.md is what the command above it prints."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "scaling.md").read_text("utf-8")
#: A command, and what stands below it up to the next command or heading.
SHOWN = re.findall(
    r"^```console\n\$ python scripts/(simulate_scaling\.py [^\n]*)\n```\n\n(.*?)(?=^## |^```console|\Z)",
    TEXT,
    re.MULTILINE | re.DOTALL,
)
SLOW = "1000000"


def _printed(command):
    script, *words = shlex.split(command)
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / script), *words],
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    return done.stdout


def _compare(command, below):
    printed = _printed(command)
    assert below.startswith(printed), f"docs/scaling.md shows something else than this prints:\n{printed}"


def test_the_document_shows_several_commands_and_their_tables():
    assert len(SHOWN) >= 4
    assert any(SLOW in command for command, _ in SHOWN)


@pytest.mark.parametrize(
    ("command", "below"), [pytest.param(*each, id=each[0]) for each in SHOWN if SLOW not in each[0]]
)
def test_a_small_table_is_what_its_command_prints(command, below):
    _compare(command, below)


@pytest.mark.quality
@pytest.mark.parametrize(("command", "below"), [pytest.param(*each, id=each[0]) for each in SHOWN if SLOW in each[0]])
def test_a_table_of_a_million_jobs_is_what_its_command_prints(command, below):
    _compare(command, below)


def test_every_figure_that_the_script_starts_from_stands_in_the_document():
    sys.path.insert(0, str(ROOT / "scripts"))
    from dataclasses import fields

    from speech_load import ENGINES, Figures

    rows = dict(re.findall(r"^\| `--([a-z0-9-]+)` \| ([0-9.,]+)", TEXT, re.MULTILINE))
    for each in fields(Figures):
        name = each.name.replace("_", "-")
        assert name in rows, f"docs/scaling.md does not say where --{name} is from"
        assert float(rows[name].replace(",", "")) == getattr(ENGINES["kokoro-cpu"], each.name), name
