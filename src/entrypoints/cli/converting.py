"""What all ways of `convert` share: the order, reading recordings, and telling what was made."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from entrypoints.cli.extras import needs_extra
from entrypoints.cli.rvc_options import Knobs, tell_conversion
from entrypoints.cli.target import Target
from voicecore.audio import Audio
from voicecore.errors import InvalidAudio
from voicecore.ports import AudioLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What shall be converted, and into which file.

    Attributes:
        knobs: those of RVC that were named.
        threads: None leaves the choice to the converter.
    """

    source: Path
    target: Target
    audio_format: str
    seed: int
    knobs: Knobs
    threads: int | None


def decoded(path: Path, limits: AudioLimits) -> Audio:
    """The recording. Raises `InvalidAudio` and its kinds, naming the file."""
    with needs_extra("audio", "Reading audio files"):
        from adapters.audio import SandboxedCodec  # noqa: PLC0415
    try:
        with path.open("rb") as file:
            return SandboxedCodec().decode(file, limits)
    except InvalidAudio as error:
        # Several files are named in one call: say which it is.
        raise type(error)(f"{path}: {error.message}") from error


def tell(report: dict[str, Any], target: Target, *, json_wanted: bool) -> None:
    """The report, away from the sound where stdout carries it; what the listener should know is told in any case."""
    if json_wanted:
        click.echo(json.dumps(report, ensure_ascii=False), err=target.is_stdout)
        return
    tell_conversion(report["notes"], report.get("index_used"), report.get("index_reason"))
    if sys.stderr.isatty():
        factor = report["real_time_factor"]
        click.echo(f"{report['path']}: {report['duration_s']:.2f} s of speech, {factor:.2f} of real time", err=True)
