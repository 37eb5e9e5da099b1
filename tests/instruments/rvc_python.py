"""The reference: rvc-python 0.1.5, installed `--no-deps`, without what it imports but these tests do not need.

`rvc_python/__init__.py` imports fairseq, which does not import on Python 3.11; so the bare package is registered by its folder.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import sys
import types
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

PACKAGE = "rvc_python"


def module(name: str) -> Any:
    """`rvc_python.{name}`, such as `lib.infer_pack.models`."""
    if PACKAGE not in sys.modules:
        found = importlib.util.find_spec(PACKAGE)
        if found is None or not found.submodule_search_locations:
            raise RuntimeError("The reference is missing: pip install --no-deps rvc-python==0.1.5")
        bare = types.ModuleType(PACKAGE)
        bare.__path__ = [str(Path(each)) for each in found.submodule_search_locations]
        sys.modules[PACKAGE] = bare
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(f"{PACKAGE}.{name}")


def network(config: list[Any], version: str, *, f0: bool) -> Any:
    """Upstream's synthesiser of this config, without its posterior encoder, with weights as they come.

    Args:
        config: the 18 entries of a checkpoint.
    """
    models = module("lib.infer_pack.models")
    width = {"v1": 256, "v2": 768}[version]
    kind = getattr(models, f"SynthesizerTrnMs{width}NSFsid{'' if f0 else '_nono'}")
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        built = kind(*config, is_half=False)
    del built.enc_q
    return built.eval()


def filled(config: list[Any], version: str, tensors: Mapping[str, np.ndarray], *, f0: bool) -> Any:
    """The same with these weights, as float32."""
    import torch

    built = network(config, version, f0=f0)
    floats = {name: torch.from_numpy(np.asarray(each, np.float32)) for name, each in tensors.items()}
    built.load_state_dict(floats, strict=True)
    return built
