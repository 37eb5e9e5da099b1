"""The whole way beside rvc-python's: the same weights, the same sound, the same numbers drawn give the same speech.

rvc-python 0.1.5 runs its own pipeline, networks, index and loudness here. In place of fairseq stands transformers' HuBERT with
the weights of our content encoder. Its second of padding and its lengths are ours in these tests (`context_s`, `ends_s`, `even_lengths`),
since what a network that hears everything says depends on all that it hears.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from adapters.converters.rvc import stored
from adapters.converters.rvc.content import stored as content_files
from adapters.converters.rvc.content.encoder import ContentEncoder
from adapters.converters.rvc.converter import RvcConverter, _Work
from adapters.converters.rvc.f0.coarse import coarse_pitch
from adapters.converters.rvc.heard import without_rumble
from adapters.converters.rvc.pitch import PitchTrackers
from adapters.converters.rvc.voices import LoadedVoices
from tests.instruments import rvc_python, tiny_contentvec
from tests.instruments.rvc_speech import index_vectors, parts, speech, write_index
from voicecore.audio import Audio
from voicecore.conversion import ConversionSettings, F0Method
from voicecore.engine_settings import Precision

#: 16 kHz, whole frames, and so long that rvc-python, which loses up to two frames at the end, loses one.
SOUND = Audio(speech(2.5).samples[: 320 * 120 + 160], 16_000)
NAMES = itertools.count()


@pytest.fixture(scope="module")
def converter(contentvec_models: Path) -> RvcConverter:
    """Ours, with rvc-python's padding of a second."""
    encoder = ContentEncoder.open(content_files.find(contentvec_models))
    voices = LoadedVoices(limit_bytes=1 << 30, device="cpu", precision=Precision.EXACT)
    return RvcConverter(
        encoder, PitchTrackers(models_dir=None, device="cpu"), voices, context_s=1.0, ends_s=1.0, even_lengths=False
    )


@pytest.fixture(scope="module")
def hubert() -> Any:
    """transformers' HuBERT with fairseq's face."""
    network = tiny_contentvec.upstream()

    def extract_features(source: torch.Tensor, padding_mask: Any, output_layer: int) -> tuple[torch.Tensor, None]:
        return network(source, output_hidden_states=True).hidden_states[output_layer], None

    return SimpleNamespace(extract_features=extract_features, final_proj=network.final_proj)


def by_rvc_python(
    module: Any, hubert: Any, given: Any, audio: Audio, settings: ConversionSettings, index: Path | None,
    trackers: PitchTrackers | None = None,
) -> np.ndarray:  # fmt: skip
    """Samples in [-1, 1] of rvc-python's pipeline; with `trackers`, the pitch is ours, and what it does to it too."""
    voice = stored.open_voice(given)
    config = voice.config
    numbers = [getattr(config, name) for name in list(config.as_document())[:18]]
    network = rvc_python.filled(numbers, config.version, voice.tensors, f0=config.f0)
    machine = SimpleNamespace(x_pad=1, x_query=6, x_center=38, x_max=41, is_half=False, device="cpu")
    pipeline = module.Pipeline(config.sample_rate_hz, machine, "")
    if trackers is not None:

        def get_f0(_path: str, x: np.ndarray, p_len: int, *_rest: Any) -> tuple[np.ndarray, np.ndarray]:
            track = trackers.track(settings.f0_method, x.astype(np.float32), p_len, settings)
            return coarse_pitch(track), track

        pipeline.get_f0 = get_f0
    torch.manual_seed(settings.seed)
    # A name of its own for each sound: rvc-python remembers harvest's pitch by it.
    made = pipeline.pipeline(
        hubert, network, 0, audio.samples.astype(np.float64), f"sound {next(NAMES)}", [0, 0, 0], settings.pitch,
        settings.f0_method.value, str(index or ""), settings.index_rate, int(config.f0), settings.filter_radius,
        config.sample_rate_hz, 0, settings.rms_mix_rate, config.version, settings.protect,
    )  # fmt: skip
    return made.astype(np.float64) / 32768


def by_us(converter: RvcConverter, given: Any, audio: Audio, settings: ConversionSettings, length: int) -> np.ndarray:
    """Ours, for so many samples: loudness is stretched over the whole length, so the lengths must be the same."""
    converter.load(settings.model_id, given)
    voice = converter._opened()[2].use(settings.model_id)
    work = _Work(voice, settings, settings.f0_method)
    return converter._converted(without_rumble(audio.samples), length, work)[0]


KINDS = [("v1", 40_000, True), ("v2", 32_000, True), ("v2", 40_000, True), ("v2", 48_000, True),
         ("v1", 32_000, False), ("v1", 48_000, False), ("v2", 40_000, False)]  # fmt: skip


@pytest.mark.parametrize(("version", "rate", "f0"), KINDS)
def test_every_kind_of_voice_sounds_as_rvc_python_makes_it(
    converter: RvcConverter, hubert: Any, upstream_pipeline: Any, tmp_path: Path, version: str, rate: int, f0: bool
) -> None:
    """With index, protection and a quarter of its own loudness; the pitch by rvc-python's harvest and ours."""
    given = parts(version, rate, f0=f0, vectors=300)
    index = write_index(tmp_path / "added.index", index_vectors(256 if version == "v1" else 768, 300))
    settings = ConversionSettings(
        model_id=f"{version} {rate} {f0}", pitch=2, index_rate=0.6, protect=0.2, rms_mix_rate=0.25,
        f0_method=F0Method.HARVEST, seed=5,
    )  # fmt: skip
    theirs = by_rvc_python(upstream_pipeline, hubert, given, SOUND, settings, index)
    ours = by_us(converter, given, SOUND, settings, len(theirs))
    assert len(theirs) >= 0.99 * len(SOUND.samples) * rate / 16_000
    assert np.abs(theirs).max() > 0.05
    # 1/32768 of it is rvc-python's rounding to 16 bits.
    assert np.abs(ours - theirs).max() < 1e-4 + 1 / 32768


KNOBS = [
    {"index_rate": 0.0}, {"index_rate": 1.0}, {"protect": 0.0}, {"protect": 0.5}, {"rms_mix_rate": 0.0},
    {"rms_mix_rate": 1.0}, {"pitch": -7.0}, {"pitch": 12.0}, {"filter_radius": 0}, {"filter_radius": 3}, {"seed": 1},
    {"f0_method": F0Method.PM, "filter_radius": 0}, {"f0_method": F0Method.DIO}, {"f0_method": F0Method.SWIFT},
    {"f0_method": F0Method.CREPE_TINY, "hop_length": 320},
]  # fmt: skip


@pytest.mark.parametrize(
    "knob", KNOBS, ids=[" ".join(f"{name}={value}" for name, value in each.items()) for each in KNOBS]
)
def test_every_knob_acts_where_it_acts_in_rvc_python(
    converter: RvcConverter, hubert: Any, upstream_pipeline: Any, tmp_path: Path, knob: dict[str, Any]
) -> None:
    given = parts(vectors=300)
    index = write_index(tmp_path / "added.index", index_vectors(768, 300))
    settings = ConversionSettings(
        **{"model_id": "knobs", "index_rate": 0.75, "protect": 0.33, "f0_method": F0Method.HARVEST} | knob
    )
    # rvc-python has neither dio nor swift nor a hop; pm and harvest it has, and filters the pitch of harvest only.
    own = settings.f0_method not in (F0Method.HARVEST, F0Method.PM)
    theirs = by_rvc_python(
        upstream_pipeline, hubert, given, SOUND, settings, index, converter._opened()[1] if own else None
    )
    ours = by_us(converter, given, SOUND, settings, len(theirs))
    assert np.abs(ours - theirs).max() < 1e-4 + 1 / 32768


def test_a_request_gives_what_rvc_python_gives_and_the_end_that_it_loses(
    converter: RvcConverter, hubert: Any, upstream_pipeline: Any
) -> None:
    settings = ConversionSettings(model_id="request", f0_method=F0Method.HARVEST, rms_mix_rate=1, seed=9)
    theirs = by_rvc_python(upstream_pipeline, hubert, parts(), SOUND, settings, None)
    converter.load("request", parts())
    ours, report = converter.convert(SOUND, settings)
    assert len(ours.samples) == round(len(SOUND.samples) * 2.5) > len(theirs)
    assert np.abs(ours.samples[: len(theirs)] - theirs).max() < 1e-4 + 1 / 32768
    assert (report.index_used, report.reason) == (False, "The model has no index.")
