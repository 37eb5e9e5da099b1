"""`voicecore voices`."""

from __future__ import annotations

import click

from entrypoints.cli.client import connect
from entrypoints.cli.mix import mix
from entrypoints.cli.naming import find_voice
from entrypoints.cli.options import as_json, run_by_default, service_url
from entrypoints.cli.tables import show_json, show_table
from entrypoints.cli.target import Target


@click.group(invoke_without_command=True)
@click.pass_context
def voices(context: click.Context) -> None:
    """Voices you enrolled or mixed, and the presets that come with the engines. VOICE is an id or a name."""
    if context.invoked_subcommand is None:
        run_by_default(context, list_voices)


@voices.command("list")
@as_json
@service_url
def list_voices(*, json_wanted: bool, url: str | None) -> None:
    """List enrolled voices, then presets."""
    with connect(url) as client:
        enrolled = client.call("GET", "/voices")["voices"]
        presets = client.call("GET", "/presets")["presets"]
    if json_wanted:
        show_json({"voices": enrolled, "presets": presets})
        return
    rows = [(v["id"], v["name"], v["language"], v["engine"], v["method"], v["description"]) for v in enrolled]
    rows += [(p["id"], p["name"], " ".join(p["languages"]), p["engine"], "preset", p["description"]) for p in presets]
    show_table(("id", "name", "languages", "engine", "made by", "description"), rows)


@voices.command()
@click.argument("voice")
@as_json
@service_url
def show(*, voice: str, json_wanted: bool, url: str | None) -> None:
    """Show one voice."""
    with connect(url) as client:
        found = find_voice(client, voice)
    if json_wanted:
        show_json(found)
    else:
        show_table(("field", "value"), found.items())


@voices.command()
@click.argument("voice")
@click.argument("name")
@as_json
@service_url
def rename(*, voice: str, name: str, json_wanted: bool, url: str | None) -> None:
    """Give VOICE another NAME; its id stays."""
    with connect(url) as client:
        renamed = client.call("PATCH", f"/voices/{find_voice(client, voice)['id']}", json={"name": name})
    show_json(renamed) if json_wanted else click.echo(f"{renamed['id']}: {renamed['name']}")


@voices.command()
@click.argument("voice")
@as_json
@service_url
def delete(*, voice: str, json_wanted: bool, url: str | None) -> None:
    """Delete VOICE and everything learned from its recordings."""
    with connect(url) as client:
        found = find_voice(client, voice)
        answer = client.call("DELETE", f"/voices/{found['id']}")
    show_json(answer) if json_wanted else click.echo(f"{found['id']}: deleted")


@voices.command()
@click.argument("voice")
@click.option("-o", "--output", required=True, help="WAV file to write, or - for stdout.")
@service_url
def sample(*, voice: str, output: str, url: str | None) -> None:
    """Write a sentence spoken in VOICE."""
    target = Target(output)
    with connect(url) as client, target.finished_or_discarded():
        client.download(f"/voices/{find_voice(client, voice)['id']}/sample", target.write)


voices.add_command(mix)
