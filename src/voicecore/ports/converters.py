"""Converters: finished speech in, the same speech in another voice out.

Methods of conversion share a verb and nothing else. RVC names a model trained for one voice and has seven knobs of its
own (`ConversionSettings`, which requests and records hold); tone colour takes a voice print learned from seconds of
speech (`ToneSettings`). So the protocol is generic in its settings: a method brings its own frozen, checked value, and no
value has fields that only one method reads. What learns voices says so with a protocol of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from voicecore.audio import Audio
from voicecore.conversion import ConversionSettings, F0Method
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What is known of a conversion model once it was taken in.

    Attributes:
        version: of RVC: `v1` or `v2`.
        f0: whether it follows the pitch of what it converts.
        sample_rate_hz: of what it makes.
        vectors: entries of its index; 0 without one.
        digest: sha256 of all of it, in hex.
        notes: what the owner should know, one sentence each.
    """

    version: str
    f0: bool
    sample_rate_hz: int
    vectors: int
    digest: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ModelParts:
    """A stored conversion model: the bytes of its safetensors files."""

    voice: bytes
    index: bytes | None = None


class ModelIntake(Protocol):
    """Makes of strangers' model files what may be kept. May be called from any thread; nothing of the files is run."""

    def take_in(self, weights: Path, index: Path | None) -> tuple[ModelFacts, ModelParts]:
        """The model, checked in every shape. The files are the caller's to delete.

        Args:
            weights: a `.pth`, as RVC and its kin write it.
            index: a `.index` of faiss with its vectors in it.

        Raises:
            ModelCorrupt: it is no RVC voice, or a damaged one.
            InvalidInput: a limit is passed.
            NotInstalled: what reads it is not installed.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class ConverterCard:
    """What a converter of models can do here.

    Attributes:
        name: as in settings: `rvc`.
        methods_off: pitch trackers that cannot be used here → why, and how to mend it.
        digest: sha256 of all that shapes its sound but the model and the settings: version of the code, weights of the encoder.
    """

    name: str
    methods_off: Mapping[F0Method, str] = field(default_factory=dict)
    digest: str = ""


class ModelConverter(VoiceConverter[ConversionSettings], Protocol):
    """A converter whose target voices are models, which are given to it. It keeps the last ones used, within its memory."""

    def holds(self, model_id: str) -> bool:
        """Whether `convert` would find this model."""

    def load(self, model_id: str, parts: ModelParts) -> None:
        """Take a model in; an id never stands for another one later. Raises `ModelCorrupt`."""


class ConverterProvider(Protocol):
    """How a converter of models is described and opened. Found by entry point (group `voicecore.converters`), whose object is
    called with the `EngineSettings` and returns the provider.
    """

    name: str

    def card(self) -> ConverterCard:
        """The card, without loading anything. Raises `NotInstalled` if packages or weights are missing."""

    def problems(self) -> Sequence[str]:
        """What keeps the converter from opening, each with the way to mend it; empty if nothing does."""

    def open(self, *, threads: int | None = None) -> ModelConverter:
        """Load what all models share. Raises `MissingDependency`, `MissingModel` or `ModelCorrupt`."""
