"""Keys and values of voices: a voice's latents come first, so what a layer makes of them does not depend on the text."""

from __future__ import annotations

from collections import OrderedDict

import torch


class PrefixCache:
    """Least recently used voices leave when the bytes are more than allowed. One tensor a voice:
    shape (layers, 2, heads, latents, head width).
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._kept: OrderedDict[str, torch.Tensor] = OrderedDict()
        self.bytes = 0
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: str) -> torch.Tensor | None:
        """What is kept of this voice; counts as its use."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def keep(self, key: str, prefix: torch.Tensor) -> None:
        """Remember a voice as the last used. One that is larger than the limit is not kept."""
        self._forget(key)
        if prefix.nbytes > self._limit:
            return
        self._kept[key] = prefix
        self.bytes += prefix.nbytes
        while self.bytes > self._limit:
            self._forget(next(iter(self._kept)))

    def clear(self) -> None:
        """Forget every voice."""
        self._kept.clear()
        self.bytes = 0

    def _forget(self, key: str) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self.bytes -= gone.nbytes
