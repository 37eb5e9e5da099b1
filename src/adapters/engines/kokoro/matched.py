"""The border between the engine and voice matching: an enrolled voice, as the engine speaks it.

`matching` needs packages that presets do not, so it is imported only when an enrolled voice is made or used. What this
module asks of it:

- `matching.match(clips, language_tag) -> Mapping[str, ndarray]`: the arrays of a print. Raises `InvalidAudio`.
- `matching.style(arrays, voices, language_tag, token_count) -> float32 (256,)`: timbre of the print, native prosody.
- `matching.recolour(samples, sample_rate_hz, arrays) -> float32 (n,)`: the filter on what the network made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from voicecore.audio import Audio, Samples
from voicecore.engine import EngineCard
from voicecore.errors import InvalidInput
from voicecore.voice import VoicePrint

from .recipes import GAIN_LIMIT_DB
from .voices import Styles, Voices
from .weights import MODEL_SHA256

#: Array of a print with the digest of the network it was made for. Presets may change without making prints stale.
_NETWORK = "network_sha256"
_GAIN = "gain_db"


@dataclass(frozen=True, slots=True, eq=False)
class MatchedVoice:
    """A voice that was learned from recordings.

    Attributes:
        arrays: what `matching` keeps of it.
        gain_db: constant gain that makes it as loud as the presets.
    """

    arrays: Mapping[str, npt.NDArray[Any]]
    gain_db: float = 0.0

    @classmethod
    def learn(cls, clips: Sequence[Audio], tag: str) -> MatchedVoice:
        """The voice in `clips`. Raises `InvalidAudio`, or `MissingDependency` without the packages."""
        from . import matching  # noqa: PLC0415 - an extra

        return cls(dict(matching.match(clips, tag)))

    @classmethod
    def of(cls, voice: VoicePrint, engine: str) -> MatchedVoice:
        """The voice of a print. Raises `InvalidInput` when another engine or another network made it."""
        arrays = dict(voice.arrays)
        network, gain = arrays.pop(_NETWORK, None), arrays.pop(_GAIN, None)
        if voice.engine != engine or network is None or gain is None or gain.shape != (1,):
            raise InvalidInput(f"This voice was not enrolled with {engine!r}: enrol it again with this engine.")
        if network.tobytes().hex() != MODEL_SHA256:
            raise InvalidInput("This voice was enrolled with another version of Kokoro: enrol it again.")
        return cls(arrays, float(gain[0]))

    def print(self, card: EngineCard, *, gain_db: float) -> VoicePrint:
        """What is stored of the voice."""
        gain = np.clip(np.array([gain_db], np.float32), -GAIN_LIMIT_DB, GAIN_LIMIT_DB)
        network = np.frombuffer(bytes.fromhex(MODEL_SHA256), np.uint8)
        return VoicePrint(card.name, card.model_digest, {**self.arrays, _NETWORK: network, _GAIN: gain})

    def style(self, voices: Voices, tag: str, token_count: int) -> Styles:
        """The style for a string of so many phonemes in a language: float32, shape (256,)."""
        from . import matching  # noqa: PLC0415 - an extra

        styles: Styles = matching.style(self.arrays, voices, tag, token_count)
        return styles

    def recoloured(self, samples: Samples, sample_rate_hz: int) -> Samples:
        """`samples` with pitch and spectrum moved towards the voice."""
        from . import matching  # noqa: PLC0415 - an extra

        moved: Samples = matching.recolour(samples, sample_rate_hz, self.arrays)
        return moved
