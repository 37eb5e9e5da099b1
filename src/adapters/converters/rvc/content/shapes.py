"""How a HuBERT is built (arXiv:2106.07447, table 1 "BASE"), and which tensors that gives it.

Names are those of `transformers.HubertModel` with `final_proj` beside it, which is how ContentVec is passed around.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voicecore.errors import ModelCorrupt

CONFIG_LIMIT_BYTES = 1 << 20
#: Layers that RVC listens to: the ninth through the projection for v1, the twelfth as it is for v2.
LAYER_V1, LAYER_V2 = 9, 12
WIDTH_V1, WIDTH_V2 = 256, 768


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """Sizes of a HuBERT whose first convolution is group-normalised and whose layers normalise after themselves.

    Attributes:
        conv_channels, conv_kernels, conv_strides: of the convolutions over samples.
        width: of the transformer; RVC v2 hears 768.
        position_kernel, position_groups: of the convolution that tells positions.

    Raises:
        ModelCorrupt: for sizes of a network that RVC does not listen to.
    """

    conv_channels: tuple[int, ...] = (512,) * 7
    conv_kernels: tuple[int, ...] = (10, 3, 3, 3, 3, 2, 2)
    conv_strides: tuple[int, ...] = (5, 2, 2, 2, 2, 2, 2)
    width: int = WIDTH_V2
    inner: int = 3_072
    layers: int = LAYER_V2
    heads: int = 12
    position_kernel: int = 128
    position_groups: int = 16
    projected: int = WIDTH_V1
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        convolutions = (self.conv_channels, self.conv_kernels, self.conv_strides)
        sizes = (
            *(size for each in convolutions for size in each), self.width, self.inner, self.layers, self.heads,
            self.position_kernel, self.position_groups, self.projected,
        )  # fmt: skip
        if not all(type(each) is int and 1 <= each <= 16_384 for each in sizes) or type(self.epsilon) is not float:
            raise ModelCorrupt("A size of the content encoder is no whole number of 1 to 16384.")
        if {len(each) for each in convolutions} != {7} or (self.hop, self.seen_by(1)) != (320, 400):
            raise ModelCorrupt("The content encoder does not hear 400 samples every 320 through seven convolutions.")
        if (self.width, self.projected) != (WIDTH_V2, WIDTH_V1) or not LAYER_V2 <= self.layers <= 48:
            raise ModelCorrupt(
                f"The content encoder has {self.layers} layers of {self.width} and a projection to {self.projected}; "
                "RVC hears layer 12 of 768, or layer 9 through 256."
            )
        if self.width % self.heads or self.width % self.position_groups:
            raise ModelCorrupt("The content encoder's width is not divided by its heads, or by its groups.")

    @property
    def hop(self) -> int:
        """Samples between two frames: 320."""
        return self.seen_by(2) - self.seen_by(1)

    def seen_by(self, frames: int) -> int:
        """Samples that so many frames hear together: 400 for one."""
        length = frames
        for kernel, stride in zip(reversed(self.conv_kernels), reversed(self.conv_strides), strict=True):
            length = (length - 1) * stride + kernel
        return length

    def frames_of(self, samples: int) -> int:
        """Frames that so many samples give."""
        return max(0, (samples - self.seen_by(1)) // self.hop + 1)


def read_architecture(path: Path) -> Architecture:
    """The sizes in a `config.json` of transformers.

    Raises:
        ModelCorrupt: if it cannot be read, or tells of a network that RVC does not listen to.
    """
    try:
        with path.open("rb") as source:
            return _architecture(json.loads(source.read(CONFIG_LIMIT_BYTES)))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelCorrupt(f"{path} is no config of a HuBERT for RVC ({error}); fetch it again.") from error


def as_config(architecture: Architecture) -> dict[str, Any]:
    """What `transformers.HubertConfig` calls them."""
    return {
        "model_type": "hubert",
        "conv_dim": list(architecture.conv_channels),
        "conv_kernel": list(architecture.conv_kernels),
        "conv_stride": list(architecture.conv_strides),
        "hidden_size": architecture.width,
        "intermediate_size": architecture.inner,
        "num_hidden_layers": architecture.layers,
        "num_attention_heads": architecture.heads,
        "num_conv_pos_embeddings": architecture.position_kernel,
        "num_conv_pos_embedding_groups": architecture.position_groups,
        "classifier_proj_size": architecture.projected,
        "layer_norm_eps": architecture.epsilon,
        "feat_extract_norm": "group",
        "do_stable_layer_norm": False,
        "conv_bias": False,
    }


def expected_shapes(architecture: Architecture) -> dict[str, tuple[int, ...]]:
    """Name → shape of every tensor that the encoder needs."""
    wide, inner = architecture.width, architecture.inner
    channels = (1, *architecture.conv_channels)
    found: dict[str, tuple[int, ...]] = {
        f"feature_extractor.conv_layers.{number}.conv.weight": (channels[number + 1], channels[number], kernel)
        for number, kernel in enumerate(architecture.conv_kernels)
    }
    found |= _norm("feature_extractor.conv_layers.0.layer_norm", channels[1])
    found |= _norm("feature_projection.layer_norm", channels[-1])
    found |= _linear("feature_projection.projection", channels[-1], wide)
    position, kernel = "encoder.pos_conv_embed.conv", architecture.position_kernel
    found |= {
        f"{position}.weight_g": (1, 1, kernel),
        f"{position}.weight_v": (wide, wide // architecture.position_groups, kernel),
        f"{position}.bias": (wide,),
    }
    found |= _norm("encoder.layer_norm", wide)
    for number in range(architecture.layers):
        layer = f"encoder.layers.{number}"
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            found |= _linear(f"{layer}.attention.{name}", wide, wide)
        found |= _norm(f"{layer}.layer_norm", wide) | _norm(f"{layer}.final_layer_norm", wide)
        found |= _linear(f"{layer}.feed_forward.intermediate_dense", wide, inner)
        found |= _linear(f"{layer}.feed_forward.output_dense", inner, wide)
    return found | _linear("final_proj", wide, architecture.projected)


def _norm(name: str, size: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (size,), f"{name}.bias": (size,)}


def _linear(name: str, into: int, out: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (out, into), f"{name}.bias": (out,)}


def _architecture(config: Mapping[str, Any]) -> Architecture:
    for name, wanted in (("feat_extract_norm", "group"), ("do_stable_layer_norm", False), ("conv_bias", False)):
        if config.get(name, wanted) != wanted:
            raise ValueError(f"{name} is {config[name]!r}, not {wanted!r}")
    for name in ("hidden_act", "feat_extract_activation"):
        if config.get(name, "gelu") != "gelu":
            raise ValueError(f"{name} is {config[name]!r}, not 'gelu'")
    return Architecture(
        conv_channels=tuple(config["conv_dim"]),
        conv_kernels=tuple(config["conv_kernel"]),
        conv_strides=tuple(config["conv_stride"]),
        width=config["hidden_size"],
        inner=config["intermediate_size"],
        layers=config["num_hidden_layers"],
        heads=config["num_attention_heads"],
        position_kernel=config["num_conv_pos_embeddings"],
        position_groups=config["num_conv_pos_embedding_groups"],
        projected=config.get("classifier_proj_size", WIDTH_V1),
        epsilon=config.get("layer_norm_eps", 1e-5),
    )
