"""Tensors of torch written as safetensors, with the errors and the rights that every model file here has."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from voicecore.errors import DiskFull, StorageUnavailable


def write_tensors(tensors: Mapping[str, Any], path: Path, metadata: Mapping[str, str] | None = None) -> None:
    """Write the file, readable by everybody: the service may run as another user than the one who fetched the model.

    Raises:
        StorageUnavailable, DiskFull: if it cannot be written.
    """
    from safetensors import SafetensorError  # noqa: PLC0415 - optional
    from safetensors.torch import save_file  # noqa: PLC0415 - optional

    try:
        save_file(dict(tensors), path, metadata=None if metadata is None else dict(metadata))
    except SafetensorError as error:
        # No OSError, and its number stands in the text only: Rust's "(os error 28)" is ENOSPC.
        kind = DiskFull if "os error 28)" in str(error) else StorageUnavailable
        raise kind(f"{path} cannot be written: {error}.") from error
    path.chmod(0o644)  # safetensors makes it for its owner alone
