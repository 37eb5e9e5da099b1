"""`voicecore wyoming`."""

from __future__ import annotations

from dataclasses import replace

import click

from entrypoints.cli.extras import needs_extra
from entrypoints.settings import load


@click.command()
@click.option("--host", help="Address to listen on. Default: VOICECORE_WYOMING_HOST, or 127.0.0.1.")
@click.option(
    "--port", type=click.IntRange(1, 65_535), help="Port to listen on. Default: VOICECORE_WYOMING_PORT, or 10200."
)
def wyoming(*, host: str | None, port: int | None) -> None:
    """Speak for Home Assistant, by the Wyoming protocol, until Ctrl-C or SIGTERM.

    It owns the data folder, as 'voicecore serve' does; beside that, use 'voicecore serve --wyoming'.
    """
    settings = load()
    settings = replace(settings, wyoming_host=host or settings.wyoming_host, wyoming_port=port or settings.wyoming_port)
    with needs_extra("service,wyoming", "Wyoming"):
        from entrypoints.wyoming.process import run_wyoming  # noqa: PLC0415 - loads the whole service
    run_wyoming(settings)
