"""`voicecore keys`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from entrypoints.cli.client import Answer, connect
from entrypoints.cli.naming import find_key
from entrypoints.cli.options import as_json, run_by_default, service_url
from entrypoints.cli.tables import show_json, show_table
from voicecore.access import LIMIT_NAMES, Scope

_Limit = click.IntRange(min=0)


@click.group(invoke_without_command=True)
@click.pass_context
def keys(context: click.Context) -> None:
    """API keys of a service. KEY is an id or a name. From the first key on, everybody needs one."""
    if context.invoked_subcommand is None:
        run_by_default(context, list_keys)


@keys.command()
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, type=click.Choice([each.value for each in Scope]),
              help="What it may be used for; repeatable. Default: speak. admin implies all.")  # fmt: skip
@click.option(
    "--days",
    type=click.FloatRange(min=0, min_open=True, max=36_500),
    help="Expires after so many days. Default: never.",
)
@click.option("--requests-per-minute", type=_Limit, help="0 is no limit. Default: the service's.")
@click.option("--characters-per-day", type=_Limit, help="0 is no limit. Default: the service's.")
@click.option("--voices", type=_Limit, help="Stored voices; 0 is no limit. Default: the service's.")
@click.option("--streams", type=_Limit, help="Live streams at once; 0 is no limit. Default: the service's.")
@as_json
@service_url
def add(
    *, name: str, scopes: tuple[str, ...], days: float | None, json_wanted: bool, url: str | None, **limits: int | None
) -> None:
    """Make a key and print it. It is shown this once."""
    body: Answer = {"name": name, "scopes": list(dict.fromkeys(scopes)) or [Scope.SPEAK.value]}
    if days is not None:
        body["expires_at"] = (datetime.now(UTC) + timedelta(days=days)).isoformat()
    own = {each: limits[each] for each in LIMIT_NAMES if limits.get(each) is not None}
    with connect(url) as client:
        first = not client.call("GET", "/admin/keys")["keys"]
        made = client.call("POST", "/admin/keys", json=body | ({"limits": own} if own else {}))
    _show_new(made, json_wanted=json_wanted)
    if first and not json_wanted:
        click.echo("From now on the service asks everybody for a key, also on its own machine.", err=True)
        if Scope.ADMIN.value not in made["scopes"]:
            click.echo("No key has the scope admin yet; until one has, manage keys on the service's machine.", err=True)


@keys.command("list")
@as_json
@service_url
def list_keys(*, json_wanted: bool, url: str | None) -> None:
    """List the keys, without what they open with."""
    with connect(url) as client:
        answer = client.call("GET", "/admin/keys")
    if json_wanted:
        show_json(answer)
        return
    rows = [(key["id"], key["name"], " ".join(key["scopes"]), _state(key), key["created_at"], key["expires_at"])
            for key in answer["keys"]]  # fmt: skip
    show_table(("id", "name", "scopes", "state", "created", "expires"), rows)


@keys.command()
@click.argument("key")
@click.option(
    "--grace-hours",
    type=click.FloatRange(0, 720),
    default=24.0,
    show_default=True,
    help="How long the old one stays good.",
)
@as_json
@service_url
def rotate(*, key: str, grace_hours: float, json_wanted: bool, url: str | None) -> None:
    """Give KEY a new secret and print it. What it made stays its own."""
    with connect(url) as client:
        found = find_key(client, key)
        made = client.call("POST", f"/admin/keys/{found['id']}/rotate", json={"grace_s": round(3600 * grace_hours)})
    _show_new(made, json_wanted=json_wanted)


@keys.command()
@click.argument("key")
@as_json
@service_url
def revoke(*, key: str, json_wanted: bool, url: str | None) -> None:
    """Refuse KEY from now on, for ever. Its jobs and voices stay, for keys of the scope admin to see."""
    with connect(url) as client:
        found = find_key(client, key)
        answer = client.call("DELETE", f"/admin/keys/{found['id']}")
    show_json(answer) if json_wanted else click.echo(f"{answer['id']}: revoked")


def _show_new(made: Answer, *, json_wanted: bool) -> None:
    if json_wanted:
        show_json(made)
        return
    click.echo(made["key"])
    click.echo(f"{made['name']} ({made['id']}): keep it now, it is not shown again. Send it as X-API-Key.", err=True)


def _state(key: Answer) -> str:
    return "revoked" if key["revoked_at"] else "good" if key["usable"] else "expired"
