"""ContentVec as fairseq saved it (`hubert_base.pt`, `checkpoint_best_legacy_500.pt`), read without fairseq and without its classes.

Such a checkpoint holds the weights under `model`, and beside them the dictionary and the options of its training, as
objects of fairseq, omegaconf and argparse. PyTorch's restricted unpickler (`weights_only=True`) reads it with inert stand-ins
for those classes: an object becomes a box that keeps what it was given. No code that the file names is run.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from voicecore.errors import ModelCorrupt

from .shapes import Architecture, expected_shapes

#: Whose classes are expected in it; a class of anybody else is refused.
_MENTIONED_OF = ("fairseq.", "omegaconf.", "argparse.", "typing.")
#: Known ones, for the format before PyTorch 1.6, whose mentions cannot be listed beforehand.
_MENTIONED = (
    "fairseq.data.dictionary.Dictionary", "argparse.Namespace", "omegaconf.dictconfig.DictConfig",
    "omegaconf.listconfig.ListConfig", "omegaconf.base.ContainerMetadata", "omegaconf.base.Metadata",
    "omegaconf.nodes.AnyNode", "typing.Any",
)  # fmt: skip
#: transformers' name → fairseq's, of what stands once.
_OUTER = {
    "feature_extractor.conv_layers.0.layer_norm": "feature_extractor.conv_layers.0.2",
    "feature_projection.layer_norm": "layer_norm",
    "feature_projection.projection": "post_extract_proj",
    "encoder.pos_conv_embed.conv": "encoder.pos_conv.0",
    "encoder.layer_norm": "encoder.layer_norm",
    "final_proj": "final_proj",
}
#: The same, within a layer.
_WITHIN = {
    "attention.q_proj": "self_attn.q_proj",
    "attention.k_proj": "self_attn.k_proj",
    "attention.v_proj": "self_attn.v_proj",
    "attention.out_proj": "self_attn.out_proj",
    "layer_norm": "self_attn_layer_norm",
    "feed_forward.intermediate_dense": "fc1",
    "feed_forward.output_dense": "fc2",
    "final_layer_norm": "final_layer_norm",
}


class _Inert:
    """Stands for an object that the checkpoint mentions and nobody needs: it takes everything and does nothing."""

    def __init__(self, *_: object) -> None:
        """Forget what it is made of."""


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The tensors under `model` by fairseq's names.

    Raises:
        ModelCorrupt: if it is no such checkpoint; nothing in it was run.
    """
    import torch  # noqa: PLC0415 - optional, and heavy

    try:
        stand_ins: list[Any] = [(type("Inert", (_Inert,), {}), name) for name in _mentions(path)]
        with torch.serialization.safe_globals(stand_ins):
            document = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a stranger's file makes torch raise nearly anything
        reason = " ".join(str(error).split())[:160]
        raise ModelCorrupt(
            f"{path} cannot be read as a checkpoint of fairseq ({reason}); nothing in it was run."
        ) from error
    tensors = document.get("model") if isinstance(document, dict) else None
    if not isinstance(tensors, dict) or not all(isinstance(each, torch.Tensor) for each in tensors.values()):
        raise ModelCorrupt(f"{path} has no tensors under 'model', so it is no checkpoint of fairseq.")
    return {str(name): each for name, each in tensors.items()}


def architecture_of(tensors: Mapping[str, Any]) -> Architecture:
    """The sizes that shapes tell; heads cannot be seen and are taken to be those of HuBERT-base, 12.

    Raises:
        ModelCorrupt: if what tells them is not there.
    """
    try:
        shapes = {name: tuple(each.shape) for name, each in tensors.items()}
        channels = tuple(shapes[f"feature_extractor.conv_layers.{number}.0.weight"][0] for number in range(7))
        inner, width = shapes["encoder.layers.0.fc1.weight"]
        layers = sum(name.startswith("encoder.layers.") and name.endswith(".fc1.weight") for name in shapes)
        return Architecture(conv_channels=channels, width=width, inner=inner, layers=layers)
    except (KeyError, IndexError, ValueError) as error:
        raise ModelCorrupt(f"The checkpoint is no HuBERT-base of fairseq: it has no {error}.") from error


def renamed(tensors: Mapping[str, Any], architecture: Architecture) -> Iterator[tuple[str, Any]]:
    """(transformers' name, tensor) of all that the encoder needs; what only training needs is left out.

    Raises:
        ModelCorrupt: if one is missing.
    """
    for name in expected_shapes(architecture):
        old = fairseq_name(name)
        if old not in tensors:
            raise ModelCorrupt(f"The checkpoint has no {old}, so it is no HuBERT-base of fairseq.")
        yield name, tensors[old]


def fairseq_name(name: str) -> str:
    """What fairseq calls a tensor of `expected_shapes`."""
    owner, _, kind = name.rpartition(".")
    if owner in _OUTER:
        return f"{_OUTER[owner]}.{kind}"
    parts = owner.split(".")
    if parts[0] == "feature_extractor":
        return f"feature_extractor.conv_layers.{parts[2]}.0.{kind}"
    return f"encoder.layers.{parts[2]}.{_WITHIN['.'.join(parts[3:])]}.{kind}"


def _mentions(path: Path) -> list[str]:
    """Names of the classes that get stand-ins."""
    import torch  # noqa: PLC0415 - optional, and heavy

    if not zipfile.is_zipfile(path):
        return list(_MENTIONED)
    found = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    return [name for name in found if name.startswith(_MENTIONED_OF)]
