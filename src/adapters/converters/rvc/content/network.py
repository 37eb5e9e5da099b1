"""HuBERT's forward pass, from samples to the layer that is asked for.

Written for long sound on a processor: the convolutions over samples, whose activations are a hundred times the sound itself,
run in windows of one width (oneDNN compiles a kernel for each width anew), and layers above the one that is asked for do
not run. The numbers are those of `transformers.HubertModel` to rounding.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from torch import Tensor

from .shapes import Architecture

#: Frames whose convolutions run together: half a second. The widest activation then has 7 MB.
WINDOW_FRAMES = 32
#: Stretches of sound whose products are summed at once: doubles of 5 MB.
_STRETCHES_AT_ONCE = 1 << 16


class HubertNetwork:
    """The network with its weights.

    Args:
        tensors: names and shapes of `expected_shapes`, float32.
        dtype: of the matrix products and the convolutions behind the first; sums, norms and the residual stay float32.
    """

    def __init__(
        self, architecture: Architecture, tensors: Mapping[str, Tensor], *, device: str, dtype: torch.dtype
    ) -> None:
        self._architecture = architecture
        self._dtype = dtype
        position = "encoder.pos_conv_embed.conv"
        weights = {name: each for name, each in tensors.items() if not name.endswith(("weight_g", "weight_v"))}
        weights[f"{position}.weight"] = _with_norm(tensors[f"{position}.weight_g"], tensors[f"{position}.weight_v"])
        self._weights = {
            name: each.to(device, dtype if _is_product(name) else torch.float32).contiguous()
            for name, each in weights.items()
        }
        for number in range(1, len(architecture.conv_strides)):
            name = f"feature_extractor.conv_layers.{number}.conv.weight"
            self._weights[name] = self._weights[name][:, :, None].contiguous(memory_format=torch.channels_last)

    @property
    def nbytes(self) -> int:
        """Memory of the weights."""
        return sum(each.nbytes for each in self._weights.values())

    def hidden(self, samples: Tensor, layer: int) -> Tensor:
        """What the layer says (1 is the first): shape (frames, width), float32.

        Args:
            samples: (n,), float32, at 16 kHz, at least 400.
        """
        found = self._norm("feature_projection.layer_norm", self._features(samples))
        found = self._linear("feature_projection.projection", found)
        found = self._norm("encoder.layer_norm", found + self._positions(found))
        for number in range(layer):
            found = self._layer(f"encoder.layers.{number}", found)
        return found

    def projected(self, hidden: Tensor) -> Tensor:
        """What v1 hears of a layer: shape (frames, 256)."""
        return self._linear("final_proj", hidden)

    def _features(self, samples: Tensor) -> Tensor:
        """(n,) → (frames, channels): the convolutions, window by window, with the first one's norm over the whole."""
        architecture = self._architecture
        frames = architecture.frames_of(len(samples))
        width = min(WINDOW_FRAMES, -(-frames // 8) * 8)
        windows = -(-frames // width)
        hop, span = architecture.hop, architecture.seen_by(width)
        padded = F.pad(samples, (0, (windows - 1) * width * hop + span - len(samples)))
        weight, bias = self._first_layer(samples)
        found = [
            self._window(padded[at : at + span], weight, bias) for at in range(0, windows * width * hop, width * hop)
        ]
        return torch.cat(found)[:frames].float()

    def _first_layer(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        """The first convolution with its group norm in it, as a product: weight (kernel, channels), and bias.

        The norm wants mean and spread of each channel over all of the sound. A channel is w · x of every stretch x that the kernel
        hears, so they are w · E[x] and w · E[x xᵀ] · w: two small sums over the sound, not 512 channels made for nothing else.
        """
        weight = self._weights["feature_extractor.conv_layers.0.conv.weight"][:, 0].double()
        kernel, stride = self._architecture.conv_kernels[0], self._architecture.conv_strides[0]
        first = torch.zeros(kernel, dtype=torch.float64, device=samples.device)
        second = torch.zeros(kernel, kernel, dtype=torch.float64, device=samples.device)
        stretches = samples.unfold(0, kernel, stride)
        for some in stretches.split(_STRETCHES_AT_ONCE):
            each = some.double()
            first += each.sum(dim=0)
            second += each.T @ each
        mean = weight @ (first / len(stretches))
        square = (weight @ (second / len(stretches)) * weight).sum(dim=1)
        spread = torch.rsqrt((square - mean.square()).clamp_min(0) + 1e-5)  # torch.nn.GroupNorm's default
        name = "feature_extractor.conv_layers.0.layer_norm"
        scale = self._weights[f"{name}.weight"].double() * spread
        bias = self._weights[f"{name}.bias"].double() - mean * scale
        return (weight * scale[:, None]).T.float(), bias.float()

    def _window(self, samples: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Frames of a stretch of sound, (frames, channels). Activations lie position by position, as oneDNN takes them."""
        heard = samples.unfold(0, len(weight), self._architecture.conv_strides[0])
        found = F.gelu(torch.addmm(bias, heard, weight)).to(self._dtype)[None, None].permute(0, 3, 1, 2)
        for number, stride in enumerate(self._architecture.conv_strides[1:], start=1):
            kernel = self._weights[f"feature_extractor.conv_layers.{number}.conv.weight"]
            found = F.gelu(F.conv2d(found, kernel, stride=(1, stride)))
        return found[0, :, 0].T

    def _positions(self, hidden: Tensor) -> Tensor:
        name, kernel = "encoder.pos_conv_embed.conv", self._architecture.position_kernel
        made = F.conv1d(
            hidden.T.to(self._dtype), self._weights[f"{name}.weight"], self._weights[f"{name}.bias"],
            padding=kernel // 2, groups=self._architecture.position_groups,
        )  # fmt: skip
        # An even kernel with half of itself as padding gives one frame too many, which upstream cuts off.
        return F.gelu(made[:, : len(hidden)]).T.float()

    def _layer(self, name: str, hidden: Tensor) -> Tensor:
        found = self._norm(f"{name}.layer_norm", hidden + self._attention(f"{name}.attention", hidden))
        inner = F.gelu(self._linear(f"{name}.feed_forward.intermediate_dense", found, keep=True))
        return self._norm(f"{name}.final_layer_norm", found + self._linear(f"{name}.feed_forward.output_dense", inner))

    def _attention(self, name: str, hidden: Tensor) -> Tensor:
        heads = self._architecture.heads
        query, key, value = (
            self._linear(f"{name}.{each}", hidden).view(len(hidden), heads, -1).transpose(0, 1)[None]
            for each in ("q_proj", "k_proj", "v_proj")
        )
        # In float32, which is quicker here than bfloat16 (docs/performance.md).
        made = F.scaled_dot_product_attention(query, key, value)[0].transpose(0, 1).reshape(len(hidden), -1)
        return self._linear(f"{name}.out_proj", made)

    def _linear(self, name: str, hidden: Tensor, *, keep: bool = False) -> Tensor:
        """The product; `keep` leaves it in the dtype that it was computed in."""
        made = F.linear(hidden.to(self._dtype), self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])
        return made if keep else made.float()

    def _norm(self, name: str, hidden: Tensor) -> Tensor:
        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        return F.layer_norm(hidden, weight.shape, weight, bias, self._architecture.epsilon)


def _is_product(name: str) -> bool:
    """Whether a tensor is of a matrix product or a convolution behind the first."""
    return "norm" not in name and not name.startswith("feature_extractor.conv_layers.0.")


def _with_norm(gain: Tensor, direction: Tensor) -> Tensor:
    """The weight that weight norm over the last dimension stands for (arXiv:1602.07868)."""
    return torch._weight_norm(direction.float(), gain.float(), 2)  # noqa: SLF001 - what torch's own module calls
