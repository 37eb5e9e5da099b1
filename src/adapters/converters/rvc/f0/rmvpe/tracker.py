"""From samples to a track."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from adapters.converters.rvc.f0.cents import class_cents, hz_of, local_average
from adapters.converters.rvc.f0.mel import FFT_SIZE, filterbank, log_mel
from adapters.converters.rvc.f0.tracker import FRAME_SAMPLES, Heard, Track, fitted
from voicecore.errors import ModelCorrupt

from .network import RmvpeNetwork
from .shapes import expected_shapes
from .stored import COMMAND, check, find

#: RVC's line between voiced and unvoiced (infer/modules/vc/pipeline.py).
_VOICED_ABOVE = 0.03
_LOWEST_BAND_HZ = 30.0
_PADDING = FFT_SIZE // 2


class RmvpeTracker:
    """`F0Tracker` by RMVPE. Always float32."""

    def __init__(self, tensors: dict[str, Any], device: str) -> None:
        import torch  # noqa: PLC0415 - of an extra

        self._device = device
        self._network = RmvpeNetwork(tensors, device)
        self._bank = torch.from_numpy(filterbank(low_hz=_LOWEST_BAND_HZ, htk=True)).to(device)
        self._window = torch.hann_window(FFT_SIZE, device=device)

    @classmethod
    def open(cls, models_dir: Path | None, device: str) -> RmvpeTracker:
        """From `models_dir`/rmvpe, compared with its lock.

        Raises:
            MissingModel: if there are no weights.
            ModelCorrupt: if they are not what was taken in.
        """
        from safetensors import SafetensorError  # noqa: PLC0415 - of an extra
        from safetensors.torch import load_file  # noqa: PLC0415 - of an extra

        path = check(find(models_dir)).weights
        try:
            tensors = load_file(path)
        except SafetensorError as error:
            raise ModelCorrupt(f"{path} is no file of safetensors ({error}): {COMMAND}.") from error
        if {name: tuple(each.shape) for name, each in tensors.items()} != expected_shapes():
            raise ModelCorrupt(f"{path} holds another network than RMVPE: {COMMAND}.")
        return cls(tensors, device)

    def track(self, samples: Heard, frames: int, *, hop_length: int = FRAME_SAMPLES) -> Track:  # noqa: ARG002 - has its own
        """See `F0Tracker`."""
        import torch  # noqa: PLC0415 - of an extra

        with torch.inference_mode():
            mel = self._mel(torch.tensor(samples, device=self._device))
            scores = self._network.scores(mel).cpu().numpy()
        pitch = hz_of(local_average(scores, scores.argmax(axis=1), class_cents()))
        return fitted(np.where(scores.max(axis=1) > _VOICED_ABOVE, pitch, 0.0), frames)

    def _mel(self, samples: Any) -> Any:
        """Shape (128, n // 160 + 1). What is too short to be mirrored at its ends is first filled up with silence."""
        import torch  # noqa: PLC0415 - of an extra

        filled = torch.nn.functional.pad(samples, (0, max(0, _PADDING + 1 - samples.shape[0])))
        padded = torch.nn.functional.pad(filled[None], (_PADDING, _PADDING), mode="reflect")[0]
        mel = log_mel(padded, self._bank, self._window)
        return mel[:, : samples.shape[0] // FRAME_SAMPLES + 1]
