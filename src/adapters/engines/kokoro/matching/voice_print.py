"""A matched voice as arrays: made from recordings, and used to speak.

Has two responsibilities: to find the style whose speech would sound like the reference (`match`), and to apply it (`style`,
`recolour`). This is voice matching: the nearest voice that Kokoro can make, moved to the reference's pitch and spectrum. It is not
zero-shot cloning.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from adapters.engines.speaker_encoder import EMBEDDING_SIZE, SpeakerEncoder
from voicecore.audio import Audio, Samples
from voicecore.errors import InvalidInput

from .envelope import BANDS
from .equaliser import band_gains, equalised
from .model_data import TIMBRE_SIZE, MatchingModel, read_matching_model
from .reference import Reference, listen

Arrays = Mapping[str, npt.NDArray[Any]]
#: Name and shape of every array of a print.
SHAPES = {
    "timbre": (TIMBRE_SIZE,),
    "pitch": (2,),
    "gains": (BANDS,),
    "embedding": (EMBEDDING_SIZE,),
}  # fmt: skip
#: How far, in ln F0, a native voice's pitch may be moved: beyond it (half an octave) the rhythm breaks.
PITCH_REACH = 0.35


class NativeStyles(Protocol):
    """Where the styles of Kokoro's own voices come from: `voices.Voices`."""

    def styles(self, name: str) -> npt.NDArray[np.float32]:
        """All styles of a voice: float32, shape (510, 256)."""
        ...


def match(
    clips: Sequence[Audio], language: str, *, encoder: SpeakerEncoder | None = None
) -> dict[str, npt.NDArray[Any]]:
    """The print of the speaker in `clips` (one person, 3 s of speech at least, better 10 s; any language).

    `language` is a tag of Kokoro's card; the print speaks every other one as well. Returns float32 arrays: `timbre` (128,), the
    first half of a style; `pitch` (2,), median and spread of ln F0; `gains` (64,), the equaliser in ln of power; `embedding`
    (256,), by which voices can be compared.

    Raises:
        InvalidAudio: when the clips hold too little speech, or none.
        UnsupportedLanguage: for a language that Kokoro does not speak.
        MissingDependency: without onnxruntime, soxr or pyworld.
    """
    model = read_matching_model()
    model.nearest_native(language, 0.0)
    return arrays_of(listen(clips, encoder if encoder is not None else _shared_encoder()), model)


def arrays_of(reference: Reference, model: MatchingModel) -> dict[str, npt.NDArray[Any]]:
    """The print of what was heard; see `match`."""
    timbre = model.timbre_of_embedding(reference.embedding)
    pitch = np.array([reference.pitch.median_log_hz, reference.pitch.spread_log], np.float32)
    expected = model.envelope_of_style(np.append(timbre, pitch[0]))
    gains = band_gains(reference.envelope, expected, reference.trusted)
    return {"timbre": timbre, "pitch": pitch, "gains": gains, "embedding": reference.embedding.astype(np.float32)}


def style(arrays: Arrays, voices: NativeStyles, language: str, token_count: int) -> npt.NDArray[np.float32]:
    """The style for `token_count` phonemes in `language`: float32, shape (256,).

    The timbre half is the print's. The prosody half is that of the native voice with the nearest pitch, moved along the
    direction that raises or lowers Kokoro's own F0, so that the pitch comes from the network and no vocoder is needed.
    """
    checked(arrays)
    model = read_matching_model()
    wanted = float(arrays["pitch"][0])
    name, natural = model.nearest_native(language, wanted)
    prosody = voices.styles(name)[token_count - 1, TIMBRE_SIZE:]
    moved = prosody + np.float32(np.clip(wanted - natural, -PITCH_REACH, PITCH_REACH)) * model.pitch_direction
    return np.concatenate([arrays["timbre"], moved]).astype(np.float32)


def recolour(samples: Samples, sample_rate_hz: int, arrays: Arrays) -> Samples:
    """`samples` of a matched voice with the reference's long-term spectrum: same length, float32, within [-1, 1]."""
    checked(arrays)
    return equalised(samples, np.asarray(arrays["gains"], np.float32), sample_rate_hz)


def checked(arrays: Arrays) -> None:
    """Raise `InvalidInput` unless every array of a print is there, finite and of its shape."""
    for name, shape in SHAPES.items():
        array = arrays.get(name)
        if array is None or array.shape != shape or array.dtype.kind != "f" or not np.isfinite(array).all():
            raise InvalidInput(f"The voice print's {name!r} is missing or damaged: enrol the voice again.")


@functools.cache
def _shared_encoder() -> SpeakerEncoder:
    return SpeakerEncoder()
