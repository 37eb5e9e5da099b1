"""What goes through the network: speech to a speaker embedding, and speech to speech in another tone colour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from voicecore.audio import Samples
from voicecore.tone_colour import MIN_SPEECH_S, SILENT_BELOW

from .noise import noise
from .windows import Window, windows

#: Length of what is embedded at once. OpenVoice's own se_extractor.py cuts references to about this and takes the mean.
EMBEDDED_S = 10.0


class Passes:
    """A filled network at work. All samples are mono float32 at the network's rate.

    Args:
        network: from `network.fill`, on `device`.
        context: its receptive field in frames.
        kept: frames of a window besides its context; memory grows with it, not with the length of the speech.
    """

    def __init__(self, network: Any, *, device: str, context: int, kept: int) -> None:
        self._network = network
        self._device = device
        self._context = context
        self._kept = kept
        self._audio = network.config.audio

    @property
    def embedding_size(self) -> int:
        """Numbers of a speaker embedding: 256 in the released models."""
        return int(self._network.gin_channels)

    def embed(self, clips: Sequence[Samples]) -> Samples | None:
        """The speaker embedding of the clips, shape (embedding_size,): the mean over pieces of at most `EMBEDDED_S`.

        Silent pieces do not count; None where all are silent.
        """
        import torch  # noqa: PLC0415 - loaded when the network was

        size = int(EMBEDDED_S * self._audio.input_sample_rate)
        least = int(MIN_SPEECH_S * self._audio.input_sample_rate)
        total = np.zeros(self.embedding_size, np.float64)
        count = 0
        with torch.inference_mode():
            for piece in (piece for clip in clips for piece in _pieces(clip, size, least)):
                if np.abs(piece).max() > SILENT_BELOW:
                    embedding = self._network.ref_enc(self._spectrogram(piece).transpose(1, 2))
                    total += embedding[0].cpu().double().numpy()
                    count += 1
        return (total / count).astype(np.float32) if count else None

    def convert(self, samples: Samples, source: Samples, target: Samples, tau: float, seed: int) -> Samples:
        """The speech with `source` taken off and `target` put on; as long as `samples`, in [-1, 1]."""
        hop = int(self._audio.hop_length)
        frames = -(-len(samples) // hop)
        # Upstream drops what does not fill a frame; with zeros behind it, it stays.
        padded = np.pad(samples, (0, frames * hop - len(samples)))
        made = np.empty(frames * hop, np.float32)
        for window in windows(frames, self._kept, self._context):
            piece = padded[window.first * hop : window.last * hop]
            sound = self._pass(piece, window, (source, target), tau, seed)
            kept = slice((window.start - window.first) * hop, (window.stop - window.first) * hop)
            made[window.start * hop : window.stop * hop] = sound[kept]
        return made[: len(samples)]

    def _pass(
        self, piece: Samples, window: Window, embeddings: tuple[Samples, Samples], tau: float, seed: int
    ) -> Samples:
        """Upstream's `OpenVoice.inference` (0.28.0) layer by layer, but with numbers of our own for its noise."""
        import torch  # noqa: PLC0415

        network = self._network
        drawn = noise(seed, network.inter_channels, window.first, window.last)
        with torch.inference_mode():
            source, target = (self._tensor(each)[None, :, None] for each in embeddings)
            mask = torch.ones((1, 1, window.last - window.first), device=self._device)
            encoder = network.enc_q
            hidden = encoder.enc(
                encoder.pre(self._spectrogram(piece)),
                mask,
                g=torch.zeros_like(source) if network.zero_g else source,
            )
            mean, log_scale = encoder.proj(hidden).split(encoder.out_channels, dim=1)
            latent = mean + self._tensor(drawn)[None] * tau * log_scale.exp()
            plain = network.flow(latent, mask, g=source)
            coloured = network.flow(plain, mask, g=target, reverse=True)
            sound = network.dec(coloured, g=torch.zeros_like(target) if network.zero_g else target)
            made: Samples = sound[0, 0].float().cpu().numpy()
        return made

    def _spectrogram(self, samples: Samples) -> Any:
        """Shape (1, fft_size / 2 + 1, len(samples) // hop_length)."""
        from TTS.utils.audio.torch_transforms import wav_to_spec  # noqa: PLC0415

        return wav_to_spec(
            self._tensor(samples)[None, None],
            n_fft=self._audio.fft_size,
            hop_length=self._audio.hop_length,
            win_length=self._audio.win_length,
            center=False,
        )

    def _tensor(self, array: Samples) -> Any:
        import torch  # noqa: PLC0415

        # A copy, since the samples of an `Audio` are read-only and torch knows no such thing.
        return torch.tensor(array, dtype=torch.float32, device=self._device)


def _pieces(clip: Samples, size: int, least: int) -> Iterator[Samples]:
    """Nearly equal pieces of at most `size` samples, so that none is a scrap; a clip below `least` is repeated to it."""
    if len(clip) < least:
        clip = np.resize(clip, least)
    count = -(-len(clip) // size)
    for number in range(count):
        yield clip[number * len(clip) // count : (number + 1) * len(clip) // count]
