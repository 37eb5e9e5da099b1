"""The pitch that the synthesiser gets: tracked, smoothed, shifted; and which tracker stands in for one without weights."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from voicecore.audio import Samples
from voicecore.conversion import ConversionSettings, F0Method

from .f0.smoothing import shifted, smoothed
from .f0.tracker import F0Tracker, Track
from .f0.trackers import open_tracker, unavailable

#: What is used where the default's weights are missing. It brings its own, in its package.
STAND_IN = F0Method.FCPE
#: Work on one core, without Python's lock: what the networks do meanwhile costs less time than waiting for them would.
_BESIDE = frozenset({F0Method.HARVEST, F0Method.DIO})


class PitchTrackers:
    """Trackers, each loaded when it is first asked for, and kept."""

    def __init__(self, *, models_dir: Path | None, device: str) -> None:
        self._models_dir = models_dir
        self._device = device
        self._open: dict[F0Method, F0Tracker] = {}

    def choose(self, method: F0Method) -> tuple[F0Method, str]:
        """The method that is used for it, and a sentence about why it is another one; empty if it is not.

        Only `rmvpe` has a stand-in, since it is the default and needs weights that nobody may ship. Every other method that
        cannot be used is refused by `track`.
        """
        if method != F0Method.RMVPE or method in self._open:
            return method, ""
        why = unavailable(method, self._models_dir)
        if why is None:
            return method, ""
        return STAND_IN, f"The pitch was tracked with {STAND_IN.value}, not with {method.value}: {why}"

    def track(self, method: F0Method, samples: Samples, frames: int, settings: ConversionSettings) -> Track:
        """Hz of each frame, 0 where unvoiced, as the settings want it.

        The order is RVC's: estimate (every `hop_length` samples, where the tracker lets that be chosen), median filter, shift.

        Args:
            method: as `choose` said.
            samples: at 16 kHz.

        Raises:
            MissingDependency, MissingModel: if the tracker cannot be used here.
        """
        if method not in self._open:
            self._open[method] = open_tracker(method, models_dir=self._models_dir, device=self._device)
        found = self._open[method].track(samples, frames, hop_length=settings.hop_length)
        return shifted(smoothed(found, settings.filter_radius), settings.pitch)

    def begin(
        self, method: F0Method, samples: Samples, frames: int, settings: ConversionSettings
    ) -> Callable[[], Track]:
        """Start `track`, and give what waits for it and returns it, or raises what it raised.

        WORLD's trackers run beside the caller's work meanwhile; what computes with torch, which has all cores, runs when it is
        waited for.
        """
        run = partial(self.track, method, samples, frames, settings)
        if method not in _BESIDE:
            return run
        executor = ThreadPoolExecutor(1, "voicecore-pitch")
        try:
            return executor.submit(run).result
        finally:
            executor.shutdown(wait=False)
