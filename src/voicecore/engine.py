"""What an engine is, says of itself, and is asked to speak."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from voicecore.errors import InvalidInput, UnsupportedLanguage, require
from voicecore.language import Language
from voicecore.quality import Parameter
from voicecore.timing import TimeSource
from voicecore.voice import VoicePreset, VoicePrint

SPEED = Parameter(0.5, 2.0, 1.0, "How fast the speech is: 2 takes half the time.")


@dataclass(frozen=True, slots=True)
class Enrolment:
    """How an engine learns a new voice.

    Attributes:
        method: `cloning` or `voice matching`; shown to users, so it must be honest.
        description: one or two sentences on what the result sounds like and what it is not.
        min_reference_s, max_reference_s: length of all reference clips together, after decoding.
        max_clips: how many reference files one voice may have.
    """

    method: str
    description: str
    min_reference_s: float = 5.0
    max_reference_s: float = 300.0
    max_clips: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineCard:
    """What an engine can really do. Cheap to get: no model is loaded for it.

    Attributes:
        name: as in settings and requests: `kokoro`.
        model_digest: sha256 of the weights and voices; part of every fingerprint.
        sample_rate_hz: of everything the engine makes.
        languages: tags it speaks; the first is its default.
        presets: voices that come with it.
        parameters: the knobs that reach it, `speed` among them.
        segment_limit: the largest `SpeechEngine.measure` of one utterance, in `segment_unit`.
        batch_size: how many utterances it can work on at once.
        streams_within_segment: whether one utterance comes in several chunks.
        enrolment: how it learns voices, or None.
        mixes_voices: whether `SpeechEngine.mix` makes a voice between others.
        word_times: where it has the times of words from; `segment` for an engine that knows none.
        notes: what a user must know, one sentence each.
    """

    name: str
    title: str
    description: str
    version: str
    model_digest: str
    licence: str
    sample_rate_hz: int
    languages: tuple[Language, ...]
    presets: tuple[VoicePreset, ...]
    parameters: Mapping[str, Parameter] = field(default_factory=lambda: {"speed": SPEED})
    segment_limit: int
    segment_unit: str
    batch_size: int = 1
    streams_within_segment: bool = False
    enrolment: Enrolment | None = None
    mixes_voices: bool = False
    word_times: TimeSource = TimeSource.SEGMENT
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require(bool(self.languages), f"Engine {self.name!r} lists no language.")
        require(self.segment_limit >= 1, f"Engine {self.name!r} needs a segment limit of at least 1.")
        for preset in self.presets:
            # Preset ids become part of blob keys.
            good = re.fullmatch(r"[a-z0-9][a-z0-9_.-]{0,63}", preset.id) is not None
            require(
                good, f"Engine {self.name!r} has the preset id {preset.id!r}; use [a-z0-9_.-], at most 64 characters."
            )
        require(self.batch_size >= 1, f"Engine {self.name!r} needs a batch size of at least 1.")
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))

    def spoken(self, language: Language) -> Language:
        """The language of this card that serves `language`.

        Raises:
            UnsupportedLanguage: with the list of what the engine speaks.
        """
        found = language.match(self.languages)
        if found is None:
            known = ", ".join(str(each) for each in self.languages)
            raise UnsupportedLanguage(
                f"The engine {self.name!r} does not speak {language}; it speaks: {known}.",
                field="source_language",
            )
        return found

    def preset(self, preset_id: str, language: Language) -> VoicePreset:
        """The preset of this name, if it speaks `language`.

        Raises:
            InvalidInput: with the presets that do.
        """
        for preset in self.presets:
            if preset.id == preset_id and language in preset.languages:
                return preset
        known = ", ".join(p.id for p in self.presets if language in p.languages)
        raise InvalidInput(
            f"{preset_id[:60]!r} is not a preset of {self.name!r} in {language}; choose one of: {known}.",
            field="voice_preset",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One segment to speak, complete: nothing else decides how it sounds.

    Attributes:
        id: names the utterance between `admit`, `step` and `drop`; unique among those admitted.
        text: what is spoken; its `measure` is at most the card's `segment_limit`.
        voice: preset id, or the print of an enrolled voice.
        parameters: checked against the card.
        seed: 0..2**32-1; engines that draw no random numbers ignore it.
        eager: whether somebody waits for its first sound: an engine that can gives small chunks early, at some cost. It
            may not change the sound, but by rounding.
        word_times: whether the times of its words are wanted, for engines that have to work for them (`EngineCard.word_times`).
            May not change the sound.
    """

    id: str
    text: str
    language: Language
    voice: str | VoicePrint
    parameters: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    eager: bool = False
    word_times: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))
