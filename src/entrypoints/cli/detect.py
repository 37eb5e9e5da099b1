"""`voicecore detect`."""

from __future__ import annotations

from pathlib import Path

import click

from entrypoints.cli.client import connect
from entrypoints.cli.options import as_json, service_url
from entrypoints.cli.tables import show_json, show_table


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json
@service_url
def detect(*, file: Path, json_wanted: bool, url: str | None) -> None:
    """Say whether FILE was made by this service, and how that is known. "unknown" does not mean no."""
    with connect(url) as client, file.open("rb") as content:
        found = client.call("POST", "/v1/audio/detect", files={"file": (file.name, content)})
    if json_wanted:
        show_json(found)
        return
    mark = found["mark"] or {}
    show_table(("field", "value"), [
        ("ours", found["ours"] if found["ours"] == "unknown" else "yes" if found["ours"] else "no"),
        ("known by", ", ".join(found["by"]) or "-"), ("verified", "yes" if found["verified"] else "no"),
        ("job", found["job_id"] or "-"), ("mark of", mark.get("generator", "-")), ("mark's sound", mark.get("sound", "-")),
        *[("note", note) for note in found["notes"]],
    ])  # fmt: skip
