"""Taking in a published converter: its pickled checkpoint is read once, checked, and kept as safetensors."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapters.checkpoint_archive import refuse_compressed
from adapters.converters.whole_folder import written_as
from adapters.coqui import prepare_coqui
from adapters.tensor_file import write_tensors
from voicecore.errors import InvalidInput, MissingModel, ModelCorrupt

from .config import read_sizes
from .network import empty_network, fill
from .stored import CHECKPOINT, CONFIG, FOLDER, file_sha256, write_lock

#: As its publisher names it.
_PUBLISHED = "checkpoint.pth"


def intake(source: Path, models_dir: Path) -> Path:
    """Put the converter of OpenVoice v2 into `models_dir`/openvoice, in the place of one that is there; returns that folder.

    The checkpoint is read with torch's restricted unpickler (`weights_only`), which makes tensors and plain containers and
    calls nothing; it must fill upstream's network exactly. The files get their place together, or not at all.

    Args:
        source: a folder with `checkpoint.pth` and `config.json`, or one whose folder `converter` has them, as published at
            huggingface.co/myshell-ai/OpenVoiceV2; or the checkpoint itself, with `config.json` beside it.

    Raises:
        MissingModel: if they are not there.
        InvalidInput: if they lie in that folder itself, which would be replaced with them in it.
        ModelCorrupt: if they are damaged, or of another architecture.
        MissingDependency: if torch or coqui-tts is missing.
        StorageUnavailable, DiskFull: if the folder cannot be written.
    """
    checkpoint, place = _published(source), models_dir / FOLDER
    if checkpoint.resolve().is_relative_to(place.resolve()):
        raise InvalidInput(
            f"{checkpoint} is where the model is going to be, and what lies there goes: move the files elsewhere."
        )
    network = empty_network(read_sizes(checkpoint.with_name(CONFIG)))
    tensors = fill(network, _read_pickled(checkpoint), str(checkpoint)).state_dict()
    _check_numbers(tensors, checkpoint)
    with written_as(place) as fresh:
        # Tensors of one storage would be refused: each gets its own.
        apart = {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}
        write_tensors(apart, fresh / CHECKPOINT)
        shutil.copyfile(checkpoint.with_name(CONFIG), fresh / CONFIG)
        write_lock(fresh, {checkpoint.name: file_sha256(checkpoint)})
    return place


def _published(source: Path) -> Path:
    for candidate in (source, source / _PUBLISHED, source / "converter" / _PUBLISHED):
        if candidate.is_file():
            if not candidate.with_name(CONFIG).is_file():
                raise MissingModel(f"There is no {CONFIG} beside {candidate}; fetch both from the same folder.")
            return candidate
    raise MissingModel(
        f"There is no {_PUBLISHED} in {source}; name the folder with {_PUBLISHED} and {CONFIG}, which is 'converter' at "
        "huggingface.co/myshell-ai/OpenVoiceV2."
    )


def _read_pickled(path: Path) -> Mapping[str, Any]:
    prepare_coqui()
    import torch  # noqa: PLC0415

    refuse_compressed(path)
    try:
        document = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a stranger's file makes torch raise nearly anything
        reason = " ".join(str(error).split())[:120]
        raise ModelCorrupt(f"{path} cannot be read as a checkpoint ({reason}); fetch it again.") from error
    tensors = document.get("model") if isinstance(document, dict) else None
    if not isinstance(tensors, dict) or not all(
        isinstance(name, str) and isinstance(each, torch.Tensor) for name, each in tensors.items()
    ):
        raise ModelCorrupt(f"{path} has no tensors under 'model', so it is no checkpoint of an OpenVoice converter.")
    return {name: each.float() if each.is_floating_point() else each for name, each in tensors.items()}


def _check_numbers(tensors: Mapping[str, Any], path: Path) -> None:
    for name, tensor in tensors.items():
        if not bool(tensor.isfinite().all()):
            raise ModelCorrupt(f"{name} in {path} holds values that are not finite numbers; fetch it again.")
