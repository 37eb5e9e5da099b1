"""`voicecore voices mix`."""

from __future__ import annotations

import math
from typing import Any

import click

from entrypoints.cli.client import ServiceClient, connect
from entrypoints.cli.naming import find_voice
from entrypoints.cli.new_voice import show_new_voice
from entrypoints.cli.options import as_json, service_url
from entrypoints.cli.progress import spinner
from entrypoints.cli.waiting import completed_or_cancelled, progress_line
from voicecore.errors import InvalidInput, NotFound


@click.command()
@click.argument("name")
@click.option(
    "--part", "parts", multiple=True, required=True, metavar="VOICE=WEIGHT",
    help="A voice or preset and its weight, such as ana=3; give 2 to 8 of them. Only the ratio of the weights counts.",
)  # fmt: skip
@click.option("-l", "--language", default="pt-BR", show_default=True, help="Language of the sample (BCP 47).")
@click.option("--description", default="", help="What the voice is like or for.")
@click.option("--engine", help="Engine of the presets. Default: that of the enrolled voices, or the service's.")
@as_json
@service_url
def mix(
    *,
    name: str,
    parts: tuple[str, ...],
    language: str,
    description: str,
    engine: str | None,
    json_wanted: bool,
    url: str | None,
) -> None:
    """Make the voice NAME, which lies between other voices of one engine, nearer to those of more weight."""
    weighed = [_weighed(part) for part in parts]
    fields = {"name": name, "language": language, "description": description, "engine": engine}
    body: dict[str, Any] = {key: value for key, value in fields.items() if value}
    with connect(url, works=True) as client, spinner("mixing") as told:
        body["parts"] = [{**_voice(client, voice), "weight": weight} for voice, weight in weighed]
        accepted = client.call("POST", "/voices/mix", json=body)
        job = completed_or_cancelled(client, accepted["job_id"], lambda job: told(progress_line(job)))
        made = client.call("GET", f"/voices/{job['voice_id']}")
    show_new_voice(made, job, json_wanted=json_wanted)


def _weighed(part: str) -> tuple[str, float]:
    # From the right, since a name may hold the sign.
    voice, _, weight = part.rpartition("=")
    try:
        number = float(weight)
    except ValueError:
        number = math.nan
    if not voice or not math.isfinite(number):
        raise InvalidInput(f"{part[:80]!r} is not a part of a mix; give VOICE=WEIGHT, such as ana=3.", field="part")
    return voice, number


def _voice(client: ServiceClient, wanted: str) -> dict[str, str]:
    """The part as the service takes it: presets go before voices of the same name, as in `say`."""
    presets = client.call("GET", "/presets")["presets"]
    if any(preset["id"] == wanted for preset in presets):
        return {"preset": wanted}
    try:
        return {"voice_id": str(find_voice(client, wanted)["id"])}
    except NotFound as error:
        raise NotFound(f"{error.message} It is no preset either; 'voicecore voices list' shows both.") from None
