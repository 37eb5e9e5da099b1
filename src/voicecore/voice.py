"""Voices: presets an engine ships, and profiles that people enrol."""

from __future__ import annotations

import io
import re
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, NewType

import numpy as np
from numpy.typing import NDArray

from voicecore import tensorfile
from voicecore.errors import BlobCorrupt, InvalidInput
from voicecore.language import Language

VoiceId = NewType("VoiceId", str)


def voice_id_of(job_id: str) -> VoiceId:
    """The id of the voice that this job makes, in whatever attempt: so one after a crash makes the same voice, not a second one."""
    return VoiceId("voice_" + job_id.removeprefix("job_"))


#: The eight presets of the service's contract. An engine's card may list more, never fewer.
PRESETS = ("female_generic", "male_generic", "female_young", "male_deep",
           "female_warm", "male_warm", "female_soft", "male_soft")  # fmt: skip
DEFAULT_PRESET = "female_generic"

NAME_LIMIT = 100
DESCRIPTION_LIMIT = 500
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


def checked_name(name: str, *, field_name: str = "name") -> str:
    """A human name without surrounding blanks: 1..100 characters, no control characters. It is never used as a path.

    Raises:
        InvalidInput: naming the limit.
    """
    stripped = name.strip()
    if not 1 <= len(stripped) <= NAME_LIMIT:
        raise InvalidInput(f"The name has {len(stripped)} characters; give 1 to {NAME_LIMIT}.", field=field_name)
    if _CONTROL.search(stripped):
        raise InvalidInput("The name holds control characters; leave them out.", field=field_name)
    return stripped


def checked_description(description: str) -> str:
    """`description` unchanged, if it has at most 500 characters. Raises `InvalidInput`."""
    if len(description) > DESCRIPTION_LIMIT:
        raise InvalidInput(
            f"The description has {len(description)} characters; give at most {DESCRIPTION_LIMIT}.", field="description"
        )
    return description


@dataclass(frozen=True, slots=True)
class VoicePreset:
    """A voice that comes with an engine.

    Attributes:
        id: such as `female_warm`, or an engine's own name such as `pf_dora`.
        languages: in which the preset is native or was measured to be understood.
        gender: `female`, `male` or `neutral`.
    """

    id: str
    name: str
    description: str
    languages: tuple[Language, ...]
    gender: str = "neutral"


@dataclass(frozen=True, slots=True, eq=False)
class VoicePrint:
    """What an engine needs to speak in an enrolled voice: arrays only, nothing that could run.

    Attributes:
        engine: name of the engine that made it.
        model_digest: sha256 of the model that made it; another model needs a new print.
        arrays: name → numeric array.
        notes: what the engine has to say of the reference, one sentence each; told once and not stored with the arrays.
    """

    engine: str
    model_digest: str
    arrays: Mapping[str, NDArray[Any]]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, array in self.arrays.items():
            if array.dtype.kind not in "fiub":
                raise InvalidInput(f"The voice print's {name!r} is not a numeric array.")
        object.__setattr__(self, "arrays", MappingProxyType(dict(self.arrays)))

    def to_bytes(self) -> bytes:
        """The print as a safetensors file, with the engine and the model's digest in its metadata."""
        return tensorfile.dump(self.arrays, {"engine": self.engine, "model_digest": self.model_digest})

    @classmethod
    def from_bytes(cls, data: bytes) -> VoicePrint:
        """The inverse of `to_bytes`. It also reads what older versions wrote, an `.npz`.

        Raises:
            BlobCorrupt: if the bytes are neither.
        """
        try:
            if data.startswith(_NPZ):
                return cls(*_read_npz(data))
            arrays, metadata = tensorfile.load(data)
            return cls(metadata["engine"], metadata["model_digest"], arrays)
        except (BlobCorrupt, InvalidInput, KeyError) as error:
            raise BlobCorrupt(f"The stored voice print cannot be read ({error}); enrol the voice again.") from error


#: How a zip file begins, which an `.npz` is. As the length of a header it would be beyond every limit.
_NPZ = b"PK\x03\x04"


def _read_npz(data: bytes) -> tuple[str, str, dict[str, NDArray[Any]]]:
    """Engine, digest and arrays of a print that voicecore wrote before it wrote safetensors. Raises `BlobCorrupt`."""
    try:
        _must_be_plain(data)
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        engine, digest = (arrays.pop(name).tobytes().decode() for name in ("_engine", "_model_digest"))
    except (
        OSError, ValueError, KeyError, EOFError, RuntimeError, MemoryError, OverflowError, AttributeError,
        zipfile.BadZipFile, zlib.error, struct.error, tokenize.TokenError,
    ) as error:  # fmt: skip
        # All that zipfile and numpy say of bytes that are no such file.
        raise BlobCorrupt(str(error) or type(error).__name__) from error
    return engine, digest, arrays


def _must_be_plain(data: bytes) -> None:
    """No print was ever compressed, and what is not cannot swell. Raises `BlobCorrupt` for another zip file."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
            raise BlobCorrupt("it is compressed")


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceProfile:
    """An enrolled or mixed voice. It lives until somebody deletes it; deleting the job that made it changes nothing.

    Attributes:
        id: generated, grammar `voice_[a-z0-9]+`; blob keys are derived from it, never from `name`.
        method: how the voice was made, for honesty in front of users: `cloning`, `voice matching` or `mixing`.
        print_key, reference_key, sample_key: blob keys of the voice print, the kept reference and a spoken sample. A voice
            without reference was mixed of others, and cannot be learned again.
        print_sha256: digest of the voice print; part of every fingerprint of audio spoken with this voice.
        reference_duration_s: seconds of reference speech used; 0 without a reference.
        owner: id of the API key that it belongs to; empty for nobody's, made without one.
        consent: words of the consent, as they were sent; older voices have nothing else.
        consents: ids of the consents without which the voice must not speak; a mix has those of all its parts.
    """

    id: VoiceId
    name: str
    language: Language
    engine: str
    method: str
    print_key: str
    print_sha256: str
    reference_key: str | None
    sample_key: str | None = None
    reference_duration_s: float
    description: str = ""
    consent: str | None = None
    consents: tuple[str, ...] = ()
    created_at: datetime
    source_job_id: str | None = None
    notes: tuple[str, ...] = field(default=())
    owner: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", checked_name(self.name))
        checked_description(self.description)
        if self.created_at.tzinfo is None:
            raise InvalidInput("created_at needs a time zone.")
