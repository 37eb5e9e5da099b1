"""Model data that travels with voicecore: the folder `models/` of a clone, `adapters/modelfiles/data` of a wheel."""

from __future__ import annotations

from pathlib import Path

from voicecore.errors import MissingModel

_IN_WHEEL = Path(__file__).parent / "data"
_IN_CLONE = Path(__file__).parents[3] / "models"


def data_path(relative: str) -> Path:
    """The shipped file `relative`, such as `kokoro/voices.npz`.

    Raises:
        MissingModel: if this installation lacks it.
    """
    for folder in (_IN_WHEEL, _IN_CLONE):
        if (path := folder / relative).is_file():
            return path
    raise MissingModel(f"The file {relative!r} is missing from this installation; install voicecore again.")
