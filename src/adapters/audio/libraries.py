"""The optional packages behind the codec, and the error that names their extra."""

from __future__ import annotations

import importlib
from types import ModuleType

from voicecore.errors import MissingDependency


def load(module: str) -> ModuleType:
    """Import `soundfile`, `av` or `soxr`.

    Raises:
        MissingDependency: if the package is absent, or its shared library cannot be loaded.
    """
    try:
        return importlib.import_module(module)
    except (ImportError, OSError) as error:  # soundfile raises OSError when libsndfile is not found
        raise MissingDependency(
            f"This audio format needs the package {module!r}: pip install 'voicecore[audio]'."
        ) from error
