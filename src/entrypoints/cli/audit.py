"""`voicecore audit`."""

from __future__ import annotations

from collections import deque

import click

from adapters.audit import FILE_NAME, Entry, entries, verify
from entrypoints.cli.exits import Exit
from entrypoints.cli.options import as_json
from entrypoints.cli.tables import show_json, show_table
from entrypoints.settings import load


@click.group()
def audit() -> None:
    """What was cloned, mixed, deleted and added, and which keys were made: who and when, one line each. It is a file in the
    data folder of the process that did it, `VOICECORE_DATA_DIR/audit.jsonl`.
    """


@audit.command("verify")
@as_json
def check(*, json_wanted: bool) -> int:
    """See whether a line was changed or removed. Exit code 1 if so."""
    folder = load().data_dir
    verdict = verify(folder)
    if json_wanted:
        show_json({"lines": verdict.lines, "whole": verdict.problem is None, "problem": verdict.problem})
    elif verdict.problem is None:
        click.echo(f"{folder / FILE_NAME}: {verdict.lines} lines, none was changed or removed.")
    else:
        click.echo(f"{folder / FILE_NAME}: {verdict.lines} lines hold. {verdict.problem}", err=True)
    return Exit.OK if verdict.problem is None else Exit.FAILED


@audit.command()
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many, from the end.")
@as_json
def show(*, limit: int, json_wanted: bool) -> None:
    """Print the last lines, oldest first. Those that were damaged are left out; verify finds them."""
    last = deque(entries(load().data_dir), maxlen=limit)
    if json_wanted:
        show_json([entry.line for entry in last])
        return
    show_table(("line", "time", "who", "what", "objects", "details"), [_row(entry) for entry in last])


def _row(entry: Entry) -> tuple[object, ...]:
    line = entry.line
    return (entry.number, line.get("time"), line.get("who") or "-", line.get("what"), _pairs(line.get("objects")),
            _pairs(line.get("details")))  # fmt: skip


def _pairs(value: object) -> str:
    return " ".join(f"{name}={each}" for name, each in value.items()) if isinstance(value, dict) else ""
