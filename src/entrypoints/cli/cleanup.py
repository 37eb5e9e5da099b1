"""`voicecore cleanup`."""

from __future__ import annotations

import click

from entrypoints.cli.client import connect
from entrypoints.cli.options import as_json, service_url
from entrypoints.cli.tables import show_json, show_table


@click.command()
@click.option("--deep", is_flag=True, help="Also every finished job and every orphaned file.")
@click.option("--dry-run", is_flag=True, help="Remove nothing, and show what would be removed.")
@as_json
@service_url
def cleanup(*, deep: bool, dry_run: bool, json_wanted: bool, url: str | None) -> None:
    """Remove what has expired, which a service also does by itself.

    Voices, conversion models, and jobs that wait or run stay.
    """
    with connect(url) as client:
        found = client.call("POST", "/admin/cleanup", params={"deep": deep, "dry_run": dry_run})
    if json_wanted:
        show_json(found)
        return
    rows = [("jobs", found["jobs_removed"]), ("files", found["files_deleted"]), ("bytes", found["bytes_freed"])]
    show_table(("would remove" if dry_run else "removed", "how many"), rows)
