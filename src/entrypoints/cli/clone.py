"""`voicecore clone`."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from entrypoints.cli.client import connect
from entrypoints.cli.new_voice import show_new_voice
from entrypoints.cli.options import as_json, service_url
from entrypoints.cli.progress import spinner
from entrypoints.cli.waiting import completed_or_cancelled, progress_line


@click.command()
@click.argument("name")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "-l", "--language", default="pt-BR", show_default=True, help="Language spoken in the recordings (BCP 47)."
)
@click.option("--description", default="", help="What the voice is like or for.")
@click.option("--consent", help="Your statement that the speaker agreed; kept with the voice.")
@click.option("--engine", help="Engine that learns the voice. Default: the service's.")
@as_json
@service_url
def clone(
    *,
    name: str,
    files: tuple[Path, ...],
    language: str,
    description: str,
    consent: str | None,
    engine: str | None,
    json_wanted: bool,
    url: str | None,
) -> None:
    """Learn the voice NAME from recordings of one speaker (wav, mp3, m4a, ogg, flac, opus, webm).

    How near the result comes depends on the engine: the embedded one matches a voice, it does not clone it.
    """
    fields = {"name": name, "language": language, "description": description, "consent": consent, "engine": engine}
    data = {key: value for key, value in fields.items() if value}
    with ExitStack() as stack:
        uploads = [("file", (path.name, stack.enter_context(path.open("rb")))) for path in files]
        client = stack.enter_context(connect(url, works=True))
        told = stack.enter_context(spinner("listening"))
        accepted = client.call("POST", "/voices/clone", data=data, files=uploads)
        job = completed_or_cancelled(client, accepted["job_id"], lambda job: told(progress_line(job)))
        voice = client.call("GET", f"/voices/{job['voice_id']}")
    show_new_voice(voice, job, json_wanted=json_wanted)
