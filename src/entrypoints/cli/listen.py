"""`voicecore listen`."""

from __future__ import annotations

import sys

import click

from entrypoints.cli.client import connect
from entrypoints.cli.formats import chosen_format
from entrypoints.cli.naming import job_path
from entrypoints.cli.options import service_url
from entrypoints.cli.streaming import streamed
from entrypoints.cli.target import STDOUT, Target
from voicecore.stream_format import StreamKind

_FORMATS = [each.value for each in StreamKind]


@click.command()
@click.argument("job")
@click.option("-o", "--output", help="File to write, or - for stdout. Default: stdout where it is not a terminal.")
@click.option(
    "--format", "wanted_format", type=click.Choice(_FORMATS), help="Default: by the extension; wav for stdout."
)
@click.option("--cancel", is_flag=True, help="Cancel the job if this command is interrupted.")
@service_url
def listen(*, job: str, output: str | None, wanted_format: str | None, cancel: bool, url: str | None) -> None:
    """Hear a job of a service while it is made, from its beginning: voicecore listen JOB -o - --url … | aplay"""
    if output is None and sys.stdout.isatty():
        raise click.UsageError(
            "Say where the sound goes: -o FILE, or -o - for stdout.", ctx=click.get_current_context()
        )
    target = Target(output or STDOUT)
    audio_format = chosen_format(target.name, wanted_format, _FORMATS)
    with connect(url, works=True) as client, target.finished_or_discarded():
        streamed(client, "GET", job_path(job, "stream"), target.write, audio_format, keep=not cancel)
