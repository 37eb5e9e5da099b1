"""Keys and values of the rows at work."""

from __future__ import annotations

import torch

#: Positions that room is made for at a time; the voice, a sentence and its first tokens fit into one.
BLOCK = 128


class KeyValueCache:
    """For every layer the keys and values of all rows: shape (slots, 2, heads, positions, head width), float32.

    A row owns one slot and writes from position 0. Room grows with the longest row and with the number of rows; slots in use
    are always the first ones. Zeros are where nothing was written, so that what is masked stays finite.

    Args:
        width: slots that will ever be asked for.
    """

    def __init__(self, *, layers: int, heads: int, head_width: int, width: int, device: torch.device) -> None:
        self._width = width
        self._heads, self._head_width, self._device = heads, head_width, device
        self._layers: list[torch.Tensor] = [self._empty(0, 0) for _ in range(layers)]

    @property
    def bytes(self) -> int:
        """Memory held."""
        return sum(layer.nbytes for layer in self._layers)

    def __len__(self) -> int:
        return len(self._layers)

    def __getitem__(self, layer: int) -> torch.Tensor:
        return self._layers[layer]

    def row(self, slot: int) -> list[torch.Tensor]:
        """The slot in every layer: views of shape (2, heads, positions, head width)."""
        return [layer[slot] for layer in self._layers]

    def reserve(self, slots: int, positions: int) -> None:
        """Make room. Layer by layer, so that at most one is held twice; may be repeated after it failed half way."""
        rounded = -(-positions // BLOCK) * BLOCK
        for index, layer in enumerate(self._layers):
            had_slots, had_positions = layer.shape[0], layer.shape[3]
            if slots <= had_slots and positions <= had_positions:
                continue
            # Rows mostly come one after another: twice the room means that each is copied a few times, not ten.
            wanted = min(self._width, max(slots, 2 * had_slots)) if slots > had_slots else had_slots
            grown = self._empty(wanted, max(rounded, had_positions))
            grown[:had_slots, :, :, :had_positions] = layer
            self._layers[index] = grown

    def move(self, source: int, target: int, positions: int) -> None:
        """Give a row another slot."""
        for layer in self._layers:
            layer[target, :, :, :positions] = layer[source, :, :, :positions]

    def release(self) -> None:
        """Give all room back; takes no memory to do so."""
        self._layers = [self._empty(0, 0) for _ in self._layers]

    def _empty(self, slots: int, positions: int) -> torch.Tensor:
        return torch.zeros(slots, 2, self._heads, positions, self._head_width, device=self._device)
