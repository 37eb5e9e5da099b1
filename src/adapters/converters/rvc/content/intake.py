"""The door for ContentVec: published files are read once, checked, and kept as safetensors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapters.checkpoint_archive import refuse_compressed
from adapters.converters.whole_folder import written_as
from adapters.tensor_file import write_tensors
from voicecore.errors import InvalidInput, MissingDependency, MissingModel, ModelCorrupt

from . import fairseq
from .shapes import Architecture, as_config, expected_shapes, read_architecture
from .stored import CONFIG, FOLDER, WEIGHTS, file_sha256, write_lock

#: Names that fairseq's checkpoint goes by: RVC's, and that of ContentVec's authors.
FAIRSEQ_NAMES = ("hubert_base.pt", "checkpoint_best_legacy_500.pt")
#: As transformers saves it, the safe form first.
TRANSFORMERS_NAMES = (WEIGHTS, "pytorch_model.bin")
#: The largest published form, in float32 with the state of its optimiser, has 1.3 GB.
SIZE_LIMIT_BYTES = 2 << 30
#: Prefixes that the whole network's name puts before its tensors, and the newer name of weight norm's two halves.
_OTHER_NAMES = (
    ("hubert.", ""), ("parametrizations.weight.original0", "weight_g"), ("parametrizations.weight.original1", "weight_v"),
)  # fmt: skip


def intake(source: Path, models_dir: Path) -> Path:
    """Put the content encoder into `models_dir`/contentvec, in the place of one that is there; returns that folder.

    Args:
        source: fairseq's checkpoint (`hubert_base.pt`), a folder with one, or a folder as transformers saves it
            (`config.json` with `model.safetensors` or `pytorch_model.bin`). It is left as it is.

    Raises:
        MissingModel: if none of these is there.
        InvalidInput: if it lies in the place itself, which is replaced.
        ModelCorrupt: if it is damaged or another network.
        MissingDependency: without torch and safetensors.
        StorageUnavailable, DiskFull: if the folder cannot be written.
    """
    path, place = _published(source), models_dir / FOLDER
    if path.resolve().is_relative_to(place.resolve()):
        raise InvalidInput(
            f"{path} is where the model is going to be, and what lies there goes: move the files elsewhere."
        )
    if path.stat().st_size > SIZE_LIMIT_BYTES:
        raise ModelCorrupt(f"{path} has {path.stat().st_size} bytes; a HuBERT-base has at most {SIZE_LIMIT_BYTES}.")
    refuse_compressed(path)
    _need_torch()
    architecture, tensors = _read(path)
    checked = {name: _checked(tensors, name, shape, path) for name, shape in expected_shapes(architecture).items()}
    with written_as(place) as fresh:
        write_tensors(checked, fresh / WEIGHTS, {"format": "pt"})
        (fresh / CONFIG).write_text(json.dumps(as_config(architecture), indent=2) + "\n", encoding="utf-8")
        write_lock(fresh, {path.name: file_sha256(path)})
        for written in fresh.iterdir():
            written.chmod(0o644)
    return place


def _published(source: Path) -> Path:
    for candidate in (source, *(source / name for name in (*FAIRSEQ_NAMES, *TRANSFORMERS_NAMES))):
        if candidate.is_file():
            return candidate
    names = ", ".join((*FAIRSEQ_NAMES, *TRANSFORMERS_NAMES))
    raise MissingModel(
        f"There is none of {names} in {source}; hubert_base.pt is at huggingface.co/lj1995/VoiceConversionWebUI."
    )


def _read(path: Path) -> tuple[Architecture, Mapping[str, Any]]:
    if path.name not in TRANSFORMERS_NAMES:
        loaded = fairseq.read_checkpoint(path)
        architecture = fairseq.architecture_of(loaded)
        return architecture, dict(fairseq.renamed(loaded, architecture))
    if not path.with_name(CONFIG).is_file():
        raise MissingModel(f"There is no {CONFIG} beside {path}; fetch both from the same folder.")
    return read_architecture(path.with_name(CONFIG)), _read_transformers(path)


def _read_transformers(path: Path) -> dict[str, Any]:
    import torch  # noqa: PLC0415
    from safetensors.torch import load_file  # noqa: PLC0415

    try:
        loaded = load_file(path) if path.name == WEIGHTS else torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a stranger's file makes both raise nearly anything
        reason = " ".join(str(error).split())[:160]
        raise ModelCorrupt(f"{path} cannot be read as weights ({reason}); nothing in it was run.") from error
    if not isinstance(loaded, dict) or not all(isinstance(each, torch.Tensor) for each in loaded.values()):
        raise ModelCorrupt(f"{path} holds something else than tensors; it is not what transformers saves.")
    return {_plain(str(name)): each for name, each in loaded.items()}


def _plain(name: str) -> str:
    for other, ours in _OTHER_NAMES:
        name = name.replace(other, ours)
    return name


def _checked(tensors: Mapping[str, Any], name: str, shape: tuple[int, ...], path: Path) -> Any:
    import torch  # noqa: PLC0415

    tensor = tensors.get(name)
    if tensor is None or tuple(tensor.shape) != shape:
        found = "is missing" if tensor is None else f"has shape {tuple(tensor.shape)}"
        raise ModelCorrupt(f"{name} in {path} {found}, expected {shape}; it is no ContentVec for RVC.")
    # Before anything is copied: a tensor of no steps can claim terabytes in a small file.
    if tensor.dtype not in (torch.float16, torch.bfloat16, torch.float32) or not tensor.is_contiguous():
        raise ModelCorrupt(f"{name} in {path} is not stored as plain float numbers.")
    if not bool(tensor.isfinite().all()):
        raise ModelCorrupt(f"{name} in {path} holds values that are not finite numbers; fetch it again.")
    return tensor.detach().clone()


def _need_torch() -> None:
    try:
        import safetensors  # noqa: F401, PLC0415
        import torch  # noqa: F401, PLC0415
    except ImportError as error:
        raise MissingDependency(
            f"Reading the content encoder needs {error.name}: pip install 'voicecore[rvc]'."
        ) from error
