"""`convert --to`: the tone colour of reference recordings, put on in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from entrypoints.cli.converting import Recording, decoded
from entrypoints.cli.formats import write_audio
from entrypoints.cli.local_mark import local_marking
from entrypoints.cli.progress import spinner
from entrypoints.settings import Settings
from entrypoints.watermarks import watermarked
from voicecore.ports import AudioLimits, ToneConverter
from voicecore.tone_colour import ToneSettings, check_reference, check_speech


def _openvoice(settings: Settings, threads: int | None) -> ToneConverter:
    from adapters.converters.openvoice import OpenVoiceConverter  # noqa: PLC0415 - only the one that was asked for

    return OpenVoiceConverter.open(settings.engine_settings, threads=threads)


CONVERTERS: dict[str, Callable[[Settings, int | None], ToneConverter]] = {"openvoice": _openvoice}


def convert_tone(
    order: Recording, references: Sequence[Path], *, tau: float, converter: str, settings: Settings
) -> dict[str, Any]:
    """Convert into the target; the report."""
    limits = AudioLimits(max_duration_s=settings.max_audio_s)
    audio, *clips = [decoded(path, limits) for path in (order.source, *references)]
    check_speech(audio.duration_s)  # before the model is loaded, since that takes seconds
    check_reference(sum(clip.duration_s for clip in clips))
    began = time.perf_counter()
    with spinner("loading") as told:
        opened = CONVERTERS[converter](settings, order.threads)
        loaded = time.perf_counter()
        try:
            told("converting")
            made, report = opened.convert(audio, ToneSettings(target=opened.learn(clips), tau=tau, seed=order.seed))
        finally:
            opened.close()
    took_s = time.perf_counter() - loaded
    target, marking = order.target, local_marking(settings, converter, opened.model_digest)
    sound = watermarked(settings, made)
    with target.finished_or_discarded():
        write_audio(target, [sound.samples], made.sample_rate_hz, order.audio_format, marking)
    return {
        "path": target.name, "format": order.audio_format, "bytes": target.bytes_written, "duration_s": made.duration_s,
        "sample_rate_hz": made.sample_rate_hz, "converter": converter, "model_digest": opened.model_digest, "tau": tau,
        "seed": order.seed, "notes": list(report.notes), "load_s": loaded - began, "convert_s": took_s,
        "real_time_factor": took_s / made.duration_s,
    }  # fmt: skip
