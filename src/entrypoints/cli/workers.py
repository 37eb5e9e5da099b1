"""`voicecore workers`."""

from __future__ import annotations

import click

from entrypoints.cli.client import connect
from entrypoints.cli.options import as_json, service_url
from entrypoints.cli.tables import show_json, show_table


@click.command()
@as_json
@service_url
def workers(*, json_wanted: bool, url: str | None) -> None:
    """List the workers of a service, and what jobs wait for that none of them serves."""
    with connect(url) as client:
        found = client.call("GET", "/admin/workers")
    if json_wanted:
        show_json(found)
        return
    rows = [(each["name"], ", ".join(each["engines"]), f"{each['busy']} of {each['slots']}", each["version"],
             each["started_at"]) for each in found["workers"]]  # fmt: skip
    show_table(("name", "engines", "busy", "version", "since"), rows)
    for line, jobs in found["unserved"].items():
        wait = "1 job waits" if jobs == 1 else f"{jobs} jobs wait"
        click.echo(f"{wait} for {line}, which no worker serves: start a worker that has it", err=True)
