"""Keys and values of the rows at work."""

from __future__ import annotations

import math
import mmap

import torch

#: Positions that room is made for at a time.
BLOCK = 128
#: Positions that room is made for ahead: with its first token a usual sentence gets what it needs to its end.
_AHEAD = 48
#: Steps after which room that none of them needed is given back: some seconds. Making it anew costs as much as two steps.
_PATIENCE = 48


class KeyValueCache:
    """For every layer the keys and values of all rows: shape (slots, 2, heads, positions, head width), float32.

    A row owns one slot and writes from position 0. Room follows the longest row and the number of rows; slots in use are
    always the first ones. Zeros are where nothing was written, so that what is masked stays finite.

    Args:
        width: slots that will ever be asked for.
    """

    def __init__(self, *, layers: int, heads: int, head_width: int, width: int, device: torch.device) -> None:
        self._width = width
        self._heads, self._head_width, self._device = heads, head_width, device
        self._layers: list[torch.Tensor] = [self._empty(0, 0) for _ in range(layers)]
        self._unneeded = 0

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
        """Make room, which comes before every step. Layer by layer, so that at most one is held twice; may be repeated after
        it failed half way. Room that was not needed for some time is given back.
        """
        if all(slots <= layer.shape[0] and positions <= layer.shape[3] for layer in self._layers):
            self._give_back(slots, positions)
            return
        self._unneeded = 0
        for index, layer in enumerate(self._layers):
            had_slots, had_positions = layer.shape[0], layer.shape[3]
            # Rows mostly come one after another: twice the room means that each is copied a few times, not ten.
            wanted = min(self._width, max(slots, 2 * had_slots)) if slots > had_slots else had_slots
            room = _rounded(positions) if positions > had_positions else had_positions
            if (wanted, room) != (had_slots, had_positions):
                self._layers[index] = self._resized(layer, wanted, room)

    def _give_back(self, slots: int, positions: int) -> None:
        """One long row among many short ones would else hold hundreds of megabytes until no row is left, which under load is
        never.
        """
        held_slots, held = self._layers[0].shape[0], self._layers[0].shape[3]
        # Half as many rows come and go; a batch that is nearly empty stays so for a while.
        wanted, room = slots if 2 * slots <= held_slots else held_slots, min(_rounded(positions), held)
        self._unneeded = self._unneeded + 1 if (wanted, room) != (held_slots, held) else 0
        if self._unneeded > _PATIENCE:
            self._unneeded = 0
            for index, layer in enumerate(self._layers):
                self._layers[index] = self._resized(layer, wanted, room)

    def move(self, source: int, target: int, positions: int) -> None:
        """Give a row another slot."""
        for layer in self._layers:
            layer[target, :, :, :positions] = layer[source, :, :, :positions]

    def release(self) -> None:
        """Give all room back; takes no memory to do so."""
        self._layers = [self._empty(0, 0) for _ in self._layers]

    def _resized(self, layer: torch.Tensor, slots: int, positions: int) -> torch.Tensor:
        """A copy of the layer with as much of it as fits."""
        made = self._empty(slots, positions)
        kept_slots, kept = min(slots, layer.shape[0]), min(positions, layer.shape[3])
        made[:kept_slots, :, :, :kept] = layer[:kept_slots, :, :, :kept]
        return made

    def _empty(self, slots: int, positions: int) -> torch.Tensor:
        shape = (slots, 2, self._heads, positions, self._head_width)
        if self._device.type != "cpu" or 0 in shape:
            return torch.zeros(shape, device=self._device)
        # Straight from the system, which hands out zeros a page at a time when they are written to, so room made ahead costs
        # nothing yet, and takes all back at once. Of the allocator's heap such pieces would leave holes that stay for good.
        return torch.frombuffer(mmap.mmap(-1, 4 * math.prod(shape)), dtype=torch.float32).view(shape)


def _rounded(positions: int) -> int:
    return -(-(positions + _AHEAD) // BLOCK) * BLOCK
