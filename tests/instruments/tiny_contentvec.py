"""A small content encoder with random weights: as wide as ContentVec, since RVC asks for that, and thin everywhere else.

It understands nothing, but it has the shapes, the receptive field and the numbers of frames of the real one. `write` puts it
into a folder of models by the project's own way in; `fairseq_state` names its tensors as fairseq does.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from adapters.converters.rvc.content.fairseq import fairseq_name
from adapters.converters.rvc.content.intake import intake
from adapters.converters.rvc.content.shapes import Architecture, as_config, expected_shapes
from adapters.coqui import prepare_coqui

TINY = Architecture(conv_channels=(16,) * 7, inner=64)
FULL = Architecture()


def tensors(architecture: Architecture = TINY, seed: int = 1) -> dict[str, Any]:
    """Random tensors by transformers' names, lively enough that every frame differs."""
    import torch

    numbers = torch.Generator().manual_seed(seed)

    def drawn(name: str, shape: tuple[int, ...]) -> Any:
        noise = torch.randn(shape, generator=numbers)
        if name.endswith("bias"):
            return 0.05 * noise
        if "norm" in name or name.endswith("weight_g"):
            return 1 + 0.1 * noise
        # Layers that neither swell nor fade.
        inputs = int(torch.tensor(shape[1:]).prod())
        return noise * (2.0 if "conv_layers" in name else 1.0) / inputs**0.5

    return {name: drawn(name, shape) for name, shape in expected_shapes(architecture).items()}


def fairseq_state(architecture: Architecture = TINY, seed: int = 1) -> dict[str, Any]:
    """The same in float16 under fairseq's names, with what only training needs beside it."""
    import torch

    found = {fairseq_name(name): each.half() for name, each in tensors(architecture, seed).items()}
    return found | {
        "mask_emb": torch.zeros(architecture.width).half(),
        "label_embs_concat": torch.zeros(504, 256).half(),
    }


def upstream(architecture: Architecture = TINY, seed: int = 1) -> Any:
    """transformers' `HubertModel` with these weights as a checkpoint has them, in float16, and with `final_proj`."""
    prepare_coqui()
    import torch
    from transformers import HubertConfig, HubertModel

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch, about a weight norm that transformers still asks for
        made = HubertModel(HubertConfig(**as_config(architecture)))
    made.final_proj = torch.nn.Linear(architecture.width, architecture.projected)
    halves = (("weight_g", "parametrizations.weight.original0"), ("weight_v", "parametrizations.weight.original1"))
    rounded = {name: each.half().float() for name, each in tensors(architecture, seed).items()}
    for ours, theirs in halves:
        rounded = {name.replace(ours, theirs): each for name, each in rounded.items()}
    missing, unexpected = made.load_state_dict(rounded, strict=False)
    if (missing, unexpected) != (["masked_spec_embed"], []):
        raise RuntimeError(f"transformers' HuBERT has other tensors: {missing}, {unexpected}")
    return made.eval()


def write_fairseq(folder: Path, architecture: Architecture = TINY, seed: int = 1) -> Path:
    """`hubert_base.pt` with the weights alone, without what fairseq pickles beside them."""
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "hubert_base.pt"
    torch.save({"model": fairseq_state(architecture, seed), "extra_state": {"epoch": 1}}, path)
    return path


def write(models_dir: Path, architecture: Architecture = TINY, seed: int = 1) -> Path:
    """`models_dir`/contentvec, taken in as the published one is."""
    source = write_fairseq(models_dir / ".source", architecture, seed)
    place = intake(source, models_dir)
    source.unlink()
    source.parent.rmdir()
    return place
