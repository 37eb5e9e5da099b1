"""What a caller asks for, complete and checked; and the fingerprints that follow from it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from voicecore.consent import Statement
from voicecore.conversion import ConversionSettings
from voicecore.errors import InvalidInput, InvalidText
from voicecore.language import Language
from voicecore.mixing import shares
from voicecore.voice import DEFAULT_PRESET, checked_description, checked_name

TEXT_LIMIT = 10_000
#: Unicode categories Cc and Cs (controls, lone surrogates), but for tab, line feed and carriage return.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
SEED_LIMIT = 2**32 - 1
#: Of a field that requests did not always have: its default has no part in the fingerprint, so that an idempotency key of before
#: is still known.
LATER = MappingProxyType({"later": True})
_SHA256 = re.compile(r"[0-9a-f]{64}")
#: Unicode general categories that are spoken: letters, numbers, currency and mathematical symbols.
_SPEAKABLE = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No", "Sc", "Sm"})


class Mode(StrEnum):
    """What a job does."""

    DUBBING = "dubbing"
    DUBBING_WITH_CLONE = "dubbing_with_clone"
    CLONE = "clone"
    MIX = "mix"
    CONVERT = "convert"


class OutputFormat(StrEnum):
    """Container and codec of finished audio."""

    WAV = "wav"
    MP3 = "mp3"
    OGG = "ogg"
    FLAC = "flac"
    M4A = "m4a"
    OPUS = "opus"


def has_speech(text: str) -> bool:
    """Whether there is anything in it to speak: signs of money and arithmetic are spoken as words, so they count; emoji,
    punctuation and blanks alone do not.
    """
    return any(unicodedata.category(character) in _SPEAKABLE for character in text)


def checked_text(text: str, limit: int = TEXT_LIMIT) -> str:
    """`text` unchanged, if it can be spoken.

    Raises:
        InvalidText: if it is empty or blank, longer than `limit` characters, has no letter or digit,
            or holds control characters or lone surrogates.
    """
    if len(text) > limit:
        raise InvalidText(
            f"The text has {len(text)} characters; the limit is {limit}: split it into several jobs.", field="text"
        )
    if not text.strip():
        raise InvalidText("The text is empty; write something to speak.", field="text")
    if found := _FORBIDDEN.search(text):
        raise InvalidText(
            f"The text holds the control character U+{ord(found[0]):04X} at position {found.start()}; remove it.",
            field="text",
        )
    if not has_speech(text):
        raise InvalidText("The text has no letter or digit; write something to speak.", field="text")
    return text


def checked_seed(seed: int) -> int:
    """`seed`, if it lies in 0..2**32-1. Raises `InvalidInput`."""
    if not 0 <= seed <= SEED_LIMIT:
        raise InvalidInput(f"seed is {seed}; give a whole number from 0 to {SEED_LIMIT}.", field="seed")
    return seed


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesisRequest:
    """A text to speak.

    Attributes:
        text: 1..10 000 characters; spoken in `source_language`, the one it is written in.
        target_language: what the caller wants in the end; kept and echoed, since no translator is configured.
        voice_preset: voice of mode `dubbing`.
        voice_id: enrolled voice of mode `dubbing_with_clone`.
        engine: name, or None for the service's default.
        quality_profile_id: or None for the engine's default profile.
        speed: 0.5..2, overrides the profile's; None leaves the profile's.
        seed: 0..2**32-1. The same request has the same sound, so it defaults to 0, not to chance.
        conversion: the voice that the speech is converted to, or None. Its seed is not looked at: `seed` goes for both.
        f0_method_named: whether the caller chose `conversion.f0_method`. One that is off here is refused then; else the
            nearest one that is on takes its place, and a warning says so.
        conversion_required: whether the job shall fail rather than keep the plain voice where the conversion does.
        word_times: whether the times of words are wanted of engines that have to work for them; the others tell them anyway.
    """

    text: str
    source_language: Language
    target_language: Language | None = None
    mode: Mode = Mode.DUBBING
    voice_preset: str = DEFAULT_PRESET
    voice_id: str | None = None
    engine: str | None = None
    quality_profile_id: str | None = None
    speed: float | None = None
    seed: int = 0
    output_format: OutputFormat = OutputFormat.WAV
    conversion: ConversionSettings | None = None
    f0_method_named: bool = False
    conversion_required: bool = False
    word_times: bool = field(default=False, metadata=LATER)

    def __post_init__(self) -> None:
        checked_text(self.text)
        if self.mode not in (Mode.DUBBING, Mode.DUBBING_WITH_CLONE):
            raise InvalidInput(f"mode {self.mode.value!r} does not speak a text.", field="mode")
        if (self.mode is Mode.DUBBING_WITH_CLONE) != (self.voice_id is not None):
            raise InvalidInput(
                "Mode 'dubbing_with_clone' needs a voice_id, and mode 'dubbing' takes none.", field="voice_id"
            )
        checked_seed(self.seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentRequest:
    """Reference speech from which an engine shall learn a voice.

    Attributes:
        clip_keys: blobs with the decoded reference clips (WAV, mono), written by us, never paths of the caller.
        reference_duration_s: their length together.
        consent: the statement that the speaker agreed, which is kept with the voice.
        consent_id: a consent that is kept already, instead.
        said_sha256: of the files as they were sent, and of the day of the consent if the caller told it, in hex; empty in jobs
            of before it was noted.
    """

    name: str
    language: Language
    clip_keys: tuple[str, ...]
    reference_duration_s: float
    description: str = ""
    engine: str | None = None
    consent: Statement | None = None
    consent_id: str | None = None
    said_sha256: str = field(default="", metadata=LATER)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", checked_name(self.name))
        checked_description(self.description)
        if self.said_sha256 and not _SHA256.fullmatch(self.said_sha256):
            raise InvalidInput("said_sha256 is not 64 hexadecimal digits.")
        if not self.clip_keys:
            raise InvalidInput("Give at least one reference file.", field="file")
        if self.consent is not None and self.consent_id is not None:
            raise InvalidInput("There are a consent and a consent_id; send one of them.", field="consent_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionRequest:
    """A recording that shall sound like another voice.

    Attributes:
        audio_key: blob with the decoded recording (WAV, mono), written by us, never a path of the caller.
        duration_s: of the recording.
        conversion: the voice, and how; its seed counts.
        f0_method_named: as in `SynthesisRequest`.
        recording_sha256: of the file as it was sent, in hex; empty in jobs of before it was noted.
    """

    audio_key: str
    duration_s: float
    conversion: ConversionSettings
    f0_method_named: bool = False
    output_format: OutputFormat = OutputFormat.WAV
    recording_sha256: str = ""

    def __post_init__(self) -> None:
        checked_seed(self.conversion.seed)
        if self.recording_sha256 and not _SHA256.fullmatch(self.recording_sha256):
            raise InvalidInput("recording_sha256 is not 64 hexadecimal digits.")


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicePart:
    """One voice of a mix: an enrolled voice, or else a preset.

    Attributes:
        weight: above 0; only its ratio to the other parts' counts.
    """

    voice_id: str | None = None
    preset: str | None = None
    weight: float = 1.0

    def __post_init__(self) -> None:
        if (self.voice_id is None) == (self.preset is None):
            raise InvalidInput("Each part of a mix needs a voice_id or a preset, and not both.", field="parts")

    @property
    def voice(self) -> str:
        """Id of the voice, or of the preset."""
        return self.voice_id or self.preset or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MixRequest:
    """Voices between which a new one shall lie.

    Attributes:
        language: of the sample that is spoken; as with every voice, others may be spoken with it.
        parts: 2 to 8 voices of one engine, none of them twice.
    """

    name: str
    language: Language
    parts: tuple[VoicePart, ...]
    description: str = ""
    engine: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", checked_name(self.name))
        checked_description(self.description)
        shares([part.weight for part in self.parts])
        seen: set[tuple[str | None, str | None]] = set()
        for part in self.parts:
            if (part.voice_id, part.preset) in seen:
                raise InvalidInput(
                    f"The voice {part.voice[:80]!r} is in the mix twice; give it once, with the sum of its weights.",
                    field="parts",
                )
            seen.add((part.voice_id, part.preset))


#: What a job can be asked for.
Request = SynthesisRequest | EnrolmentRequest | MixRequest | ConversionRequest


def fingerprint(parts: Mapping[str, Any]) -> str:
    """sha256, in hex, of `parts` as canonical JSON (sorted keys, no blanks, UTF-8).

    Two mappings have the same fingerprint exactly if they are equal: floats are written by `repr`, which is
    unique for a double.
    """
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, Language):
        return value.tag
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        told = {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
        later = {each.name: each.default for each in dataclasses.fields(value) if "later" in each.metadata}
        return {name: said for name, said in told.items() if name not in later or said != later[name]}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no canonical form")


def request_fingerprint(request: Request) -> str:
    """Fingerprint of all that the caller said; what an idempotency key is bound to.

    A recording is known by its digest: where it was put is chosen anew for each job, and is nothing that the caller said.
    """
    said: Request | dict[str, object] = request
    if isinstance(request, EnrolmentRequest) and request.said_sha256:
        consent = request.consent
        said = {
            "name": request.name, "language": request.language, "description": request.description, "engine": request.engine,
            "consent": None if consent is None else {"by": consent.by, "text": consent.text},
            "consent_id": request.consent_id, "said_sha256": request.said_sha256,
        }  # fmt: skip
    if isinstance(request, ConversionRequest) and request.recording_sha256:
        said = {
            each.name: getattr(request, each.name) for each in dataclasses.fields(request) if each.name != "audio_key"
        }
    return fingerprint({"kind": type(request).__name__, "request": said})
