"""The built-in quality profiles, and the knobs that the pipeline itself understands."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from voicecore.engine import SPEED
from voicecore.quality import Parameter, ProfileId, QualityProfile

#: Knobs of the pipeline, so every engine has them.
PIPELINE_PARAMETERS: Mapping[str, Parameter] = MappingProxyType({
    "pause_scale": Parameter(0.25, 3.0, 1.0, "Length of the pauses between segments, times this."),
    "segment_size": Parameter(
        0.1, 1.0, 1.0, "Soft target for a segment, as a share of the engine's limit: smaller speaks sooner, larger flows better."
    ),
})  # fmt: skip

#: Knobs of XTTS v2, with the ranges of the service's contract. Repetition penalties follow upstream's order of
#: magnitude (5..10), since far below it the model loops; see docs/adr/0004.
XTTS_PARAMETERS: Mapping[str, Parameter] = MappingProxyType({
    "temperature": Parameter(0.1, 1.0, 0.75, "How freely the sampler chooses: lower is steadier, higher livelier."),
    "repetition_penalty": Parameter(1.0, 20.0, 7.0, "How much repeated sounds are avoided."),
    "top_p": Parameter(0.5, 1.0, 0.9, "Share of probability that the sampler may draw from."),
    "top_k": Parameter(1, 100, 60, "Number of candidates that the sampler may draw from.", integer=True),
    "length_penalty": Parameter(0.5, 2.0, 1.2, "Above 1 favours longer speech: it divides the odds of stopping."),
    "speed": SPEED,
    "denoise": Parameter(0, 1, 0, "1 cleans the spoken sound of steady noise.", integer=True),
})  # fmt: skip


def _xtts(name: str, description: str, *values: float) -> QualityProfile:
    return QualityProfile(id=ProfileId(name), name=name.replace("_", " ").capitalize(), engine="xtts", description=description,
                          parameters=dict(zip(XTTS_PARAMETERS, values, strict=True)), built_in=True)  # fmt: skip


def _neutral(name: str, description: str, **parameters: float) -> QualityProfile:
    return QualityProfile(id=ProfileId(name), name=name.replace("_", " ").capitalize(), engine="*", description=description,
                          parameters=parameters, built_in=True)  # fmt: skip


#: temperature, repetition_penalty, top_p, top_k, length_penalty, speed, denoise.
_XTTS = (
    _xtts("balanced", "The default: clear and natural.", 0.75, 7.0, 0.9, 60, 1.2, 1.0, 0),
    _xtts("expressive", "Livelier, less predictable.", 0.85, 5.0, 0.95, 70, 1.3, 0.98, 0),
    _xtts("stable", "Steady, for announcements and long texts.", 0.70, 10.0, 0.85, 55, 1.1, 1.0, 0),
    _xtts("fast", "Brisk speech.", 0.70, 6.0, 0.85, 50, 1.0, 1.1, 0),
    _xtts("high_quality", "Slower and cleaned of noise.", 0.75, 8.0, 0.92, 65, 1.3, 0.95, 1),
)
_NEUTRAL = (
    _neutral("natural", "The engine as it speaks best.", speed=1.0),
    _neutral("audiobook", "A little slower, with longer pauses.", speed=0.94, pause_scale=1.4),
    _neutral("low_latency", "Short segments, so that the first sound comes sooner.", speed=1.0, segment_size=0.2,
             pause_scale=0.9),
)  # fmt: skip

BUILT_IN: tuple[QualityProfile, ...] = _XTTS + _NEUTRAL
#: Profile of a request that names none, where nobody chose another default.
_DEFAULTS = {"xtts": "balanced"}
FALLBACK_DEFAULT = "natural"


def built_in_default(engine: str) -> str:
    """Id of the engine's built-in default profile."""
    return _DEFAULTS.get(engine, FALLBACK_DEFAULT)


def serves(profile: QualityProfile, engine: str) -> bool:
    """Whether the profile may be used with the engine."""
    return profile.engine in ("*", engine)
