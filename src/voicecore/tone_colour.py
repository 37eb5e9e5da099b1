"""Tone colour: whose voice speech seems to come from, apart from what is said and how it is said."""

from __future__ import annotations

from dataclasses import dataclass

from voicecore.errors import InvalidAudio, require
from voicecore.quality import Parameter
from voicecore.voice import VoicePrint

#: Below this there is no syllable to tell a voice by.
MIN_SPEECH_S = 0.5
#: Reference speech of a target voice, all clips together.
MIN_REFERENCE_S = 5.0
MAX_REFERENCE_S = 300.0
#: Sound that never leaves [-SILENT_BELOW, SILENT_BELOW] (-66 dB of full scale) holds no speech.
SILENT_BELOW = 5e-4
SEED_LIMIT = 2**32 - 1

TAU = Parameter(
    0, 1, 0.3, "How freely the voice is drawn: 0 gives the likeliest sound, more gives a livelier and rougher one."
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ToneSettings:
    """Whose tone colour finished speech gets.

    Attributes:
        target: the voice that is put on, learned by the converter that will use it.
        source: the voice that is taken off; None learns it from the speech itself.
        tau: 0..1, scales the noise that the network draws (arXiv:2312.01479 calls it the temperature).
        seed: 0..2**32-1; the same seed makes the same sound.
    """

    target: VoicePrint
    source: VoicePrint | None = None
    tau: float = TAU.default
    seed: int = 0

    def __post_init__(self) -> None:
        TAU.check("tau", self.tau)
        require(
            0 <= self.seed <= SEED_LIMIT,
            f"The seed is {self.seed}; give a number from 0 to {SEED_LIMIT}.",
            field="seed",
        )


def check_speech(duration_s: float) -> None:
    """Raises `InvalidAudio` for speech too short to convert, or to learn a voice from."""
    if duration_s < MIN_SPEECH_S:
        raise InvalidAudio(f"The audio lasts {duration_s:.2f} s; give at least {MIN_SPEECH_S:g} s of speech.")


def check_reference(total_s: float) -> None:
    """Raises `InvalidAudio` unless all reference clips together are long enough, and not too long."""
    if total_s < MIN_REFERENCE_S:
        raise InvalidAudio(
            f"The reference holds {total_s:.1f} s; give at least {MIN_REFERENCE_S:g} s of the voice to be put on."
        )
    if total_s > MAX_REFERENCE_S:
        raise InvalidAudio(f"The reference holds {total_s:.0f} s; give at most {MAX_REFERENCE_S:g} s.")
