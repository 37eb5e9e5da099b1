"""The OpenVoice converter: speech keeps its words, rhythm and melody and gets another voice's colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from adapters import torch_device
from adapters.coqui import prepare_coqui
from voicecore.audio import Audio, Samples, silence
from voicecore.engine_settings import EngineSettings
from voicecore.errors import EngineFailed, InvalidAudio, InvalidInput, MissingDependency, ModelCorrupt
from voicecore.ports import ConversionReport
from voicecore.tone_colour import SILENT_BELOW, ToneSettings, check_reference, check_speech
from voicecore.voice import VoicePrint

from . import stored
from .config import read_sizes
from .network import context_frames, empty_network, fill
from .passes import Passes

NAME = "openvoice"
#: Name of the speaker embedding in a print, as in OpenVoice's own files.
EMBEDDING = "se"
#: Seconds that a window keeps. With the released sizes 1.3 s of context come on each side, so a fifth of the work is done
#: twice, and the largest activation (32 channels at the sample rate) has about 40 MB.
WINDOW_S = 12.0


class OpenVoiceConverter:
    """`voicecore.ports.ToneConverter` by OpenVoice v2. Open one with `OpenVoiceConverter.open`.

    Always float32, whatever `EngineSettings.precision` says: the trade of quality was not measured. On a processor, the same
    call gives the same sound bit for bit; graphics cards do not promise that.
    """

    name = NAME

    def __init__(self, passes: Passes, *, model_digest: str, sample_rate_hz: int) -> None:
        self._passes: Passes | None = passes
        self._model_digest = model_digest
        self._sample_rate_hz = sample_rate_hz

    @classmethod
    def open(cls, settings: EngineSettings, *, threads: int | None = None, window_s: float = WINDOW_S) -> Self:
        """Load the converter from `settings.models_dir`/openvoice, after checking every file against its lock.

        Args:
            threads: of torch, for this whole process; None leaves them.
            window_s: seconds of speech that are computed together; memory grows with it, the sound does not change.

        Raises:
            MissingModel: if there are no weights.
            MissingDependency: if torch or coqui-tts is missing, or the device.
            ModelCorrupt: if a file is not what was taken in.
        """
        files = stored.check(stored.find(settings.models_dir))
        sizes = read_sizes(files.config)
        network = fill(empty_network(sizes), _read(files), str(files.checkpoint))
        device = torch_device.choose(settings.device)
        torch_device.use_threads(threads)
        context = context_frames(network)
        passes = Passes(
            network.to(device), device=device, context=context,
            kept=max(1, round(window_s * sizes.sample_rate_hz / sizes.hop_length)),
        )  # fmt: skip
        return cls(passes, model_digest=files.model_digest, sample_rate_hz=sizes.sample_rate_hz)

    @property
    def model_digest(self) -> str:
        """sha256 of the weights and their settings, in hex."""
        return self._model_digest

    @property
    def sample_rate_hz(self) -> int:
        """Of everything that it makes; 22 050 in the released models."""
        return self._sample_rate_hz

    def learn(self, clips: Sequence[Audio]) -> VoicePrint:
        """The voice of the clips, 5 to 300 s together: one speaker embedding.

        Raises:
            InvalidAudio: if they are too short, too long or silent.
            EngineFailed: if the network ran out of memory.
        """
        check_reference(sum(clip.duration_s for clip in clips))
        embedding = self._embedded([self._at_rate(clip) for clip in clips if clip.samples.size])
        if embedding is None:
            raise InvalidAudio("The reference is silent; give recordings of the voice to be put on.")
        return VoicePrint(NAME, self._model_digest, {EMBEDDING: embedding})

    def convert(self, audio: Audio, settings: ToneSettings) -> tuple[Audio, ConversionReport]:
        """The speech in the target's tone colour, at `sample_rate_hz`, as long as the audio to a sample.

        Raises:
            InvalidAudio: below 0.5 s.
            InvalidInput: for a print of another converter or model.
            EngineFailed: if the network ran out of memory or made no sound.
        """
        passes = self._open_passes()
        check_speech(audio.duration_s)
        target = self._embedding(settings.target, "target")
        given = None if settings.source is None else self._embedding(settings.source, "source")
        samples = self._at_rate(audio)
        # What is only above the converter's rate is silence to it.
        learned = self._embedded([samples]) if given is None else given
        if learned is None or np.abs(samples).max() <= SILENT_BELOW:
            still = silence(len(samples) / self._sample_rate_hz, self._sample_rate_hz)
            note = "The audio is silent, so there was no voice to convert."
            return Audio(still, self._sample_rate_hz), ConversionReport(notes=(note,))
        try:
            made = passes.convert(samples, learned, target, settings.tau, settings.seed)
        except RuntimeError as error:  # torch says so when memory is out
            raise EngineFailed(f"OpenVoice could not convert {audio.duration_s:.1f} s: {str(error)[:200]}") from error
        if not np.isfinite(made).all():
            raise EngineFailed("OpenVoice made values that are not finite numbers; convert without this reference.")
        return Audio(made, self._sample_rate_hz), ConversionReport()

    def close(self) -> None:
        """Give back memory. Idempotent."""
        self._passes = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _embedded(self, clips: Sequence[Samples]) -> Samples | None:
        """The speaker embedding of clips at the converter's rate; None for silence."""
        passes = self._open_passes()
        try:
            return passes.embed(clips)
        except RuntimeError as error:  # torch says so when memory is out
            raise EngineFailed(f"OpenVoice could not learn the voice: {str(error)[:200]}") from error

    def _embedding(self, voice: VoicePrint, role: str) -> Samples:
        """The embedding in a print that this very model made."""
        if voice.engine != NAME or voice.model_digest != self._model_digest:
            what = f"by {voice.engine!r}" if voice.engine != NAME else "by other weights of OpenVoice"
            raise InvalidInput(f"The {role} voice was learned {what}; learn it again with this converter.", field=role)
        embedding = voice.arrays.get(EMBEDDING)
        size = self._open_passes().embedding_size
        if embedding is None or embedding.shape != (size,) or not np.isfinite(embedding).all():
            raise InvalidInput(f"The {role} voice holds no speaker embedding of {size} numbers.", field=role)
        return embedding.astype(np.float32)

    def _at_rate(self, audio: Audio) -> Samples:
        if audio.sample_rate_hz == self._sample_rate_hz:
            return audio.samples
        try:
            import soxr  # noqa: PLC0415 - of an extra
        except ImportError as error:
            raise MissingDependency("Audio at other rates needs soxr: pip install 'voicecore[audio]'.") from error
        resampled = soxr.resample(audio.samples, audio.sample_rate_hz, self._sample_rate_hz)
        length = _length(audio, self._sample_rate_hz)
        fitted: Samples = np.pad(resampled[:length], (0, max(0, length - len(resampled))))
        return fitted.astype(np.float32, copy=False)

    def _open_passes(self) -> Passes:
        if self._passes is None:
            raise EngineFailed("The converter was closed; open another one.")
        return self._passes


def _length(audio: Audio, rate_hz: int) -> int:
    """Samples that last as long as the audio, at another rate."""
    return round(len(audio.samples) * rate_hz / audio.sample_rate_hz)


def _read(files: stored.Stored) -> dict[str, Any]:
    prepare_coqui()
    from safetensors import SafetensorError  # noqa: PLC0415
    from safetensors.torch import load_file  # noqa: PLC0415

    try:
        tensors: dict[str, Any] = load_file(files.checkpoint)
    except SafetensorError as error:
        raise ModelCorrupt(f"{files.checkpoint} is no file of safetensors ({error}); fetch it again.") from error
    return tensors
