"""`voicecore serve`."""

from __future__ import annotations

import importlib
from dataclasses import replace

import click

from entrypoints.cli.extras import needs_extra
from entrypoints.settings import load


@click.command()
@click.option("--host", help="Address to listen on. Default: VOICECORE_HOST, or 127.0.0.1.")
@click.option("--port", type=click.IntRange(1, 65_535), help="Port to listen on. Default: VOICECORE_PORT, or 8004.")
@click.option(
    "--wyoming/--no-wyoming", default=None,
    help="Also serve Wyoming, for Home Assistant (docs/wyoming.md). Default: VOICECORE_WYOMING, or not.",
)  # fmt: skip
def serve(*, host: str | None, port: int | None, wyoming: bool | None) -> None:
    """Run the REST service until Ctrl-C or SIGTERM."""
    settings = load()
    settings = replace(
        settings, host=host or settings.host, port=port or settings.port,
        wyoming=settings.wyoming if wyoming is None else wyoming,
    )  # fmt: skip
    with needs_extra("service", "The service"):
        from entrypoints.http.server import serve as run_service  # noqa: PLC0415 - loads the whole service
    if settings.wyoming:
        with needs_extra("wyoming", "Wyoming"):
            importlib.import_module("wyoming")
    run_service(settings)
