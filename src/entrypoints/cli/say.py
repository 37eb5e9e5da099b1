"""`voicecore say`."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from entrypoints.cli.formats import NAMES, chosen_format
from entrypoints.cli.options import as_json, service_url
from entrypoints.cli.progress import segment_bar
from entrypoints.cli.rvc_options import Knobs, option_of, rvc_knobs, tell_conversion
from entrypoints.cli.speaking import Order, built_in_parameters, speak_here
from entrypoints.cli.subtitle_files import SubtitleFile
from entrypoints.cli.target import STDOUT, Target
from entrypoints.cli.text_input import read_text
from entrypoints.settings import THREAD_LIMIT, Settings, load
from voicecore.errors import NotFound
from voicecore.ports import EngineProvider
from voicecore.registry import engine_provider
from voicecore.request import SEED_LIMIT
from voicecore.voice import DEFAULT_PRESET


@click.command()
@click.argument("text", required=False)
@click.option("-o", "--output", help="File to write, or - for stdout. Default: stdout where it is not a terminal.")
@click.option("--format", "wanted_format", type=click.Choice(NAMES), help="Audio format. Default: by the extension.")
@click.option("-l", "--language", default="pt-BR", show_default=True, help="Language the text is written in (BCP 47).")
@click.option(
    "-v", "--voice", default=DEFAULT_PRESET, show_default=True, help="Preset, or id or name of your own voice."
)
@click.option("--speed", type=click.FloatRange(0.5, 2.0), help="2 takes half the time.")
@click.option("--seed", type=click.IntRange(0, SEED_LIMIT), default=0, show_default=True, help="For engines that draw.")
@click.option("--profile", help="Quality profile, such as audiobook or low_latency.")
@click.option("--engine", help="Engine. Default: VOICECORE_ENGINE.")
@click.option(
    "--threads", type=click.IntRange(0, THREAD_LIMIT), help="Processor threads; 0 leaves the choice to the engine."
)
@click.option("--rvc", metavar="MODEL", help="Convert what was spoken to this model's voice; 'voicecore rvc list'.")
@click.option("--rvc-required", is_flag=True, help="Fail where conversion fails, rather than keep the plain voice.")
@click.option("--subtitles", metavar="FILE", help="Also write the text with its times: FILE.srt or FILE.vtt.")
@rvc_knobs
@as_json
@service_url
def say(
    *,
    text: str | None,
    output: str | None,
    wanted_format: str | None,
    language: str,
    voice: str,
    speed: float | None,
    seed: int,
    profile: str | None,
    engine: str | None,
    threads: int | None,
    rvc: str | None,
    rvc_required: bool,
    subtitles: str | None,
    knobs: Knobs,
    json_wanted: bool,
    url: str | None,
) -> None:
    r"""Speak TEXT (or stdin, where TEXT is - or missing) into a file or to stdout.

    \b
    voicecore say "Olá, mundo!" -o ola.wav
    voicecore say -l en -v male_deep "Good night." -o night.mp3
    fortune | voicecore say -l en -o - | aplay

    wav, pcm, ogg and opus are written while the text is being spoken. If it fails or is interrupted, the file is removed.
    """
    if rvc is None and (knobs or rvc_required):
        raise click.UsageError(f"{_stray(knobs)} needs --rvc MODEL.", ctx=click.get_current_context())
    where = _output(output)
    audio_format = chosen_format(where, wanted_format)
    target = Target(where)
    captions = None if subtitles is None else SubtitleFile(subtitles)
    settings = load()
    order = Order(
        text=read_text(text), language=language, voice=voice, audio_format=audio_format, speed=speed, seed=seed,
        profile=profile, threads=(settings.threads if threads is None else threads) or None, rvc=rvc,
        rvc_required=rvc_required, knobs=knobs, captions=captions,
    )  # fmt: skip
    if url is not None or rvc is not None:
        report = _by_service(order, engine, target, url)
    else:
        provider = engine_provider(engine or settings.engine, settings.engine_settings)
        if _known_here(order, provider, settings):
            with segment_bar() as watch:
                report = speak_here(order, provider, target, watch, settings)
        else:
            report = _by_service(order, engine, target, None)
    _tell(report, target, json_wanted=json_wanted)


def _stray(knobs: Knobs) -> str:
    """An option that was named and means nothing."""
    return next((option_of(name) for name in knobs), "--rvc-required")


def _output(output: str | None) -> str:
    if output is None and sys.stdout.isatty():
        raise click.UsageError(
            "Say where the sound goes: -o FILE, or -o - for stdout.", ctx=click.get_current_context()
        )
    return output or STDOUT


def _known_here(order: Order, provider: EngineProvider, settings: Settings) -> bool:
    """Whether the engine alone can do it, without the service's catalogue of voices and profiles.

    Raises:
        NotFound: if there is no catalogue that could know the name.
    """
    card = provider.card()
    a_preset = any(each.id == order.voice for each in card.presets)
    profile_known = built_in_parameters(order.profile, card.name) is not None
    if a_preset and profile_known:
        return True
    if settings.data_dir.is_dir():
        return False
    what = f"quality profile {order.profile!r}" if a_preset else f"voice {order.voice[:100]!r}"
    known = ", ".join(each.id for each in card.presets)
    raise NotFound(
        f"There is no {what} for the engine {card.name!r}" + (f"; its presets are: {known}." if not a_preset else ".")
    )


def _by_service(order: Order, engine: str | None, target: Target, url: str | None) -> dict[str, Any]:
    from entrypoints.cli.say_by_service import speak_by_service  # noqa: PLC0415 - loads the service or httpx

    return speak_by_service(order, engine, target, url)


def _tell(report: dict[str, Any], target: Target, *, json_wanted: bool) -> None:
    """The report; on stderr where stdout carries the sound. A voice that was not converted is told in any case."""
    if report.get("rvc_applied") is False:
        reason = report["rvc_fallback_reason"] or "nobody said why."
        click.echo(f"voicecore: this is the plain voice, it was not converted: {reason}", err=True)
    if "rvc" in report and not json_wanted:
        tell_conversion(report["warnings"], report["rvc"]["index_used"], report["rvc"]["index_reason"])
    if json_wanted:
        click.echo(json.dumps(report, ensure_ascii=False), err=target.is_stdout)
    elif sys.stderr.isatty():
        factor = report["real_time_factor"]
        pace = f", {factor:.2f} of real time" if factor is not None else ""
        click.echo(f"{report['path']}: {report['duration_s']:.2f} s of speech{pace}", err=True)
