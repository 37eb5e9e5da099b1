"""`convert -m FILE.pth`: a model's own files, used once in this process; nothing of them is kept."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from adapters.stores.memory import MemoryCatalog
from entrypoints.cli.converting import Recording, decoded
from entrypoints.cli.formats import write_audio
from entrypoints.cli.local_mark import local_marking
from entrypoints.cli.progress import spinner
from entrypoints.converters import model_intake, offered_converters
from entrypoints.settings import Settings
from entrypoints.watermarks import watermarked
from voicecore.audio import Audio
from voicecore.conversion import CONVERSION_PARAMETERS, CONVERTER, ConversionSettings, F0Method
from voicecore.conversion_model import ConversionModel, ModelId
from voicecore.errors import InvalidInput, ModelCorrupt, NotInstalled
from voicecore.ports import AudioLimits, ConversionReport, ConverterProvider, ModelFacts, ModelParts
from voicecore.tone_colour import check_speech
from voicecore.usecases.converters import CONVERSION_MISSING, Converters

#: What the model is called in this process; nothing keeps it.
_ONCE = ModelId("rvc_once")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """What came of it. Times in seconds."""

    audio: Audio
    report: ConversionReport
    load_s: float
    convert_s: float


def convert_here(order: Recording, weights: Path, index: Path | None, settings: Settings) -> dict[str, Any]:
    """Convert into the target; the report.

    Raises:
        NotInstalled: packages or weights of RVC are missing, with the way to mend it.
        InvalidInput: the files are no model, or the pitch tracker is off here; or, as `InvalidAudio`, the recording cannot be
            used.
    """
    provider = _provider(settings)
    audio = decoded(order.source, AudioLimits(max_duration_s=settings.max_audio_s))
    check_speech(audio.duration_s)
    facts, parts = _taken_in(settings, weights, index)
    resolved, told = _resolved(order, provider, facts)
    made = _converted(provider, order, audio, parts, resolved)
    target, marking = order.target, local_marking(settings, CONVERTER, facts.digest)
    sound = watermarked(settings, made.audio)
    with target.finished_or_discarded():
        write_audio(target, [sound.samples], made.audio.sample_rate_hz, order.audio_format, marking)
    knobs = {name: getattr(resolved, name.removeprefix("rvc_")) for name in CONVERSION_PARAMETERS}
    return {
        "path": target.name, "format": order.audio_format, "bytes": target.bytes_written,
        "duration_s": made.audio.duration_s, "sample_rate_hz": made.audio.sample_rate_hz, "converter": CONVERTER,
        "model": str(weights), "model_digest": facts.digest, **knobs, "rvc_f0_method": resolved.f0_method.value,
        "seed": order.seed, "index_used": made.report.index_used, "index_reason": made.report.reason or None,
        "notes": [*facts.notes, *told, *made.report.notes], "load_s": made.load_s, "convert_s": made.convert_s,
        "real_time_factor": made.convert_s / made.audio.duration_s,
    }  # fmt: skip


def _converted(
    provider: ConverterProvider, order: Recording, audio: Audio, parts: ModelParts, settings: ConversionSettings
) -> _Made:
    began = time.perf_counter()
    with spinner("loading") as told:
        converter = provider.open(threads=order.threads)
        try:
            converter.load(settings.model_id, parts)
            loaded = time.perf_counter()
            told("converting")
            made, report = converter.convert(audio, settings)
        finally:
            converter.close()
    return _Made(audio=made, report=report, load_s=loaded - began, convert_s=time.perf_counter() - loaded)


def _resolved(
    order: Recording, provider: ConverterProvider, facts: ModelFacts
) -> tuple[ConversionSettings, tuple[str, ...]]:
    """The settings as a job's would be resolved, and what its caller should know of them."""
    catalog = MemoryCatalog()
    catalog.models.add(
        ConversionModel(
            id=_ONCE, name="once", version=facts.version, f0=facts.f0, sample_rate_hz=facts.sample_rate_hz,
            vectors=facts.vectors, digest=facts.digest, size_bytes=0, created_at=datetime.now(UTC),
        )
    )  # fmt: skip
    named = {name.removeprefix("rvc_"): value for name, value in order.knobs.items()}
    if method_named := "f0_method" in named:
        named["f0_method"] = F0Method(named["f0_method"])
    asked = ConversionSettings(model_id=_ONCE, seed=order.seed, **named)
    return Converters(provider).resolve(catalog, asked, method_named=method_named, seed=order.seed)


def _provider(settings: Settings) -> ConverterProvider:
    """What converts, if it could; asked before anything is read, since that takes seconds."""
    converters = offered_converters(settings)
    if converters.provider is None:
        raise NotInstalled(CONVERSION_MISSING)
    converters.card()
    if problems := converters.problems():
        raise NotInstalled(f"Voice conversion (RVC) cannot be used here: {problems[0]}")
    return converters.provider


def _taken_in(settings: Settings, weights: Path, index: Path | None) -> tuple[ModelFacts, ModelParts]:
    intake = model_intake(settings)
    if intake is None:
        raise NotInstalled(CONVERSION_MISSING)
    try:
        return intake.take_in(weights, index)
    except ModelCorrupt as error:
        # Elsewhere that is a fault of the installation; here the files are what somebody gave.
        raise InvalidInput(error.message) from error
