"""What has to be said about a reference that is used: one sentence for each thing that may make the clone worse."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from adapters.engines.speaker_encoder import SpeakerEncoder
from voicecore.audio import Samples
from voicecore.errors import MissingDependency

from .clip import RATE_HZ
from .reference import Reference
from .stretches import Stretch
from .voices import TWO_VOICES, likeness_of_groups

#: Less speech than this is enough to clone, but more is better.
SHORT_S = 10.0
#: The mean over the best stretches; clean recordings of thirteen people measured 17 to 38 dB, and the estimate follows added noise
#: within about 4 dB below that.
NOISY_DB = 15.0
#: A hundredth of clipped samples is heard as harshness.
CLIPPED = 0.01
#: A telephone's band ends below 4 kHz. Thirteen people's speech had -12 to -28 dB of its power above, a telephone's -124.
_TELEPHONE_HZ, _TELEPHONE_DB = 4300.0, -50.0
_FRAME = 2048


def remarks(reference: Reference) -> tuple[str, ...]:
    """Sentences about `reference`, most important first; none where all is well."""
    said = [
        _voices(reference.chosen),
        _length(reference),
        _noise(reference.chosen),
        _clipping(reference.chosen),
        _band(reference.speech),
        _left_out(reference),
    ]
    return tuple(sentence for sentence in said if sentence)


def _voices(chosen: Sequence[Stretch]) -> str:
    try:
        encoder = SpeakerEncoder()
    except MissingDependency:
        return "Whether one person speaks was not checked, since onnxruntime is missing: pip install 'voicecore[xtts]'."
    if likeness_of_groups(chosen, encoder) >= TWO_VOICES:
        return ""
    return (
        "The reference seems to hold more than one voice; the clone will be a mixture of them: "
        "give recordings of one person, made in one place."
    )


def _length(reference: Reference) -> str:
    if reference.usable_s >= SHORT_S:
        return ""
    return f"The reference holds {reference.usable_s:.1f} s of speech: from {SHORT_S:.0f} s on the clone is more alike."


def _noise(chosen: Sequence[Stretch]) -> str:
    snr_db = _mean([stretch.snr_db for stretch in chosen], chosen)
    if snr_db >= NOISY_DB:
        return ""
    return f"The reference is noisy: speech is {snr_db:.0f} dB above the noise, {NOISY_DB:.0f} dB or more are better."


def _clipping(chosen: Sequence[Stretch]) -> str:
    clipped = _mean([stretch.clipped for stretch in chosen], chosen)
    if clipped < CLIPPED:
        return ""
    return f"The reference is clipped: {100 * clipped:.0f} % of its samples are cut off; a lower recording level is better."


def _band(speech: Samples) -> str:
    if _above_db(speech, _TELEPHONE_HZ) > _TELEPHONE_DB:
        return ""
    return "The reference ends at 4 kHz like a telephone call: the clone will sound duller than the person."


def _left_out(reference: Reference) -> str:
    if not reference.left_out:
        return ""
    return f"Clips without speech were left out: {reference.left_out}."


def _mean(values: Sequence[float], stretches: Sequence[Stretch]) -> float:
    """The mean of a value over stretches, weighted by their length."""
    return float(np.average(values, weights=[len(stretch.samples) for stretch in stretches]))


def _above_db(samples: Samples, corner_hz: float) -> float:
    """Power above `corner_hz` against all power, in dB."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)[:: _FRAME // 2]
    power = np.mean(np.abs(np.fft.rfft(frames * np.hanning(_FRAME), axis=1)) ** 2, axis=0)
    above = power[np.fft.rfftfreq(_FRAME, 1 / RATE_HZ) > corner_hz]
    return float(10 * np.log10((above.sum() + 1e-20) / (power.sum() + 1e-20)))
