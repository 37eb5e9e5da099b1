"""`voicecore convert`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from entrypoints.cli.convert_tone import CONVERTERS, convert_tone
from entrypoints.cli.converting import Recording, tell
from entrypoints.cli.formats import NAMES, chosen_format
from entrypoints.cli.options import as_json, service_url
from entrypoints.cli.rvc_options import Knobs, option_of, rvc_knobs
from entrypoints.cli.target import Target
from entrypoints.settings import THREAD_LIMIT, Settings, load
from voicecore.errors import NotFound
from voicecore.tone_colour import SEED_LIMIT, TAU

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_WEIGHTS = ".pth"


@click.command()
@click.argument("source", metavar="IN", type=_FILE)
@click.option("-o", "--output", required=True, help="File to write, or - for stdout.")
@click.option("-m", "--model", help="RVC model to convert to: its id or name, or a .pth file that is used once.")
@click.option("--index", type=_FILE, help="The .index of a model that -m names as a file.")
@click.option(
    "--to", "references", multiple=True, type=_FILE,
    help="Recording of the voice to put on; several are averaged. 5 to 300 s together.",
)  # fmt: skip
@click.option("--tau", type=click.FloatRange(0, 1), help=f"Of --to. {TAU.meaning}  [default: {TAU.default:g}]")
@rvc_knobs
@click.option(
    "--seed", type=click.IntRange(0, SEED_LIMIT), default=0, show_default=True, help="Of the noise that is drawn."
)
@click.option("--format", "wanted_format", type=click.Choice(NAMES), help="Audio format. Default: by the extension.")
@click.option("--converter", type=click.Choice(sorted(CONVERTERS)), help="Who converts for --to. Default: openvoice.")
@click.option(
    "--threads", type=click.IntRange(0, THREAD_LIMIT), help="Processor threads; 0 leaves the choice to the converter."
)
@as_json
@service_url
def convert(
    *,
    source: Path,
    output: str,
    model: str | None,
    index: Path | None,
    references: tuple[Path, ...],
    tau: float | None,
    knobs: Knobs,
    seed: int,
    wanted_format: str | None,
    converter: str | None,
    threads: int | None,
    json_wanted: bool,
    url: str | None,
) -> None:
    r"""Give the speech in the file IN another voice; words, rhythm and melody stay.

    \b
    voicecore convert in.wav -o out.wav -m narrator       # a model of RVC (voicecore rvc add)
    voicecore convert in.wav -o out.wav -m narrator.pth   # the same, from its files
    voicecore convert in.wav -o out.wav --to ana.wav      # the tone colour of a recording

    Files may be wav, mp3, m4a, ogg, flac, opus or webm. A .pth and --to work in this process; a model by its name needs
    the service that knows it: that of --url, or one that lives in this process as long as the command.
    """
    from_file = model is not None and Path(model).suffix.lower() == _WEIGHTS
    of_model = [*map(option_of, knobs), *(["--index"] if index is not None else [])]
    of_tone = [option for option, value in (("--tau", tau), ("--converter", converter)) if value is not None]
    if (model is None) == (not references):
        raise _usage("Say whose voice: either -m MODEL or --to RECORDING.")
    if stray := of_model if model is None else of_tone:
        raise _usage(f"{', '.join(stray)} is for {'-m' if model is None else '--to'}; leave it out.")
    if index is not None and not from_file:
        raise _usage("--index is for a .pth; a model that has a name has its index already.")
    audio_format = chosen_format(output, wanted_format)
    target = Target(output)
    settings = load()
    order = Recording(
        source=source, target=target, audio_format=audio_format, seed=seed, knobs=knobs,
        threads=(settings.threads if threads is None else threads) or None,
    )  # fmt: skip
    if model is None:
        report = convert_tone(
            order, references, tau=TAU.default if tau is None else tau, converter=converter or "openvoice",
            settings=settings,
        )  # fmt: skip
    elif from_file:
        report = _here(order, model, index, settings)
    else:
        report = _by_service(order, model, url)
    tell(report, target, json_wanted=json_wanted)


def _usage(sentence: str) -> click.UsageError:
    return click.UsageError(sentence, ctx=click.get_current_context())


def _here(order: Recording, weights: str, index: Path | None, settings: Settings) -> dict[str, Any]:
    from entrypoints.cli.convert_here import convert_here  # noqa: PLC0415 - only where a model comes as files

    path = Path(weights)
    if not path.is_file():
        raise NotFound(f"There is no file {weights[:200]!r}; name a .pth, or a model that 'voicecore rvc list' shows.")
    return convert_here(order, path, index, settings)


def _by_service(order: Recording, model: str, url: str | None) -> dict[str, Any]:
    from entrypoints.cli.convert_by_service import convert_by_service  # noqa: PLC0415 - loads the service or httpx

    return convert_by_service(order, model, url)
