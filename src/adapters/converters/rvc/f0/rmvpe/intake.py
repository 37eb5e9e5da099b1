"""Taking in a published `rmvpe.pt`: it is read once, without running anything of it, checked, and kept as safetensors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapters.checkpoint_archive import refuse_compressed
from adapters.converters.whole_folder import written_as
from adapters.tensor_file import write_tensors
from voicecore.errors import InvalidInput, MissingDependency, MissingModel, ModelCorrupt

from .shapes import expected_shapes
from .stored import FOLDER, WEIGHTS, file_sha256, write_lock

#: As its publisher names it, at huggingface.co/lj1995/VoiceConversionWebUI.
PUBLISHED = "rmvpe.pt"
#: The published weights are float16, 181 MB; float32 has twice as much. The rest is room for what a container adds.
SIZE_LIMIT = 400_000_000
#: Of a batch normalisation; only training reads it.
_COUNTER = ".num_batches_tracked"


def intake(source: Path, models_dir: Path) -> Path:
    """Put RMVPE into `models_dir`/rmvpe, in the place of one that is there; returns that folder.

    The checkpoint is read with torch's restricted unpickler (`weights_only`), which makes tensors and plain containers and
    calls nothing. Names and shapes must be exactly the network's before any number is read as one.

    Args:
        source: `rmvpe.pt` itself, or a folder that has it.

    Raises:
        MissingModel: if it is not there.
        InvalidInput: if it lies in the folder that is going to be replaced.
        ModelCorrupt: if it is damaged, too large, or another network.
        MissingDependency: if torch or safetensors is missing.
        StorageUnavailable, DiskFull: if the folder cannot be written.
    """
    published, place = _published(source), models_dir / FOLDER
    if published.resolve().is_relative_to(place.resolve()):
        raise InvalidInput(
            f"{published} is where the model is going to be, and what lies there goes: move the file elsewhere."
        )
    size = published.stat().st_size
    if size > SIZE_LIMIT:
        raise ModelCorrupt(
            f"{published} has {size} bytes; RMVPE has 181 million or twice as many, and {SIZE_LIMIT} are the limit."
        )
    tensors = _checked(_read(published), published)
    with written_as(place) as fresh:
        write_tensors(tensors, fresh / WEIGHTS)
        write_lock(fresh, {published.name: file_sha256(published)})
    return place


def _published(source: Path) -> Path:
    found = next((each for each in (source, source / PUBLISHED) if each.is_file()), None)
    if found is None:
        raise MissingModel(f"There is no {PUBLISHED} in {source}; give the file, or a folder that has it.")
    return found


def _read(path: Path) -> Mapping[str, Any]:
    try:
        import safetensors  # noqa: F401, PLC0415 - of an extra; before a large file is read in vain
        import torch  # noqa: PLC0415 - of an extra
    except ImportError as error:
        raise MissingDependency(f"Reading RMVPE needs {error.name}: pip install 'voicecore[rvc]'.") from error
    refuse_compressed(path)
    try:
        document = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a stranger's file makes torch raise nearly anything
        reason = " ".join(str(error).split())[:120]
        raise ModelCorrupt(f"{path} cannot be read as a checkpoint ({reason}); fetch it again.") from error
    if not isinstance(document, dict):
        raise ModelCorrupt(f"{path} holds no tensors by name, so it is not RMVPE.")
    return document


def _checked(document: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The tensors, each with memory of its own, float16 or float32 as they came."""
    import torch  # noqa: PLC0415 - of an extra

    expected = expected_shapes()
    found = {name: each for name, each in document.items() if not str(name).endswith(_COUNTER)}
    for name in sorted(expected.keys() ^ found.keys(), key=str):
        what = "lacks" if name in expected else "has"
        raise ModelCorrupt(f"{path} {what} a tensor {str(name)[:80]!r}, so it is another network than RMVPE.")
    for name, shape in expected.items():
        tensor = found[name]
        if not isinstance(tensor, torch.Tensor) or tensor.dtype not in (torch.float16, torch.float32):
            raise ModelCorrupt(f"{name} in {path} is not a tensor of float16 or float32, so it is not RMVPE.")
        if tuple(tensor.shape) != shape:
            raise ModelCorrupt(
                f"{name} in {path} has the shape {tuple(tensor.shape)}, not {shape}, so it is not RMVPE."
            )
        # A view that repeats few numbers can claim any shape; the shapes are known by now, so it is only wrong.
        if tensor.untyped_storage().nbytes() < math.prod(shape) * tensor.element_size():
            raise ModelCorrupt(f"{name} in {path} has fewer numbers than its shape {shape} says; fetch it again.")
    for name in expected:
        if not bool(found[name].isfinite().all()):
            raise ModelCorrupt(f"{name} in {path} holds values that are not finite numbers; fetch it again.")
    return {name: found[name].detach().clone().contiguous() for name in expected}
