"""Perth itself, with its weights (nox -s torch)."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from adapters.audio import SandboxedCodec
from adapters.watermarks.perth import PerthWatermarker, network
from voicecore.audio import Audio
from voicecore.errors import MissingDependency, ModelCorrupt
from voicecore.ports import AudioCodec, Watermarker
from voicecore.testing.contracts.audio_codec import speech_like
from voicecore.testing.contracts.watermarker import WatermarkerContract


class TestPerth(WatermarkerContract):
    #: Its mark follows the loudness of each frequency, where it is masked; 13.4 dB of this sound were measured.
    least_snr_db = 12.0

    @classmethod
    def make_watermarker(cls) -> Watermarker:
        return PerthWatermarker()

    @classmethod
    def make_codec(cls) -> AudioCodec:
        return SandboxedCodec()

    @classmethod
    def make_speech(cls) -> Sequence[Audio]:
        return [Audio(speech_like(5.0, 24_000), 24_000)]

    def test_what_lies_above_its_band_is_left_alone(self, watermarker: Watermarker) -> None:
        time_s = np.arange(2 * 48_000) / 48_000
        high = Audio((0.2 * np.sin(2 * np.pi * 19_000 * time_s)).astype(np.float32), 48_000)
        marked = watermarker.mark(high).samples
        spectrum = np.abs(np.fft.rfft(marked * np.hanning(len(marked))))
        plain = np.abs(np.fft.rfft(high.samples * np.hanning(len(marked))))
        assert spectrum[2 * 19_000] == pytest.approx(plain[2 * 19_000], rel=0.02)


def test_without_the_package_or_with_other_weights_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sys, "path", [str(tmp_path)])
        patched.delitem(sys.modules, "perth", raising=False)
        with pytest.raises(MissingDependency, match="is not installed"):
            network.load()
    weights = tmp_path / "perth" / network.WEIGHTS
    weights.parent.mkdir(parents=True)
    (tmp_path / "perth" / "__init__.py").write_text("", "utf-8")
    weights.write_bytes(b"other weights")
    with monkeypatch.context() as patched:
        patched.setattr(sys, "path", [str(tmp_path)])
        patched.delitem(sys.modules, "perth", raising=False)
        with pytest.raises(ModelCorrupt, match="not those of version"):
            network.load()
    shutil.rmtree(tmp_path / "perth")
