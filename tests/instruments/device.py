"""The device that tests of devices try: `nox -s gpu` sets it to a card."""

from __future__ import annotations

import os

#: `cpu`, `cuda` or `cuda:N`. Where it is the processor, such tests show that their judge, the processor, agrees with itself.
DEVICE = os.environ.get("VOICECORE_TESTING_DEVICE", "cpu")


def without_tf32() -> None:
    """Cards may round products to TF32. That is a choice of the process, and tests of devices are about the rest."""
    import torch

    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
