"""Converters: finished speech in, the same speech in another voice out.

Methods of conversion share a verb and nothing else. RVC names a model trained for one voice and has seven knobs of its
own (`ConversionSettings`, which requests and records hold); tone colour takes a voice print learned from seconds of
speech (`ToneSettings`). So the protocol is generic in its settings: a method brings its own frozen, checked value, and no
value has fields that only one method reads. What learns voices says so with a protocol of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from voicecore.audio import Audio
from voicecore.tone_colour import ToneSettings
from voicecore.voice import VoicePrint

Settings_contra = TypeVar("Settings_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class ConversionReport:
    """What a conversion did.

    Attributes:
        index_used: whether the target's index was used; None where the method knows no index.
        reason: why not, where it was not.
        notes: what else the listener should know, one sentence each: nothing is left out in silence.
    """

    index_used: bool | None = None
    reason: str = ""
    notes: tuple[str, ...] = ()


class VoiceConverter(Protocol[Settings_contra]):
    """Turns one voice into another. One thread uses it at a time.

    `VoiceConverter[ConversionSettings]` is RVC, `VoiceConverter[ToneSettings]` tone colour.
    """

    @property
    def name(self) -> str:
        """As in settings and requests: `openvoice`."""

    def convert(self, audio: Audio, settings: Settings_contra) -> tuple[Audio, ConversionReport]:
        """The audio in the target's voice, at its true sample rate; it lasts as long as the audio, to a sample.

        The same audio and settings give the same sound. Silence stays silent. Raises `NotFound` for an unknown model,
        `InvalidInput` for a print of another converter or model, and `InvalidAudio` below `MIN_SPEECH_S`.
        """

    def close(self) -> None:
        """Give back memory. Idempotent."""


class ToneConverter(VoiceConverter[ToneSettings], Protocol):
    """A converter that learns its target voices from short reference speech."""

    @property
    def model_digest(self) -> str:
        """sha256 of the weights, in hex; a print made by other weights is refused."""

    def learn(self, clips: Sequence[Audio]) -> VoicePrint:
        """The voice of the clips, `MIN_REFERENCE_S` to `MAX_REFERENCE_S` together. Raises `InvalidAudio` otherwise."""
