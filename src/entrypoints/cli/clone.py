"""`voicecore clone`."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

import click

from entrypoints.cli.client import Answer, ServiceClient, connect
from entrypoints.cli.new_voice import show_new_voice
from entrypoints.cli.options import as_json, service_url
from entrypoints.cli.progress import spinner
from entrypoints.cli.waiting import completed_or_cancelled, progress_line
from voicecore.errors import InvalidInput

_File = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("name")
@click.argument("files", nargs=-1, required=True, type=_File)
@click.option(
    "-l", "--language", default="pt-BR", show_default=True, help="Language spoken in the recordings (BCP 47)."
)
@click.option("--description", default="", help="What the voice is like or for.")
@click.option("--consent-by", help="Name of the person who speaks and who agreed to this.")
@click.option(
    "--consent-text", "--consent", help="The words of their consent. Default: the service's, in the language."
)
@click.option("--consent-recording", type=_File, help="Their consent, spoken.")
@click.option("--consent-id", help="A consent that the service keeps already, instead.")
@click.option("--engine", help="Engine that learns the voice. Default: the service's.")
@as_json
@service_url
def clone(
    *,
    name: str,
    files: tuple[Path, ...],
    language: str,
    description: str,
    consent_by: str | None,
    consent_text: str | None,
    consent_recording: Path | None,
    consent_id: str | None,
    engine: str | None,
    json_wanted: bool,
    url: str | None,
) -> None:
    """Learn the voice NAME from recordings of one speaker (wav, mp3, m4a, ogg, flac, opus, webm), who must have agreed.

    How near the result comes depends on the engine: the embedded one matches a voice, it does not clone it.
    """
    fields = {
        "name": name, "language": language, "description": description, "engine": engine, "consent_by": consent_by,
        "consent": consent_text, "consent_id": consent_id,
    }  # fmt: skip
    with ExitStack() as stack:
        uploads = [("file", (path.name, stack.enter_context(path.open("rb")))) for path in files]
        if consent_recording is not None:
            file = stack.enter_context(consent_recording.open("rb"))
            uploads.append(("consent_recording", (consent_recording.name, file)))
        client = stack.enter_context(connect(url, works=True))
        if not (consent_by or consent_text or consent_id):
            fields |= _asked(client, language)
        data = {key: value for key, value in fields.items() if value}
        told = stack.enter_context(spinner("listening"))
        accepted = client.call("POST", "/voices/clone", data=data, files=uploads)
        job = completed_or_cancelled(client, accepted["job_id"], lambda job: told(progress_line(job)))
        voice = client.call("GET", f"/voices/{job['voice_id']}")
    show_new_voice(voice, job, json_wanted=json_wanted)


def _asked(client: ServiceClient, language: str) -> Answer:
    """The consent of a person at the terminal, as fields; a script gets a sentence. Nothing where the service wants none."""
    offered = client.call("GET", "/consent-statements")
    if not offered["required"]:
        return {}
    if not sys.stdin.isatty():
        raise InvalidInput(
            "A voice is only learned with the consent of who speaks: give --consent-by with the person's name (and "
            "--consent-text or --consent-recording, if there is one)."
        )
    main = language.replace("_", "-").split("-", maxsplit=1)[0].lower()
    texts = {each["language"]: each["text"] for each in offered["statements"]}
    text = texts.get(main, texts["en"])
    click.echo(f"The consent of who speaks is needed:\n  {text}", err=True)
    by = click.prompt("Name of the person who agreed to this", err=True)
    if not click.confirm(f"Did {by} agree to this?", err=True):
        raise InvalidInput("Without consent no voice is learned.")
    return {"consent_by": by, "consent": text}
