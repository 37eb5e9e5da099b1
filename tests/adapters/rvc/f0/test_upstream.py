"""Ours beside the originals: torchcrepe, torchfcpe, librosa's filters, and rvc-python's `get_f0`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from adapters.converters.rvc.f0 import F0Tracker, coarse_pitch, shifted, smoothed
from adapters.converters.rvc.f0.crepe import CrepeTracker
from adapters.converters.rvc.f0.crepe.path import likeliest_path
from adapters.converters.rvc.f0.fcpe import FcpeTracker
from adapters.converters.rvc.f0.mel import filterbank
from adapters.converters.rvc.f0.rmvpe import RmvpeTracker
from tests.adapters.rvc.f0 import upstream
from tests.adapters.rvc.f0.random_rmvpe import random_tensors
from tests.adapters.rvc.f0.sounds import cents, noise, vibrato, voice_like
from tests.instruments import rvc_python
from voicecore.conversion import F0Method

Trackers = dict[F0Method, F0Tracker]


@pytest.fixture(scope="module")
def judge() -> Any:
    return upstream.pipeline()


@pytest.fixture(scope="module")
def said(speech: dict[str, np.ndarray]) -> np.ndarray:
    return speech["female_generic"]


@pytest.mark.parametrize(("htk", "low_hz"), [(True, 30.0), (False, 0.0)])
def test_the_filters_are_librosas(htk: bool, low_hz: float) -> None:
    filters = upstream.module("librosa").filters
    theirs = filters.mel(sr=16_000, n_fft=1_024, n_mels=128, fmin=low_hz, fmax=8_000, htk=htk)
    assert np.abs(filterbank(low_hz=low_hz, htk=htk) - theirs).max() < 1e-8


@pytest.mark.parametrize(("size", "seconds"), [("tiny", 3.0), ("full", 0.25)])
def test_crepes_network_is_torchcrepes(said: np.ndarray, size: Any, seconds: float) -> None:
    import torch

    torchcrepe = upstream.module("torchcrepe")
    heard = said[16_000 : 16_000 + round(seconds * 16_000)]
    (windows,) = torchcrepe.core.preprocess(torch.from_numpy(heard)[None], 16_000, 160)
    with torch.inference_mode():
        theirs = torchcrepe.infer(windows, size).numpy()
    ours = CrepeTracker(size, "cpu").scores(heard, 160)
    loud = ours.any(axis=1)
    assert loud.mean() > 0.8
    assert theirs[loud].max() > 0.5
    assert np.abs(ours - theirs)[loud].max() < 1e-5
    # What ours does not look at is silence, where torchcrepe blows up the last bits until they are as loud as speech.
    assert windows.shape == (len(ours), 1_024)
    assert all(heard[max(0, 160 * i - 512) : 160 * i + 512].std() < 2e-5 for i in np.flatnonzero(~loud))


def test_crepes_path_is_the_one_that_librosa_finds(said: np.ndarray) -> None:
    import torch

    torchcrepe = upstream.module("torchcrepe")
    scores = CrepeTracker("tiny", "cpu").scores(said, 160)
    low, high = 39, 308
    masked = torch.full((1, 360, len(scores)), -float("inf"))
    masked[0, low:high] = torch.from_numpy(scores.T[low:high])
    theirs, _ = torchcrepe.decode.viterbi(masked)
    assert np.array_equal(likeliest_path(scores[:, low:high]) + low, theirs[0].numpy())


@pytest.mark.parametrize("hop", [128, 160, 320])
def test_crepes_track_is_torchcrepes_without_its_noise(said: np.ndarray, trackers: Trackers, hop: int) -> None:
    """Theirs goes through a mean of three after up to 20 cents of noise; so a single frame may be off by as much."""
    import torch

    torchcrepe = upstream.module("torchcrepe")
    found, periodicity = torchcrepe.predict(
        torch.from_numpy(said)[None], 16_000, hop, 50.0, 1_100.0, "tiny", return_periodicity=True
    )
    voiced = torchcrepe.filter.median(periodicity, 3)[0].numpy() >= 0.1
    pitch = torchcrepe.filter.mean(found, 3)[0].numpy()
    places = np.arange(0, len(said) // 160) * 160 // hop
    exact = np.arange(0, len(said) // 160) * 160 % hop == 0
    ours = trackers[F0Method.CREPE_TINY].track(said, len(places), hop_length=hop)[exact]
    theirs = np.where(voiced, pitch, 0)[places][exact]
    assert np.array_equal(ours > 0, theirs > 0)
    both = ours > 0
    assert cents(ours[both], theirs[both]).max() < 40
    assert cents(ours[both], theirs[both]).mean() < 12


@pytest.mark.parametrize("length", [1, 160, 433, 600, 1_024, 1_025, 16_000, 48_000])
def test_fcpes_track_is_torchfcpes(said: np.ndarray, length: int) -> None:
    import torch

    heard = said[8_000 : 8_000 + length]
    theirs = upstream.fcpe().infer(torch.from_numpy(heard)[None, :, None], 16_000, f0_min=50, f0_max=1_100)
    ours = FcpeTracker("cpu").track(heard, len(heard) // 160 + 1)
    assert np.abs(ours - theirs[0, :, 0].numpy()).max() < 2e-3  # Hz


@pytest.fixture(scope="module")
def random_rmvpe(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, RmvpeTracker]:
    """The original and ours, with the same weights."""
    import torch

    module = rvc_python.module("lib.rmvpe")
    tensors = random_tensors(seed=3)
    # Every tensor finds its place, and none is missing: names and shapes are the published ones.
    module.E2E(4, 1, (2, 2)).load_state_dict(tensors, strict=True)
    path = tmp_path_factory.mktemp("original") / "rmvpe.pt"
    torch.save(tensors, path)
    theirs = module.RMVPE(str(path), is_half=False, device="cpu")
    path.unlink()
    return theirs, RmvpeTracker({name: each for name, each in tensors.items() if "num_batches" not in name}, "cpu")


@pytest.mark.parametrize("length", [600, 16_000, 51_111])
def test_rmvpe_is_rvc_pythons(random_rmvpe: tuple[Any, RmvpeTracker], length: int) -> None:
    import torch

    theirs, ours = random_rmvpe
    heard = np.resize(np.concatenate((voice_like(vibrato(200, 1)), noise(1, 0.1))), length)
    with torch.inference_mode():
        mel = theirs.mel_extractor(torch.from_numpy(heard)[None])[0]
        expected = theirs.mel2hidden(mel[None])[0]
        found = ours._network.scores(ours._mel(torch.from_numpy(heard)))
    assert expected.std() > 0.02  # the random network is not asleep
    assert float((found - expected).abs().max()) < 1e-4
    track = theirs.infer_from_audio(heard, thred=0.03)
    assert cents(ours.track(heard, len(track)), track).max() < 0.1


@pytest.mark.parametrize("method", [F0Method.PM, F0Method.HARVEST])
@pytest.mark.parametrize("length", [48_000, 51_234, 30_077])
def test_praat_and_harvest_hear_what_rvc_python_hears(
    judge: Any, trackers: Trackers, said: np.ndarray, method: F0Method, length: int
) -> None:
    heard = said[:length]
    _, theirs = upstream.f0_of(judge, heard.astype(np.float64), method.value)
    ours = trackers[method].track(heard, length // 160)
    assert (theirs > 0).mean() > 0.3
    assert np.abs(ours - theirs[: len(ours)]).max() < 1e-3  # Hz


@pytest.mark.parametrize("semitones", [-12, -3.5, 0, 7, 12])
@pytest.mark.parametrize("radius", [0, 2, 3])
def test_the_synthesiser_is_told_the_pitch_that_rvc_python_tells_it(
    judge: Any, trackers: Trackers, said: np.ndarray, semitones: float, radius: int
) -> None:
    """Median filter, shift and coarse steps together, exactly; on harvest, the only one that upstream filters."""
    coarse, exact = upstream.f0_of(judge, said.astype(np.float64), "harvest", radius=radius, semitones=semitones)
    frames = len(said) // 160
    ours = shifted(smoothed(trackers[F0Method.HARVEST].track(said, frames), radius), semitones)
    assert np.abs(ours - exact[:frames]).max() < 1e-3
    assert np.array_equal(coarse_pitch(ours), coarse[:frames])
