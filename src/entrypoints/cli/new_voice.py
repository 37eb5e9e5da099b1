"""What a command that made a voice says of it."""

from __future__ import annotations

import click

from entrypoints.cli.client import Answer
from entrypoints.cli.tables import show_json


def show_new_voice(voice: Answer, job: Answer, *, json_wanted: bool) -> None:
    """The voice on stdout: its id, or all of it with the job's warnings as JSON. For people the rest is on stderr."""
    warnings = job.get("warnings") or []
    if json_wanted:
        show_json({**voice, "warnings": warnings})
        return
    click.echo(voice["id"])
    for sentence in warnings:
        click.echo(f"warning: {sentence}", err=True)
    click.echo(f"{voice['name']}: made by {voice['method']}. Try: voicecore say -v {voice['id']} …", err=True)
