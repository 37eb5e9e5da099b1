"""The content encoder in service: opened once, used by every voice."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import torch
from torch import Tensor

from adapters.converters.rvc.values import Version
from voicecore.audio import Samples
from voicecore.engine_settings import Precision
from voicecore.errors import InvalidAudio

from .network import HubertNetwork
from .shapes import LAYER_V1, LAYER_V2, Architecture
from .stored import read_tensors, verify

_LAYERS = {"v1": LAYER_V1, "v2": LAYER_V2}


class ContentEncoder:
    """ContentVec: what is said in each fiftieth of a second, whoever says it. Open one with `ContentEncoder.open`.

    Args:
        digest: sha256 of the weights and the config, in hex.
    """

    def __init__(self, network: HubertNetwork, architecture: Architecture, *, device: str, digest: str) -> None:
        self._network = network
        self._architecture = architecture
        self._device = device
        self.digest = digest

    @classmethod
    def open(cls, folder: Path, *, device: str = "cpu", precision: Precision = Precision.EXACT) -> Self:
        """Load it from the folder that `stored.find` found, after checking the files against their lock.

        Args:
            device: `cpu` or `cuda:N`.
            precision: `bf16` computes products and convolutions in bfloat16; anything else in float32.

        Raises:
            ModelCorrupt: if they are not what was taken in.
        """
        stored = verify(folder)
        dtype = torch.bfloat16 if precision is Precision.BF16 else torch.float32
        network = HubertNetwork(stored.architecture, read_tensors(stored), device=device, dtype=dtype)
        return cls(network, stored.architecture, device=device, digest=stored.digest)

    @property
    def nbytes(self) -> int:
        """Memory of the weights."""
        return self._network.nbytes

    def frames_of(self, samples: int) -> int:
        """Frames that `encode` gives of so many samples: one less than a 320th of them, or as many."""
        return self._architecture.frames_of(samples)

    @torch.no_grad()
    def encode(self, samples: Samples, version: Version) -> Tensor:
        """The content of a stretch of sound, on the encoder's device: (frames at 50 a second, 256 for v1 or 768 for v2), float32.

        Memory grows with the length (attention is over all of it): pieces of up to a minute are meant.

        Args:
            samples: float32, (n,), at 16 kHz.

        Raises:
            InvalidAudio: for less than 400 samples, which give no frame.
        """
        least = self._architecture.seen_by(1)
        if len(samples) < least:
            raise InvalidAudio(
                f"The content encoder heard {len(samples)} samples; it needs {least} (25 ms) for a frame."
            )
        # A copy, since torch warns of arrays that cannot be written to.
        heard = torch.tensor(samples, dtype=torch.float32, device=self._device)
        hidden = self._network.hidden(heard, _LAYERS[version])
        return self._network.projected(hidden) if version == "v1" else hidden
