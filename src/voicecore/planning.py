"""From a checked text and its parameters to the segments and utterances an engine gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from voicecore.engine import EngineCard, Utterance
from voicecore.language import Language
from voicecore.ports import SpeechEngine
from voicecore.profiles import PIPELINE_PARAMETERS
from voicecore.quality import Parameter, check_parameters
from voicecore.text import Segment, split
from voicecore.voice import VoicePrint


def known_parameters(card: EngineCard) -> dict[str, Parameter]:
    """Every knob of a request to this engine: its own and the pipeline's."""
    return {**card.parameters, **PIPELINE_PARAMETERS}


def resolve(card: EngineCard, *layers: Mapping[str, float]) -> dict[str, float]:
    """Defaults, overlaid by each layer in turn (profile, then request), every value checked.

    Raises:
        InvalidInput: on an unknown knob or a value out of range.
    """
    known = known_parameters(card)
    resolved = {name: parameter.default for name, parameter in known.items()}
    for layer in layers:
        resolved.update(check_parameters(layer, known))
    return resolved


def engine_parameters(card: EngineCard, resolved: Mapping[str, float]) -> dict[str, float]:
    """Those of the resolved knobs that the engine itself gets."""
    return {name: value for name, value in resolved.items() if name in card.parameters}


def plan_segments(
    engine: SpeechEngine, text: str, language: Language, resolved: Mapping[str, float]
) -> tuple[Segment, ...]:
    """Cut the text under the engine's limit, as the pipeline's knobs say.

    Raises:
        InvalidText: if a single character is more than the engine can take.
    """
    limit = engine.card.segment_limit
    share = resolved["segment_size"]
    preferred = max(1, round(limit * share)) if share < 1 else None
    segments = split(
        text, language, limit=limit, measure=lambda part: engine.measure(part, language), preferred=preferred
    )
    scale = resolved["pause_scale"]
    return tuple(replace(each, pause_after_s=each.pause_after_s * scale) for each in segments)


def utterance_maker(
    card: EngineCard, name: str, language: Language, voice: str | VoicePrint, resolved: Mapping[str, float], seed: int,
    *, word_times: bool = False,
) -> Callable[[Segment], Utterance]:  # fmt: skip
    """Makes a segment's utterance; its id is `name` and the segment's index."""
    parameters = engine_parameters(card, resolved)

    def utter(segment: Segment) -> Utterance:
        return Utterance(
            id=f"{name}.{segment.index}",
            text=segment.text,
            language=language,
            voice=voice,
            parameters=parameters,
            seed=seed,
            # By its place in the text, never by what is cached: a resumed job must make the same chunks.
            eager=segment.index == 0,
            word_times=word_times,
        )

    return utter
