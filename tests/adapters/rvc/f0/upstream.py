"""The packages whose networks ours must equal, imported so that they say nothing. For tests only: the service never does."""

from __future__ import annotations

import contextlib
import importlib
import io
import itertools
import os
import types
import warnings
from typing import Any

from adapters.coqui import prepare_coqui
from tests.instruments import rvc_python


def module(name: str) -> Any:
    """`torchcrepe`, `torchfcpe` or `librosa`."""
    prepare_coqui()  # their torchaudio, beside a torch for processors
    kept = os.environ.get("LRU_CACHE_CAPACITY")
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        found = importlib.import_module(name)
    # torchfcpe sets this for the whole process, and torch's convolutions would remember three shapes only.
    if kept is None:
        os.environ.pop("LRU_CACHE_CAPACITY", None)
    return found


def fcpe() -> Any:
    """torchfcpe's network with its own weights."""
    upstream = module("torchfcpe")
    with contextlib.redirect_stdout(io.StringIO()):
        return upstream.spawn_bundled_infer_model("cpu")


def pipeline() -> Any:
    """rvc-python's `Pipeline`, whose `get_f0` is the reference."""
    module("torchcrepe")
    config = types.SimpleNamespace(x_pad=1, x_query=6, x_center=38, x_max=41, is_half=False, device="cpu")
    return rvc_python.module("modules.vc.pipeline").Pipeline(40_000, config, "")


def f0_of(judge: Any, samples: Any, method: str, *, radius: int = 0, semitones: float = 0) -> tuple[Any, Any]:
    """Coarse and exact pitch as upstream has them.

    Each call has a file name of its own: upstream keeps harvest's pitch by that name, and shifts what it kept in place, so
    that a second call would have the first one's shift in it, too.
    """
    name = f"call {next(_CALLS)}"
    return judge.get_f0(name, samples, len(samples) // 160, semitones, method, radius)


_CALLS = itertools.count()
