"""What can be heard in somebody's recordings: who, how high, and with which spectrum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from adapters.engines.speaker_encoder import SpeakerEncoder
from adapters.engines.speaker_encoder.speech import resampled, without_pauses
from voicecore.audio import Audio, Samples
from voicecore.errors import InvalidAudio

from .envelope import BANDS, band_centres_hz, mean_envelope
from .pitch import Pitch, contour, pitch_of

#: Everything is heard at the rate Kokoro speaks at, so that spectra can be compared band by band.
RATE_HZ = 24_000
#: Less speech than this, pauses left out, does not describe a voice.
MIN_SPEECH_S = 3.0
#: More than this adds nothing to the means, only time and memory.
MAX_SPEECH_S = 60.0
#: RMS below which a recording counts as silence, in dB below full scale.
SILENCE_DBFS = -60.0
#: Share of half the sample rate up to which a recording is trusted: its anti-alias filter lies above.
_TRUSTED_BAND = 0.92


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Reference:
    """What was heard.

    Attributes:
        embedding: float32, shape (256,), unit length.
        pitch: of the speaker.
        envelope: mean ln power in mel bands, float32, shape (64,); only `trusted` bands mean anything.
        trusted: bool, shape (64,): the bands that the recordings carry.
    """

    embedding: npt.NDArray[np.float32]
    pitch: Pitch
    envelope: npt.NDArray[np.float32]
    trusted: npt.NDArray[np.bool_]


def listen(clips: Sequence[Audio], encoder: SpeakerEncoder) -> Reference:
    """Everything matching needs of the speaker in `clips`, which must be one person.

    Raises:
        InvalidAudio: when there is no speech, or less than `MIN_SPEECH_S` of it.
    """
    speech = _speech(clips)
    f0, _ = contour(speech, RATE_HZ)
    pitch = pitch_of(f0)
    envelope = mean_envelope(speech, RATE_HZ, f0)
    if pitch is None or envelope is None:
        raise InvalidAudio("No voiced speech was found in the reference; give a recording in which one person speaks.")
    return Reference(
        embedding=encoder.embed(Audio(speech, RATE_HZ)),
        pitch=pitch,
        envelope=envelope,
        trusted=_trusted(envelope, min(clip.sample_rate_hz for clip in clips)),
    )


def _speech(clips: Sequence[Audio]) -> Samples:
    """The speech of all clips at 24 kHz, brought to one level, pauses cut out."""
    parts: list[Samples] = []
    loudest_db = -120.0
    length_s = 0.0
    for clip in clips:
        heard = without_pauses(resampled(clip, RATE_HZ), RATE_HZ)
        level = float(np.sqrt(np.mean(np.square(heard, dtype=np.float64)))) if heard.size else 0.0
        level_db = 20 * np.log10(level + 1e-9)
        loudest_db = max(loudest_db, level_db)
        if level_db < SILENCE_DBFS:
            continue
        # Clips of one voice may come from different microphones: none should outweigh the others by its level.
        scaled = heard * np.float32(min(0.1 / level, 1.0 / float(np.abs(heard).max())))
        parts.append(scaled[: max(0, round((MAX_SPEECH_S - length_s) * RATE_HZ))])
        length_s += len(parts[-1]) / RATE_HZ
    if not parts:
        raise InvalidAudio(
            f"The reference is silent: it reaches {loudest_db:.0f} dB and speech starts at {SILENCE_DBFS:.0f} dB; "
            "record closer to the microphone."
        )
    if length_s < MIN_SPEECH_S:
        raise InvalidAudio(
            f"The reference holds {length_s:.1f} s of speech without its pauses; give at least {MIN_SPEECH_S:.0f} s, "
            "better 10 s."
        )
    return np.concatenate(parts)


def _trusted(envelope: npt.NDArray[np.float32], lowest_rate_hz: int) -> npt.NDArray[np.bool_]:
    """The bands from the first up to where the recordings end, by their rate and by what is in them."""
    audible = np.flatnonzero(envelope > envelope.max() - 75.0 * np.log(10.0) / 10.0)
    ends_at = min(int(audible[-1]), int(np.searchsorted(band_centres_hz(), _TRUSTED_BAND * lowest_rate_hz / 2)) - 1)
    return np.arange(BANDS) <= ends_at
