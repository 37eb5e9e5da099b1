"""A stored voice print as the networks take it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from adapters.engines.xtts.values import VoiceLatents
from voicecore.errors import InvalidInput
from voicecore.voice import VoicePrint

if TYPE_CHECKING:
    import torch

ENGINE = "xtts"
GPT, SPEAKER = "gpt_cond_latent", "speaker_embedding"
#: Rows of the perceiver resampler (upstream's `GPT`), and d_vector_dim of config.json.
LATENTS, EMBEDDING_SIZE = 32, 512
#: No network makes larger values of a voice; from 1e30 on they overflow, which would end the step of everybody in the batch.
_LARGEST = 1e6


def latents_of(voice: VoicePrint, device: str | torch.device, model_digest: str) -> VoiceLatents:
    """The latents of a print on `device`; `key` is the sha256 of their bytes.

    Raises:
        InvalidInput: when another engine or another checkpoint made the print, or when it is damaged.
    """
    import torch  # noqa: PLC0415 - an extra, and heavy

    checked(voice, model_digest)
    digest = hashlib.sha256()
    tensors = {}
    for name in (GPT, SPEAKER):
        array = np.array(voice.arrays[name], np.dtype("<f4"), order="C")
        digest.update(f"{name}{array.shape}".encode())
        digest.update(array.tobytes())
        tensors[name] = torch.from_numpy(array).to(device)
    return VoiceLatents(key=digest.hexdigest(), gpt=tensors[GPT], speaker=tensors[SPEAKER])


def print_of(latents: VoiceLatents, model_digest: str) -> VoicePrint:
    """The inverse of `latents_of`: a studio speaker as if it had been learned."""
    arrays = {GPT: latents.gpt, SPEAKER: latents.speaker}
    return VoicePrint(ENGINE, model_digest, {name: tensor.float().cpu().numpy() for name, tensor in arrays.items()})


def checked(voice: VoicePrint, model_digest: str) -> None:
    """Raise `InvalidInput` unless the print is whole and made by this checkpoint."""
    if voice.engine != ENGINE:
        raise InvalidInput(
            f"This voice was enrolled with {voice.engine!r}, not with {ENGINE!r}: enrol it again with this engine."
        )
    if voice.model_digest != model_digest:
        raise InvalidInput("This voice was enrolled with another checkpoint of XTTS: enrol it again.")
    if set(voice.arrays) != {GPT, SPEAKER}:
        raise InvalidInput(
            f"The voice print holds {', '.join(sorted(voice.arrays)) or 'nothing'} and not {GPT} and {SPEAKER}: "
            "enrol the voice again."
        )
    gpt, speaker = voice.arrays[GPT], voice.arrays[SPEAKER]
    for name, array, fits in (
        (GPT, gpt, gpt.ndim == 2 and gpt.shape[0] == LATENTS and gpt.shape[1] > 0),
        (SPEAKER, speaker, speaker.shape == (EMBEDDING_SIZE,)),
    ):
        if not fits or array.dtype != np.float32 or not (np.abs(array) <= _LARGEST).all():
            raise InvalidInput(
                f"The voice print's {name!r} is damaged (shape {array.shape}, {array.dtype}): enrol the voice again."
            )
