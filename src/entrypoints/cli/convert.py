"""`voicecore convert`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from entrypoints.cli.extras import needs_extra
from entrypoints.cli.formats import NAMES, chosen_format, write_audio
from entrypoints.cli.options import as_json
from entrypoints.cli.progress import spinner
from entrypoints.cli.target import Target
from entrypoints.settings import THREAD_LIMIT, Settings, load
from voicecore.audio import Audio
from voicecore.errors import InvalidAudio
from voicecore.ports import AudioLimits, ToneConverter
from voicecore.tone_colour import SEED_LIMIT, TAU, ToneSettings, check_reference, check_speech

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _openvoice(settings: Settings, threads: int | None) -> ToneConverter:
    from adapters.converters.openvoice import OpenVoiceConverter  # noqa: PLC0415 - only the one that was asked for

    return OpenVoiceConverter.open(settings.engine_settings, threads=threads)


_CONVERTERS: dict[str, Callable[[Settings, int | None], ToneConverter]] = {"openvoice": _openvoice}


@click.command()
@click.argument("source", metavar="IN", type=_FILE)
@click.option("-o", "--output", required=True, help="File to write, or - for stdout.")
@click.option(
    "--to", "references", multiple=True, required=True, type=_FILE,
    help="Recording of the voice to put on; several are averaged. 5 to 300 s together.",
)  # fmt: skip
@click.option("--tau", type=click.FloatRange(0, 1), default=TAU.default, show_default=True, help=TAU.meaning)
@click.option(
    "--seed", type=click.IntRange(0, SEED_LIMIT), default=0, show_default=True, help="Of the noise that tau scales."
)
@click.option("--format", "wanted_format", type=click.Choice(NAMES), help="Audio format. Default: by the extension.")
@click.option(
    "--converter", type=click.Choice(sorted(_CONVERTERS)), default="openvoice", show_default=True, help="Who converts."
)
@click.option(
    "--threads", type=click.IntRange(0, THREAD_LIMIT), help="Processor threads; 0 leaves the choice to the converter."
)
@as_json
def convert(
    *,
    source: Path,
    output: str,
    references: tuple[Path, ...],
    tau: float,
    seed: int,
    wanted_format: str | None,
    converter: str,
    threads: int | None,
    json_wanted: bool,
) -> None:
    """Give the speech in the file IN the voice of the recordings that --to names; words, rhythm and melody stay.

    Files may be wav, mp3, m4a, ogg, flac, opus or webm. It runs in this process, without a service.
    """
    audio_format = chosen_format(output, wanted_format)
    target = Target(output)
    settings = load()
    limits = AudioLimits(max_duration_s=settings.max_audio_s)
    audio, *clips = [_decoded(path, limits) for path in (source, *references)]
    check_speech(audio.duration_s)  # before the model is loaded, since that takes seconds
    check_reference(sum(clip.duration_s for clip in clips))
    began = time.perf_counter()
    with spinner("loading") as told:
        opened = _CONVERTERS[converter](settings, (settings.threads if threads is None else threads) or None)
        loaded = time.perf_counter()
        try:
            told("converting")
            made, report = opened.convert(audio, ToneSettings(target=opened.learn(clips), tau=tau, seed=seed))
        finally:
            opened.close()
    took_s = time.perf_counter() - loaded
    with target.finished_or_discarded():
        write_audio(target, [made.samples], made.sample_rate_hz, audio_format)
    _tell(
        {
            "path": target.name, "format": audio_format, "bytes": target.bytes_written, "duration_s": made.duration_s,
            "sample_rate_hz": made.sample_rate_hz, "converter": converter, "model_digest": opened.model_digest,
            "tau": tau, "seed": seed, "notes": list(report.notes), "load_s": loaded - began, "convert_s": took_s,
            "real_time_factor": took_s / made.duration_s,
        },
        target,
        json_wanted=json_wanted,
    )  # fmt: skip


def _decoded(path: Path, limits: AudioLimits) -> Audio:
    with needs_extra("audio", "Reading audio files"):
        from adapters.audio import SandboxedCodec  # noqa: PLC0415
    try:
        with path.open("rb") as file:
            return SandboxedCodec().decode(file, limits)
    except InvalidAudio as error:
        # Several files are named in one call: say which it is.
        raise type(error)(f"{path}: {error.message}") from error


def _tell(report: dict[str, Any], target: Target, *, json_wanted: bool) -> None:
    """The report, away from the sound where stdout carries it; notes are told in any case."""
    if json_wanted:
        click.echo(json.dumps(report, ensure_ascii=False), err=target.is_stdout)
        return
    for note in report["notes"]:
        click.echo(note, err=True)
    if sys.stderr.isatty():
        factor = report["real_time_factor"]
        click.echo(f"{report['path']}: {report['duration_s']:.2f} s of speech, {factor:.2f} of real time", err=True)
