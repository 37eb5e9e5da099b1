"""A voice's arrays as the tensors that layers are made of, weight norm folded away."""

from __future__ import annotations

import numpy as np
import torch

from adapters.converters.rvc.values import Voice
from voicecore.errors import ModelCorrupt

from .shapes import expected_shapes


class Weights:
    """Checked weights of a voice, float32, on a device.

    Raises:
        ModelCorrupt: names or shapes are not those of the config, or a number is not finite.
    """

    def __init__(self, voice: Voice, device: torch.device) -> None:
        expected = expected_shapes(voice.config)
        odd = sorted(expected.keys() ^ voice.tensors.keys())
        if odd:
            what = "misses" if odd[0] in expected else "has a tensor that no RVC voice has,"
            raise ModelCorrupt(f"The voice {what} {odd[0][:80]!r}; add the model again.")
        for name, shape in expected.items():
            if voice.tensors[name].shape != shape:
                raise ModelCorrupt(
                    f"The voice's {name} has the shape {voice.tensors[name].shape}, its config asks for {shape}; "
                    "add the model again."
                )
        self._tensors = voice.tensors
        self._device = device

    def __call__(self, name: str) -> torch.Tensor:
        """The tensor of this name; what weight norm split in two (Salimans & Kingma 2016, arXiv 1602.07868) is joined."""
        if name in self._tensors:
            return self._finite(name, self._read(name))
        direction, length = self._read(f"{name}_v"), self._read(f"{name}_g")
        # As torch.nn.utils.weight_norm with its dimension 0.
        return self._finite(name, direction * (length / direction.flatten(1).norm(dim=1)[:, None, None]))

    def nbytes(self, *prefixes: str) -> int:
        """Memory of the layers whose names begin so, as float32."""
        return sum(4 * each.size for name, each in self._tensors.items() if name.startswith(prefixes))

    def _read(self, name: str) -> torch.Tensor:
        # A copy, since what is stored may be mapped read-only.
        return torch.tensor(np.asarray(self._tensors[name], np.float32), device=self._device)

    @staticmethod
    def _finite(name: str, tensor: torch.Tensor) -> torch.Tensor:
        if not bool(torch.isfinite(tensor).all()):
            raise ModelCorrupt(f"The voice's {name} holds what is not a finite number; add the model again.")
        return tensor
