"""From content features and pitch to where each frame's latent lies: VITS's text encoder (Kim et al. 2021, arXiv 2106.06103)."""

from __future__ import annotations

import math

import torch
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from adapters.converters.rvc.values import VoiceConfig

from .attention import RelativeAttention
from .weights import Weights

#: Of the rectifier behind the embedding (models.py: `TextEncoder768`).
_SLOPE = 0.1


class TextEncoder:
    """Upstream's `enc_p` over a whole utterance."""

    def __init__(self, weights: Weights, config: VoiceConfig) -> None:
        self._content = weights("enc_p.emb_phone.weight"), weights("enc_p.emb_phone.bias")
        self._pitch = weights("enc_p.emb_pitch.weight") if config.f0 else None
        self._layers = [_Layer(weights, config, at) for at in range(config.n_layers)]
        self._proj = weights("enc_p.proj.weight")[:, :, 0], weights("enc_p.proj.bias")
        self._scale = math.sqrt(config.hidden_channels)

    def __call__(self, content: torch.Tensor, coarse: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and log of the standard deviation of the latents, each of shape (inter_channels, T).

        Args:
            content: shape (T, content width).
            coarse: bins of pitch, shape (T,), 1..255; None for a voice without pitch.
        """
        x = F.linear(content, *self._content)
        if coarse is not None and self._pitch is not None:
            x += self._pitch[coarse]
        x = F.leaky_relu_(x.mul_(self._scale), _SLOPE)
        for layer in self._layers:
            x = layer(x)
        mean, log_scale = F.linear(x, *self._proj).T.chunk(2)
        return mean, log_scale


class _Layer:
    """Attention and two convolutions, each added to what entered it and normalised."""

    def __init__(self, weights: Weights, config: VoiceConfig, at: int) -> None:
        self._attention = RelativeAttention(weights, f"enc_p.encoder.attn_layers.{at}", config.n_heads)
        feed = f"enc_p.encoder.ffn_layers.{at}"
        self._feed = [(weights(f"{feed}.conv_{each}.weight"), weights(f"{feed}.conv_{each}.bias")) for each in (1, 2)]
        norms = [f"enc_p.encoder.norm_layers_{each}.{at}" for each in (1, 2)]
        self._norms = [(weights(f"{each}.gamma"), weights(f"{each}.beta")) for each in norms]
        # An even kernel looks one frame further ahead than back (attentions.py: `_same_padding`).
        self._around = (config.kernel_size - 1) // 2, config.kernel_size // 2

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Shape (T, hidden), of x of the same."""
        x = F.layer_norm(x + self._attention(x), x.shape[1:], *self._norms[0])
        inner = x.T[None]
        for weight, bias in self._feed:
            inner = F.conv1d(F.pad(inner, self._around), weight, bias)
            if weight is self._feed[0][0]:
                inner = F.relu_(inner)
        return F.layer_norm(x + inner[0].T, x.shape[1:], *self._norms[1])
