"""The two sides of the RVC benchmark: rvc-python's pipeline and networks, and the converter, with the same weights and sound.

rvc-python 0.1.5 is not installed whole (docs/adr/0014): its own pipeline, synthesiser, index and loudness run; in place of
fairseq stands transformers' HuBERT, the same network. It has no fcpe, so for that pitch both sides use ours.
"""

from __future__ import annotations

import itertools
import sys
import time
import warnings
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
#: The instruments that tests have; the package under measurement is the installed one.
sys.path.insert(0, str(ROOT))

from tests.instruments import rvc_python, rvc_speech, tiny_contentvec, tiny_rvc  # noqa: E402

from adapters.converters.rvc import stored  # noqa: E402
from adapters.converters.rvc.converter import RvcConverter  # noqa: E402
from adapters.converters.rvc.f0.coarse import coarse_pitch  # noqa: E402
from adapters.converters.rvc.pitch import PitchTrackers  # noqa: E402
from adapters.coqui import prepare_coqui  # noqa: E402
from voicecore import Audio  # noqa: E402
from voicecore.conversion import ConversionSettings, F0Method  # noqa: E402
from voicecore.engine_settings import EngineSettings, Precision  # noqa: E402
from voicecore.ports import ModelParts  # noqa: E402

#: Vectors of an index; a voice that was trained for ten minutes has 10 000 to 30 000.
VECTORS = 20_000
_NAMES = itertools.count()


def make(folder: Path, *, full: bool) -> Path:
    """A folder of models with a random content encoder in it."""
    models_dir = folder / "models"
    models_dir.mkdir(parents=True, exist_ok=True)
    tiny_contentvec.write(models_dir, tiny_contentvec.FULL if full else tiny_contentvec.TINY)
    return models_dir


def voice(*, full: bool, seed: int = 0) -> ModelParts:
    """A random voice of RVC v2 at 40 kHz with an index."""
    return rvc_speech.parts("v2", 40_000, vectors=VECTORS if full else 500, seed=seed, full=full)


def speech(seconds: float) -> Audio:
    """Buzzing syllables at 16 kHz."""
    return rvc_speech.speech(seconds)


def settings(method: F0Method, *, model: str = "one", index: bool = True) -> ConversionSettings:
    """The defaults, with this pitch tracker."""
    return ConversionSettings(model_id=model, f0_method=method, index_rate=0.75 if index else 0.0)


class Ours:
    """The converter, opened as the service opens it."""

    def __init__(self, models_dir: Path, *, precision: Precision, device: str, threads: int) -> None:
        chosen = EngineSettings(models_dir=models_dir, device=device, precision=precision)
        self.name = str(precision)
        self.converter = RvcConverter.open(chosen, threads=threads)

    def load(self, name: str, parts: ModelParts) -> float:
        """Seconds it took."""
        began = time.perf_counter()
        self.converter.load(name, parts)
        return time.perf_counter() - began

    def convert(self, audio: Audio, wanted: ConversionSettings) -> float:
        """Seconds of work."""
        began = time.perf_counter()
        self.converter.convert(audio, wanted)
        return time.perf_counter() - began


class Upstream:
    """rvc-python's pipeline. It reads its index from the disk at every call, as it always does."""

    name = "rvc-python"

    def __init__(self, parts: ModelParts, folder: Path, *, full: bool, device: str = "cpu") -> None:
        prepare_coqui()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = rvc_python.module("modules.vc.pipeline")
        given = stored.open_voice(parts)
        self.config = given.config
        numbers = tiny_rvc.config_list(self.config.version, self.config.sample_rate_hz, full=full)
        self.network = rvc_python.filled(numbers, self.config.version, given.tensors, f0=True).to(device)
        architecture = tiny_contentvec.FULL if full else tiny_contentvec.TINY
        self.hubert = _with_fairseqs_face(tiny_contentvec.upstream(architecture).to(device))
        machine = SimpleNamespace(x_pad=1, x_query=6, x_center=38, x_max=41, is_half=False, device=device)
        self.pipeline = module.Pipeline(self.config.sample_rate_hz, machine, "")
        self.own_pitch = self.pipeline.get_f0
        self.trackers = PitchTrackers(models_dir=None, device="cpu")
        self._index: Path | None = None
        self._make_index = partial(tiny_rvc.make_index, folder, self.config.content_width, VECTORS if full else 500)

    def convert(self, audio: Audio, wanted: ConversionSettings) -> float:
        """Seconds of work."""
        ours = wanted.f0_method not in (F0Method.HARVEST, F0Method.PM)
        self.pipeline.get_f0 = self._our_pitch(wanted) if ours else self.own_pitch
        samples = audio.samples.astype(np.float64)
        if wanted.index_rate and self._index is None:
            self._index = self._make_index()
        index = str(self._index) if wanted.index_rate else ""
        began = time.perf_counter()
        # A name of its own for each sound: rvc-python remembers harvest's pitch by it.
        self.pipeline.pipeline(
            self.hubert, self.network, 0, samples, f"sound {next(_NAMES)}", [0, 0, 0], wanted.pitch,
            wanted.f0_method.value, index, wanted.index_rate, 1, wanted.filter_radius, self.config.sample_rate_hz, 0,
            wanted.rms_mix_rate, self.config.version, wanted.protect,
        )  # fmt: skip
        return time.perf_counter() - began

    def _our_pitch(self, wanted: ConversionSettings) -> Any:
        def get_f0(_path: str, x: np.ndarray, p_len: int, *_rest: Any) -> tuple[np.ndarray, np.ndarray]:
            track = self.trackers.track(wanted.f0_method, x.astype(np.float32), p_len, wanted)
            return coarse_pitch(track), track

        return get_f0


def _with_fairseqs_face(network: Any) -> Any:
    def extract_features(source: Any, padding_mask: Any, output_layer: int) -> tuple[Any, None]:  # noqa: ARG001 - its face
        return network(source, output_hidden_states=True).hidden_states[output_layer], None

    return SimpleNamespace(extract_features=extract_features, final_proj=network.final_proj)
