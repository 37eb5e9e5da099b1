"""What ties a mark to its sound: the digest of the samples, and a sketch of its loudness that lossy formats leave alone."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Windows of the sketch, spread evenly over the sound, and how many frames of 10 ms each has.
WINDOWS, WINDOW_FRAMES = 32, 10
_FRAMES_A_SECOND = 100
#: A byte of the sketch is half a decibel above this level, 0 dB being full scale.
_FLOOR_DB, _STEP_DB = -100.0, 0.5
#: Windows below this in both sounds say nothing.
_QUIET_DB = -60.0
#: Mean distance of the windows, after a common change of loudness was taken off, up to which two sounds are alike. Six
#: formats of one sound lie within 1.1 dB of each other; two sentences that last as long differ by 8 dB and more.
_ALIKE_DB = 3.0
_LEAST_WINDOWS = 4
#: Codecs shift sound by up to so many frames.
_SHIFTS = range(-6, 7)


@dataclass(frozen=True, slots=True)
class Sound:
    """What is known of a sound.

    Attributes:
        samples: how many there are.
        sample_rate_hz: of them.
        pcm_sha256: digest of them as little-endian 16-bit PCM, in hex.
        sketch: loudness of the windows, a byte each, in hex.
    """

    samples: int
    sample_rate_hz: int
    pcm_sha256: str
    sketch: str

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.samples / self.sample_rate_hz


class SoundMeter:
    """Takes a sound piece by piece. It holds a number for every 10 ms, and no sound."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._rate = sample_rate_hz
        self._frame = max(1, sample_rate_hz // _FRAMES_A_SECOND)
        self._digest = hashlib.sha256()
        self._rest: NDArray[np.float64] = np.zeros(0)
        self._energies: list[NDArray[np.float64]] = []
        self._samples = 0

    def add(self, pcm: bytes) -> None:
        """Little-endian 16-bit PCM; whole samples."""
        self._digest.update(pcm)
        block = np.frombuffer(pcm, "<i2").astype(np.float64) / 32768.0
        self._samples += len(block)
        held = np.concatenate([self._rest, block])
        whole = len(held) - len(held) % self._frame
        self._energies.append(np.mean(held[:whole].reshape(-1, self._frame) ** 2, axis=1))
        self._rest = held[whole:]

    def energies(self) -> NDArray[np.float64]:
        """Mean square of each whole 10 ms so far, shape (n,)."""
        return np.concatenate(self._energies) if self._energies else np.zeros(0)

    def sound(self) -> Sound:
        """What was added."""
        levels = _levels(self.energies(), 0)
        return Sound(self._samples, self._rate, self._digest.hexdigest(), bytes(levels.astype(np.uint8).tolist()).hex())


def _levels(energies: NDArray[np.float64], shift: int) -> NDArray[np.float64]:
    """The windows' bytes, 0..255, of a sound that begins `shift` frames later."""
    sums = np.concatenate([[0.0], np.cumsum(energies)])
    middles = (np.arange(WINDOWS) + 0.5) / WINDOWS * len(energies) + shift
    begins = np.clip(np.round(middles - WINDOW_FRAMES / 2).astype(int), 0, len(energies))
    ends = np.clip(begins + WINDOW_FRAMES, 0, len(energies))
    means = (sums[ends] - sums[begins]) / np.maximum(1, ends - begins)
    decibels = 10 * np.log10(np.maximum(means, 1e-10))
    levels: NDArray[np.float64] = np.clip(np.round((decibels - _FLOOR_DB) / _STEP_DB), 0, 255)
    return levels


def alike(sketch: str, energies: NDArray[np.float64]) -> bool | None:
    """Whether a sound of these energies (`SoundMeter.energies`) could be the one of the sketch; None if it is too quiet to tell."""
    there = np.frombuffer(bytes.fromhex(sketch), np.uint8).astype(np.float64)
    distances = [_distance(there, _levels(energies, shift)) for shift in _SHIFTS]
    told = [each for each in distances if each is not None]
    return min(told) <= _ALIKE_DB if told else None


def _distance(one: NDArray[np.float64], other: NDArray[np.float64]) -> float | None:
    quiet = (_QUIET_DB - _FLOOR_DB) / _STEP_DB
    loud = np.maximum(one, other) > quiet
    if np.count_nonzero(loud) < _LEAST_WINDOWS:
        return None
    if not (np.any(one > quiet) and np.any(other > quiet)):
        return math.inf
    # What is nearly silent in one is only as silent as its codec's noise in the other.
    difference = np.maximum(one, quiet)[loud] - np.maximum(other, quiet)[loud]
    return float(np.mean(np.abs(difference - np.median(difference)))) * _STEP_DB
