"""`voicecore models self-test`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from entrypoints.cli.exits import Exit
from entrypoints.cli.options import as_json
from entrypoints.cli.progress import spinner
from entrypoints.cli.tables import show_json
from entrypoints.settings import Settings, load
from voicecore.errors import EngineFailed, NotFound, SelfTestFailed, StorageUnavailable
from voicecore.ports import EngineProvider
from voicecore.registry import engine_provider

if TYPE_CHECKING:
    from adapters.engines.xtts.selftest import Comparison

#: Engines that compare what they say with what they said before.
_TESTED = ("xtts",)


@click.command("self-test")
@click.argument("name")
@click.option(
    "--renew",
    is_flag=True,
    help="You have listened to it: forget what is written down, and write down what it says now.",
)
@as_json
def self_test(*, name: str, renew: bool, json_wanted: bool) -> int:
    """Open the engine NAME and compare what it says with what the same model said before on this machine (xtts).

    A service does so whenever it opens the engine, and does not use one that speaks otherwise. Exit code 1 if it does.
    """
    settings = load()
    if name not in _TESTED:
        raise NotFound(f"There is no self-test of an engine {name[:60]!r}; there are those of: {', '.join(_TESTED)}.")
    provider = engine_provider(name, settings.engine_settings)
    digest = provider.card().model_digest  # what is missing is told before anything is forgotten
    try:
        with spinner("speaking"):
            found = _compared(provider, settings, renew=renew)
    except SelfTestFailed as error:
        if json_wanted:
            show_json({"engine": name, "model_digest": digest, "ok": False, "problem": error.message})
        else:
            click.echo(f"voicecore: {error.message}", err=True)
        return Exit.FAILED
    if not found.kept:
        raise StorageUnavailable(
            f"What {name} says cannot be written down in its folder in {settings.weights_dir}, so that nothing can be compared with "
            "it: run this once as somebody who may write there."
        )
    if json_wanted:
        show_json({"engine": name, "model_digest": digest, "ok": True, "problem": None, **_as_json(found)})
    else:
        click.echo(_sentence(name, found))
    return Exit.OK


def _compared(provider: EngineProvider, settings: Settings, *, renew: bool) -> Comparison:
    from adapters.engines.xtts import selftest  # noqa: PLC0415 - loads torch
    from adapters.engines.xtts.checkpoint import FOLDER  # noqa: PLC0415 - only where it is asked for
    from adapters.engines.xtts.engine import XttsEngine  # noqa: PLC0415 - loads torch

    if renew:
        selftest.forget(settings.weights_dir / FOLDER)
    engine = provider.open(threads=settings.threads or None)
    try:
        found = engine.comparison if isinstance(engine, XttsEngine) else None
    finally:
        engine.close()
    if found is None:
        raise EngineFailed("The engine was opened without its self-test: that is a defect, report it.")
    return found


def _as_json(found: Comparison) -> dict[str, Any]:
    return {"compared": found.known, "of": found.key, "digest": found.digest, "made_with": dict(found.made_with)}


def _sentence(name: str, found: Comparison) -> str:
    packages = ", ".join(f"{package} {version}" for package, version in found.made_with.items())
    if found.known:
        return f"{name} speaks as it did with {packages} ({found.key}: {found.digest})"
    return (
        f"{name} speaks; what it says with {packages} is written down for the next time ({found.key}: {found.digest})"
    )
