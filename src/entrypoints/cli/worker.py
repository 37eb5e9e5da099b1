"""`voicecore worker`."""

from __future__ import annotations

from dataclasses import replace

import click

from entrypoints.cli.extras import needs_extra
from entrypoints.settings import SLOT_LIMIT, load
from voicecore.errors import InvalidInput


@click.command()
@click.option("--slots", type=click.IntRange(1, SLOT_LIMIT), help="Jobs at once. Default: VOICECORE_SLOTS, or 1.")
@click.option("--engines", help="Engines to serve, separated by commas. Default: VOICECORE_WORKER_ENGINES, or all.")
def worker(*, slots: int | None, engines: str | None) -> None:
    """Run jobs that `voicecore serve` accepted, until Ctrl-C or SIGTERM. Needs VOICECORE_REDIS_URL."""
    settings = load()
    if not settings.distributed:
        raise InvalidInput(
            "A worker of its own needs the Redis that it shares with the service: set VOICECORE_REDIS_URL, "
            "or run 'voicecore serve' alone, which does the work itself."
        )
    if slots is not None:
        settings = replace(settings, slots=slots)
    if engines is not None:
        names = tuple(name.strip() for name in engines.split(",") if name.strip())
        if not names:
            raise InvalidInput("--engines is empty; give names separated by commas, or leave it out.")
        settings = replace(settings, worker_engines=names)
    with needs_extra("redis", "The worker"):
        from entrypoints.worker.process import run_worker  # noqa: PLC0415 - loads the whole service
    run_worker(settings)
