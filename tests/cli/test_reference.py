"""docs/cli.md tells what the command line does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from entrypoints.cli.app import voicecore
from entrypoints.cli.exits import Exit
from entrypoints.cli.formats import NAMES

DOCUMENT = (Path(__file__).parents[2] / "docs" / "cli.md").read_text("utf-8")
#: Explained once for all commands.
COMMON = {"--json", "--url", "--help"}


def leaves(group: click.Group, name: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for each in group.list_commands(context):
        found = group.get_command(context, each)
        assert found is not None
        full = f"{name} {each}".strip()
        yield from leaves(found, full) if isinstance(found, click.Group) else [(full, found)]


@pytest.mark.parametrize(("name", "leaf"), [pytest.param(*each, id=each[0]) for each in leaves(voicecore)])
def test_every_command_and_option_is_in_the_reference(name: str, leaf: click.Command) -> None:
    assert re.search(rf"\b{name}\b", DOCUMENT)
    options = {option for parameter in leaf.params for option in parameter.opts if option.startswith("--")}
    assert {option for option in options - COMMON if option not in DOCUMENT} == set()


@pytest.mark.parametrize(("name", "leaf"), [pytest.param(*each, id=each[0]) for each in leaves(voicecore)])
def test_every_command_and_option_explains_itself(name: str, leaf: click.Command) -> None:
    assert leaf.help
    assert [p.name for p in leaf.params if isinstance(p, click.Option) and not p.help] == []


def test_the_reference_lists_exactly_the_exit_codes() -> None:
    section = DOCUMENT.split("## Exit codes")[1]
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)] == [each.value for each in Exit]


def test_the_reference_lists_every_format() -> None:
    row = next(line for line in DOCUMENT.splitlines() if line.startswith("| `--format`"))
    assert [name for name in NAMES if name not in row] == []
