"""Answers on stdout: tables that are boxed on a terminal, plain and whole in a pipe; and JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> None:
    """Print rows under their columns; in a pipe as tab-separated lines."""
    if not sys.stdout.isatty():
        for row in (columns, *rows):
            click.echo("\t".join(_plain(cell) for cell in row))
        return
    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*(escape(_plain(cell)) for cell in row))
    Console().print(table)


def show_json(answer: Any) -> None:
    """Print an answer as JSON, for programs and for people."""
    click.echo(json.dumps(answer, ensure_ascii=False, indent=2))


def _plain(cell: object) -> str:
    text = "" if cell is None else str(cell)
    # Names and texts come from others: nothing in them may move the cursor or break a line.
    return "".join(letter if letter.isprintable() else " " for letter in text)
