"""The converter as a job uses it: small voices, everything else as in service."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adapters.converters.rvc.converter import RvcConverter
from adapters.converters.rvc.f0 import trackers as opening
from adapters.converters.rvc.f0.trackers import unavailable
from tests.instruments.rvc_speech import parts, speech
from voicecore.audio import Audio
from voicecore.conversion import ConversionSettings, F0Method
from voicecore.engine_settings import EngineSettings, Precision
from voicecore.errors import EngineFailed, InvalidAudio, MissingDependency, MissingModel, ModelCorrupt, NotFound
from voicecore.ports import ModelParts
from voicecore.testing.contracts.model_converter import MODEL, OTHER, ModelConverterContract

PLAIN = ConversionSettings(model_id="ana", f0_method=F0Method.SWIFT)
INDEXED = ConversionSettings(model_id="bia", f0_method=F0Method.SWIFT)


@pytest.fixture(scope="module")
def shared(contentvec_models: Path) -> Iterator[RvcConverter]:
    """One converter with two voices, for tests that do not change it."""
    with opened(contentvec_models) as converter:
        converter.load("ana", parts())
        converter.load("bia", parts("v1", vectors=100, seed=1))
        yield converter


def opened(models_dir: Path, **settings: Any) -> RvcConverter:
    return RvcConverter.open(EngineSettings(models_dir=models_dir, device="cpu", **settings))


def heard(converter: RvcConverter, settings: ConversionSettings, audio: Audio | None = None) -> np.ndarray:
    return converter.convert(audio or speech(1.0), settings)[0].samples


class TestRvc(ModelConverterContract):
    @pytest.fixture(autouse=True)
    def _models(self, contentvec_models: Path) -> None:
        self.models_dir = contentvec_models

    def open_converter(self) -> RvcConverter:
        return opened(self.models_dir)

    def model(self) -> ModelParts:
        return parts(vectors=100)

    def other_model(self) -> ModelParts:
        return parts("v1", vectors=100, seed=1)

    def unindexed_model(self) -> ModelParts:
        return parts(seed=2)

    @pytest.fixture
    def settings(self) -> ConversionSettings:
        return ConversionSettings(model_id=MODEL, f0_method=F0Method.SWIFT)

    @pytest.fixture
    def other_settings(self) -> ConversionSettings:
        return ConversionSettings(model_id=OTHER, f0_method=F0Method.SWIFT)


@pytest.mark.parametrize(
    "changes",
    [
        {"pitch": 5}, {"index_rate": 0.0}, {"index_rate": 1.0}, {"protect": 0.0}, {"rms_mix_rate": 1.0}, {"filter_radius": 7},
        {"seed": 7}, {"f0_method": F0Method.HARVEST}, {"f0_method": F0Method.CREPE_TINY},
    ],
    ids=str,
)  # fmt: skip
def test_every_setting_changes_what_is_heard(shared: RvcConverter, changes: dict[str, Any]) -> None:
    other = heard(shared, dataclasses.replace(INDEXED, **changes))
    assert np.abs(other - heard(shared, INDEXED)).max() > 1e-4


def test_the_hop_matters_to_crepe_alone(shared: RvcConverter) -> None:
    def with_hop(method: F0Method, hop: int) -> np.ndarray:
        return heard(shared, dataclasses.replace(PLAIN, f0_method=method, hop_length=hop))

    assert not np.array_equal(with_hop(F0Method.CREPE_TINY, 64), with_hop(F0Method.CREPE_TINY, 512))
    assert np.array_equal(with_hop(F0Method.SWIFT, 64), with_hop(F0Method.SWIFT, 512))


def test_the_report_says_whether_the_index_was_used_and_if_not_why(shared: RvcConverter) -> None:
    def use(settings: ConversionSettings, audio: Audio | None = None) -> tuple[bool | None, str]:
        report = shared.convert(audio or speech(0.6), settings)[1]
        return report.index_used, report.reason

    assert use(INDEXED) == (True, "")
    assert use(dataclasses.replace(INDEXED, index_rate=0)) == (False, "rvc_index_rate is 0.")
    assert use(PLAIN) == (False, "The model has no index.")
    assert use(INDEXED, Audio(np.zeros(16_000, np.float32), 16_000)) == (False, "The audio is silent.")


def test_rmvpe_without_weights_is_fcpe_and_the_report_says_so_with_the_command(shared: RvcConverter) -> None:
    default, report = shared.convert(speech(1.0), ConversionSettings(model_id="ana"))
    assert np.array_equal(default.samples, heard(shared, dataclasses.replace(PLAIN, f0_method=F0Method.FCPE)))
    (note,) = report.notes
    assert "fcpe, not with rmvpe" in note
    assert "voicecore models pull rmvpe" in note


def test_any_other_method_that_is_not_here_is_refused(contentvec_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_PACKAGES", {F0Method.DIO: {"no_such_module": "no-such-package"}})
    assert unavailable(F0Method.DIO, None)
    with opened(contentvec_models) as converter:
        converter.load("ana", parts())
        with pytest.raises(MissingDependency, match="no-such-package"):
            converter.convert(speech(1.0), dataclasses.replace(PLAIN, f0_method=F0Method.DIO))


def test_a_model_without_pitch_needs_no_tracker_and_says_what_had_no_effect(contentvec_models: Path) -> None:
    with opened(contentvec_models) as converter:
        converter.load("flat", parts(f0=False))
        once, report = converter.convert(speech(1.0), ConversionSettings(model_id="flat", pitch=4))
        again = converter.convert(speech(1.0), ConversionSettings(model_id="flat", f0_method=F0Method.PM))[0]
    assert np.array_equal(once.samples, again.samples)
    assert once.peak > 0.01
    assert ["rvc_pitch" in note for note in report.notes] == [True]


@pytest.mark.parametrize("method", [F0Method.PM, F0Method.SWIFT, F0Method.FCPE])
@pytest.mark.parametrize("level", [0.02, 0.25])
def test_noise_alone_becomes_finite_sound_no_louder_than_it_and_the_report_says_whether_it_whispers(
    shared: RvcConverter, method: F0Method, level: float
) -> None:
    samples = np.clip(level * np.random.default_rng(0).standard_normal(48_000), -1, 1).astype(np.float32)
    as_loud = dataclasses.replace(PLAIN, f0_method=method, rms_mix_rate=0)
    made, report = shared.convert(Audio(samples, 16_000), as_loud)
    assert np.isfinite(made.samples).all()
    assert len(made.samples) == 120_000
    assert made.samples.std() < 1.2 * samples.std()
    # FCPE hears a tone in loud noise, as its makers left it (docs/rvc.md): then the voice sings it, which is told.
    # SwiftF0 hears one for some frames, and where depends on the last of the samples.
    whispers = f"No pitch was found in the audio by {method.value}, so the voice whispers."
    if method is not F0Method.SWIFT:
        hums = method is F0Method.FCPE and level > 0.1
        assert (whispers in report.notes) != hums
        assert any("hums" in note for note in report.notes) == hums
    assert (report.index_used, report.reason) == (False, "The model has no index.")
    free = shared.convert(Audio(samples, 16_000), dataclasses.replace(as_loud, rms_mix_rate=1))[0]
    assert np.isfinite(free.samples).all()
    assert free.peak <= 0.99


def test_long_speech_goes_in_pieces_and_comes_out_whole(shared: RvcConverter) -> None:
    audio = speech(24.0)
    made, _ = shared.convert(audio, PLAIN)
    assert len(made.samples) == round(len(audio.samples) * 2.5)
    again, _ = shared.convert(audio, PLAIN)
    assert np.array_equal(made.samples, again.samples)
    loud = np.abs(made.samples).reshape(-1, 20_000).max(axis=1)
    assert loud.min() > 1e-3


def test_a_silent_stretch_between_speech_stays_silent(shared: RvcConverter) -> None:
    samples = np.concatenate([speech(1.5).samples, np.zeros(3 * 16_000, np.float32), speech(1.5, seed=2).samples])
    made, _ = shared.convert(Audio(samples, 16_000), PLAIN)
    assert np.abs(made.samples[round(2.6 * 40_000) : round(3.4 * 40_000)]).max() < 1e-3


@pytest.mark.parametrize("seconds", [0.01, 0.499])
def test_too_little_is_refused(shared: RvcConverter, seconds: float) -> None:
    with pytest.raises(InvalidAudio, match=r"0\.5 s"):
        shared.convert(speech(seconds), PLAIN)


def test_three_hours_are_refused(shared: RvcConverter) -> None:
    hours = Audio(np.full(3 * 3_600 * 8_000, 0.1, np.float32), 8_000)
    with pytest.raises(InvalidAudio, match="10800 s; give at most 7200 s"):
        shared.convert(hours, PLAIN)


def test_a_model_that_is_not_loaded_is_not_found(shared: RvcConverter) -> None:
    assert not shared.holds("nobody")
    with pytest.raises(NotFound, match="nobody"):
        shared.convert(speech(1.0), dataclasses.replace(PLAIN, model_id="nobody"))


def test_the_voices_used_last_stay_and_the_others_make_room(contentvec_models: Path) -> None:
    with opened(contentvec_models, rvc_cache_mb=0) as converter:
        for name in ("one", "two"):
            converter.load(name, parts(seed=len(name) + ord(name[0])))
        assert (converter.holds("one"), converter.holds("two")) == (False, True)
    with opened(contentvec_models) as converter:
        size = loaded_bytes(converter, "one", parts(seed=1))
        converter._opened()[2]._limit_bytes = 2 * size + 1_000
        converter.load("two", parts(seed=2))
        converter.convert(speech(0.5), dataclasses.replace(PLAIN, model_id="one"))
        converter.load("three", parts(seed=3))
        assert [converter.holds(name) for name in ("one", "two", "three")] == [True, False, True]


def loaded_bytes(converter: RvcConverter, name: str, given: ModelParts) -> int:
    converter.load(name, given)
    return converter._opened()[2].nbytes


def test_two_ids_of_the_same_bytes_are_one_voice_in_memory(contentvec_models: Path) -> None:
    with opened(contentvec_models) as converter:
        once = loaded_bytes(converter, "one", parts())
        assert loaded_bytes(converter, "again", parts()) == once
        assert np.array_equal(
            heard(converter, dataclasses.replace(PLAIN, model_id="one")),
            heard(converter, dataclasses.replace(PLAIN, model_id="again")),
        )


def test_bytes_that_are_no_voice_are_refused_and_the_others_stay(shared: RvcConverter) -> None:
    good = parts()
    for bad in (ModelParts(b""), ModelParts(good.voice[:-1]), ModelParts(good.voice, b"index")):
        with pytest.raises(ModelCorrupt):
            shared.load("bad", bad)
    assert not shared.holds("bad")
    assert shared.holds("ana")


def test_when_memory_runs_out_half_way_the_next_conversion_is_as_good_as_ever(
    shared: RvcConverter, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = heard(shared, PLAIN)
    encoder = shared._opened()[0]
    with monkeypatch.context() as patch:
        patch.setattr(encoder, "encode", out_of_memory)
        with pytest.raises(EngineFailed, match="could not convert"):
            shared.convert(speech(1.0), PLAIN)
    assert np.array_equal(heard(shared, PLAIN), before)


def out_of_memory(*_: object) -> None:
    raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")


def test_bf16_sounds_nearly_the_same(contentvec_models: Path, shared: RvcConverter) -> None:
    with opened(contentvec_models, precision=Precision.BF16) as coarse:
        coarse.load("ana", parts())
        rounded, exact = heard(coarse, PLAIN), heard(shared, PLAIN)
    assert 0 < np.abs(rounded - exact).max() < 0.2
    assert np.corrcoef(rounded, exact)[0, 1] > 0.98


def test_without_weights_of_the_encoder_nothing_opens(tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match="voicecore models pull contentvec"):
        opened(tmp_path)
