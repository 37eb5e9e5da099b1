"""The flow, backwards: from latents that sound like nobody to those of a speaker (VITS's coupling layers, mean only)."""

from __future__ import annotations

import torch
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from adapters.converters.rvc.values import VoiceConfig

from .shapes import FLOW_KERNEL, FLOW_LAYERS, FLOWS
from .weights import Weights


class Flow:
    """Upstream's `flow` run in reverse over a whole utterance."""

    def __init__(self, weights: Weights, config: VoiceConfig) -> None:
        self._couplings = [_Coupling(weights, f"flow.flows.{2 * at}", config) for at in range(FLOWS)]

    def __call__(self, latents: torch.Tensor, speaker: torch.Tensor) -> torch.Tensor:
        """Shape (inter_channels, T), of latents of the same.

        Args:
            speaker: speaker embedding, shape (speaker_channels,).
        """
        x = latents[None]
        for coupling in reversed(self._couplings):
            x = coupling(x.flip(1), speaker)
        return x[0]


class _Coupling:
    """One half of the channels moves by what the other half and the speaker say."""

    def __init__(self, weights: Weights, name: str, config: VoiceConfig) -> None:
        self._half = config.inter_channels // 2
        self._hidden = config.hidden_channels
        self._pre, self._post = (
            (weights(f"{name}.{each}.weight"), weights(f"{name}.{each}.bias")) for each in ("pre", "post")
        )
        self._colour = weights(f"{name}.enc.cond_layer.weight")[:, :, 0], weights(f"{name}.enc.cond_layer.bias")
        layers = [(f"{name}.enc.in_layers.{each}", f"{name}.enc.res_skip_layers.{each}") for each in range(FLOW_LAYERS)]
        self._layers = [
            (weights(f"{one}.weight"), weights(f"{one}.bias"), weights(f"{two}.weight"), weights(f"{two}.bias"))
            for one, two in layers
        ]

    def __call__(self, x: torch.Tensor, speaker: torch.Tensor) -> torch.Tensor:
        """Shape (1, inter_channels, T), of x of the same."""
        still, moved = x.split(self._half, dim=1)
        return torch.cat([still, moved - F.conv1d(self._heard(still, speaker), *self._post)], dim=1)

    def _heard(self, still: torch.Tensor, speaker: torch.Tensor) -> torch.Tensor:
        """Gated convolutions (WaveNet's, modules.py: `WN`); shape (1, hidden, T)."""
        # The speaker is the same in every frame, so its part is a bias.
        colours = torch.addmv(self._colour[1], self._colour[0], speaker).split(2 * self._hidden)
        x = F.conv1d(still, *self._pre)
        total = torch.zeros_like(x)
        for (wide, wide_bias, leave, leave_bias), colour in zip(self._layers, colours, strict=True):
            tangent, gate = F.conv1d(x, wide, wide_bias + colour, padding=FLOW_KERNEL // 2).split(self._hidden, dim=1)
            left = F.conv1d(torch.tanh(tangent).mul_(torch.sigmoid(gate)), leave, leave_bias)
            total += left[:, -self._hidden :]
            if left.shape[1] > self._hidden:
                x = x + left[:, : self._hidden]
        return total
