"""Upstream's network, loaded with care. Imported in the watermark's process only, since it imports torch.

What upstream does not say: it declares no dependencies; it asks `pkg_resources`, which newer setuptools do not have, where its
weights lie; and where any import fails its class is None, so that a program that trusts it marks nothing, in silence.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from adapters.coqui import import_torchaudio
from adapters.watermarks.perth.wire import SILENT
from voicecore.audio import Samples
from voicecore.errors import MissingDependency, ModelCorrupt

#: Of the weights in the wheel of 1.0.1. They are a pickle: nothing else than these bytes is ever loaded.
WEIGHTS_SHA256 = "a15bce457ebc53ce5e6c9c3f11df78cf7ee2bf9cdab0a798902135b4c4027670"
WEIGHTS = "perth_net/pretrained/implicit/perth_net_250000.pth.tar"
INSTALL = "pip install 'voicecore[watermark]'"
#: The network's window is 2048 samples at 32 kHz, and it mirrors half of it at both ends.
_LEAST_S = 0.2
_RATE_HZ = 32_000


def load(threads: int = 1) -> Any:
    """Upstream's watermarker. Raises `MissingDependency`, or `ModelCorrupt` for weights that are not those of 1.0.1."""
    found = importlib.util.find_spec("perth")
    if found is None or found.origin is None:
        raise MissingDependency(f"The watermark 'perth' is not installed: {INSTALL}.")
    weights = Path(found.origin).parent / WEIGHTS
    if not weights.is_file() or hashlib.sha256(weights.read_bytes()).hexdigest() != WEIGHTS_SHA256:
        raise ModelCorrupt(f"The weights of the watermark 'perth' are not those of version 1.0.1: {INSTALL} again.")
    _provide_pkg_resources()
    try:
        import torch  # noqa: PLC0415 - heavy, and perhaps absent

        torch.set_num_threads(threads)
        import_torchaudio()
        # Not from the package: there the class is None, and the reason is gone.
        module = importlib.import_module("perth.perth_net.perth_net_implicit.perth_watermarker")
        return module.PerthImplicitWatermarker()
    except Exception as error:
        raise MissingDependency(
            f"The watermark 'perth' cannot be used ({type(error).__name__}: {error}): {INSTALL}."
        ) from error


def _provide_pkg_resources() -> None:
    """The one function of it that upstream calls, where setuptools does not bring it any more."""
    if importlib.util.find_spec("pkg_resources") is not None:
        return

    def resource_filename(package: str, name: str) -> str:
        return str(Path(sys.modules[package].__file__ or "").parent / name)

    stand_in = ModuleType("pkg_resources")
    stand_in.resource_filename = resource_filename  # type: ignore[attr-defined]
    sys.modules["pkg_resources"] = stand_in


def marked(network: Any, samples: Samples, rate_hz: int) -> Samples:
    """The same sound with the mark, as long to a sample. Silence stays as it is.

    The network knows 32 kHz only. What it adds there is added to the sound at its own rate, so that nothing above 16 kHz is lost.
    """
    if not samples.size or float(np.abs(samples).max()) < SILENT:
        return samples
    # What the transform cuts off at the end is silence of ours.
    padded = np.concatenate([samples, np.zeros(max(2_048, round(_LEAST_S * rate_hz)), np.float32)])
    plain = _at_rate(padded, rate_hz, _RATE_HZ)
    out = np.asarray(network.apply_watermark(plain, _RATE_HZ), np.float32)
    shared = min(len(plain), len(out))
    added = _at_rate(out[:shared] - plain[:shared], _RATE_HZ, rate_hz)
    if len(added) < len(samples) or not np.isfinite(added).all():
        raise ValueError("the network lost some of the sound")
    marked_samples: Samples = np.clip(samples + added[: len(samples)], -1.0, 1.0).astype(np.float32)
    return marked_samples


def _at_rate(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    if from_hz == to_hz:
        return samples
    resampled = importlib.import_module("librosa").resample(samples, orig_sr=from_hz, target_sr=to_hz)
    return np.asarray(resampled, np.float32)


def score(network: Any, samples: Samples, rate_hz: int) -> float:
    """0..1, as the network says it; 0 for what is too short or too quiet to have a mark."""
    if len(samples) < round(_LEAST_S * rate_hz) or float(np.abs(samples).max()) < SILENT:
        return 0.0
    return float(np.ravel(network.get_watermark(samples, rate_hz, round=False))[0])
