"""`voicecore rvc`."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from entrypoints.cli.client import connect
from entrypoints.cli.naming import find_model
from entrypoints.cli.options import as_json, run_by_default, service_url
from entrypoints.cli.progress import spinner
from entrypoints.cli.tables import show_json, show_table

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_MB = 1024 * 1024


@click.group(invoke_without_command=True)
@click.pass_context
def rvc(context: click.Context) -> None:
    """Models of RVC: voices that speech can be converted to. MODEL is an id or a name."""
    if context.invoked_subcommand is None:
        run_by_default(context, list_models)


@rvc.command()
@click.argument("name")
@click.option("--pth", "weights", required=True, type=_FILE, help="The model's weights, a .pth as RVC writes it.")
@click.option("--index", type=_FILE, help="Its .index of faiss; without it nothing is retrieved.")
@click.option("--description", default="", help="What the voice is like or for.")
@as_json
@service_url
def add(*, name: str, weights: Path, index: Path | None, description: str, json_wanted: bool, url: str | None) -> None:
    """Take in a model under NAME. Its files are checked in every shape and nothing in them is run; they stay where they are."""
    data = {"name": name} | ({"description": description} if description else {})
    with ExitStack() as stack:
        files = {"pth_file": (weights.name, stack.enter_context(weights.open("rb")))}
        if index is not None:
            files["index_file"] = (index.name, stack.enter_context(index.open("rb")))
        client = stack.enter_context(connect(url))
        stack.enter_context(spinner("reading the model"))
        model = client.call("POST", "/rvc-models", data=data, files=files)
    if json_wanted:
        show_json(model)
        return
    click.echo(model["id"])
    for sentence in model["notes"]:
        click.echo(f"note: {sentence}", err=True)
    click.echo(f"{model['name']}: RVC {model['version']}. Try: voicecore say --rvc {model['id']} …", err=True)


@rvc.command("list")
@as_json
@service_url
def list_models(*, json_wanted: bool, url: str | None) -> None:
    """List the models, and say what of RVC is off here."""
    with connect(url) as client:
        answer = client.call("GET", "/rvc-models")
    if json_wanted:
        show_json(answer)
        return
    rows = [
        (m["id"], m["name"], m["version"], "yes" if m["f0"] else "no", m["sample_rate_hz"], m["index_vectors"],
         f"{m['file_size'] / _MB:.1f}", m["description"]) for m in answer["models"]
    ]  # fmt: skip
    show_table(("id", "name", "version", "pitch", "rate", "index", "MB", "description"), rows)
    if not answer["installed"]:
        click.echo(answer["detail"], err=True)
    for method in answer["f0_methods"]:
        if answer["installed"] and not method["available"]:
            click.echo(f"{method['id']} is off: {method['detail']}", err=True)


@rvc.command()
@click.argument("model")
@as_json
@service_url
def show(*, model: str, json_wanted: bool, url: str | None) -> None:
    """Show one model."""
    with connect(url) as client:
        found = find_model(client, model)
    if json_wanted:
        show_json(found)
    else:
        show_table(("field", "value"), found.items())


@rvc.command()
@click.argument("model")
@as_json
@service_url
def remove(*, model: str, json_wanted: bool, url: str | None) -> None:
    """Remove MODEL and what was converted with it and kept. Refused while a job needs it."""
    with connect(url) as client:
        found = find_model(client, model)
        answer = client.call("DELETE", f"/rvc-models/{found['id']}")
    show_json(answer) if json_wanted else click.echo(f"{found['id']}: removed, {answer['files_deleted']} files")
