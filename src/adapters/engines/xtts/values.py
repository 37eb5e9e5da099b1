"""The values that the parts of the engine hand to each other. Tensors are float32 on the device of the model."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from voicecore.errors import require

if TYPE_CHECKING:
    import torch

SAMPLE_RATE_HZ = 24_000
#: Audio tokens a second: one stands for 1024 samples at 22 050 Hz (XTTS v2's config.json: gpt_code_stride_len).
TOKENS_PER_S = 22_050 / 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How the next token is drawn; ranges as in `voicecore.profiles.XTTS_PARAMETERS`.

    Attributes:
        greedy: take the likeliest token: temperature, top_k, top_p and the seed then have no effect.
        length_penalty: the odds of stopping are divided by it at every step, so above 1 speech gets longer. Upstream hands it
            to a beam search that it never runs; with 1 ours is upstream's choice.
    """

    temperature: float = 0.75
    top_k: int = 60
    top_p: float = 0.9
    repetition_penalty: float = 7.0
    length_penalty: float = 1.0
    greedy: bool = False

    def __post_init__(self) -> None:
        require(self.temperature > 0, "The temperature must be above 0.")
        require(self.top_k >= 1, "top_k must be at least 1.")
        require(0 < self.top_p <= 1, "top_p must be above 0 and at most 1.")
        require(self.repetition_penalty > 0, "The repetition penalty must be above 0.")
        require(self.length_penalty > 0, "The length penalty must be above 0.")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VoiceLatents:
    """A voice as the networks take it.

    Attributes:
        key: equal for equal latents, different for different ones (a digest): names the voice in caches.
        gpt: shape (32, C), the conditioning latents that precede the text; C is the width of the GPT, 1024 in XTTS v2.
        speaker: shape (512,), the speaker embedding that colours the vocoder.
    """

    key: str
    gpt: torch.Tensor
    speaker: torch.Tensor


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DecodeRequest:
    """One row of the decoder's batch.

    Attributes:
        text_ids: ids of the text as `VoiceBpeTokenizer.encode` gives them, without start and stop.
        seed: 0..2**63-1; equal requests with equal seeds give equal tokens, whoever else is in the batch.
        max_tokens: the row ends after so many audio tokens if it has not stopped by then.
        watched: whether its steps tell their attention to the text.
    """

    id: str
    text_ids: tuple[int, ...]
    voice: VoiceLatents
    sampling: Sampling
    seed: int
    max_tokens: int
    watched: bool = False


class End(StrEnum):
    """Why a row ended."""

    STOPPED = "stopped"
    OUT_OF_TOKENS = "out of tokens"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowStep:
    """What one step of the decoder made of one row.

    Attributes:
        token: the audio token drawn; the stop token in the last step of a row that stopped.
        latent: shape (C,), what the vocoder gets for this token: final_norm(ln_f(h)) of the position that drew it. The one
            of the stop token counts too, as upstream's second pass makes as many latents as it has codes.
        end: set in the last step of the row.
        attention: of a watched row, shape (heads, text ids), float16, on the processor: how much each head looked at each id.
    """

    id: str
    token: int
    latent: torch.Tensor
    end: End | None = None
    attention: torch.Tensor | None = None
