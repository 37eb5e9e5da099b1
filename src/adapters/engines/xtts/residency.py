"""Where a part of the model lies that is not always at work, for graphics cards with little memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


class Residency:
    """A part that waits in the host's memory and comes to the device when it is at work.

    In XTTS v2 that is what learns voices (conditioning encoder, perceiver and speaker encoder). Decoder and vocoder work at
    every step and stay. Without `low_vram`, and on the processor, nothing ever moves.
    """

    def __init__(self, part: torch.nn.Module, device: torch.device | str, *, low_vram: bool) -> None:
        """`part` is on `device`; with `low_vram` it is moved to the host at once."""
        self._part, self._device = part, torch.device(device)
        self._host = torch.device("cpu")
        self._moves = low_vram and self._device.type != self._host.type
        self._moves_total = 0
        self._send(self._host)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """The part is on the device until the block ends, also by an error."""
        self._send(self._device)
        try:
            yield
        finally:
            self._send(self._host)

    def gauges(self) -> dict[str, float]:
        """How often the part was moved, and how many of its bytes lie on the device now."""
        there = (tensor for tensor in self._part.parameters() if tensor.device.type == self._device.type)
        return {
            "conditioning_moves_total": float(self._moves_total),
            "conditioning_on_device_bytes": float(sum(tensor.numel() * tensor.element_size() for tensor in there)),
        }

    def _send(self, where: torch.device) -> None:
        if self._moves:
            self._part.to(where)
            self._moves_total += 1
