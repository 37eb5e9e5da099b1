"""The weights of upstream's GPT as the decoder uses them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it

from voicecore.engine_settings import Precision

from .linear import PackedLinear, compute_dtype


@dataclass(frozen=True, slots=True, eq=False)
class Norm:
    """Layer normalisation over the last axis, in float32."""

    weight: torch.Tensor
    bias: torch.Tensor
    eps: float

    @classmethod
    def of(cls, module: Any, device: torch.device) -> Norm:
        """Of a `torch.nn.LayerNorm`."""
        return cls(_float(module.weight, device), _float(module.bias, device), float(module.eps))

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias, self.eps)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """One layer of GPT-2 (transformers: `GPT2Block`): attention, then a two-layer perceptron, each after a norm."""

    before_attention: Norm
    queries_keys_values: PackedLinear
    attended: PackedLinear
    before_perceptron: Norm
    widen: PackedLinear
    narrow: PackedLinear


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GptWeights:
    """All that decoding needs of `TTS.tts.layers.xtts.gpt.GPT`. C is its width, V the number of audio codes.

    Attributes:
        head: C to V, the logits of the next audio token.
        text: embeddings of text ids, shape (ids, C); `text_positions` are added by position.
        audio: embeddings of audio tokens, shape (V, C); `audio_positions` are added by the number of tokens before.
        text_limit: so many text ids, start and stop not counted, are too many.
        token_limit: audio tokens that one text may get.
        bytes: memory of the packed matrices.
    """

    blocks: Sequence[Block]
    last_norm: Norm
    final_norm: Norm
    head: PackedLinear
    text: torch.Tensor
    text_positions: torch.Tensor
    audio: torch.Tensor
    audio_positions: torch.Tensor
    heads: int
    text_start: int
    text_stop: int
    audio_start: int
    audio_stop: int
    text_limit: int
    token_limit: int
    bytes: int

    @property
    def width(self) -> int:
        """C, the numbers in one position's state."""
        return int(self.audio.shape[1])

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.audio.device

    @classmethod
    @torch.inference_mode()
    def of(
        cls, gpt: Any, *, device: torch.device, precision: Precision = Precision.EXACT, packed: bool | None = None
    ) -> GptWeights:
        """Copy and pack the weights of a loaded `GPT` module, which is left as it is and not needed afterwards.

        Raises `InvalidInput` if the precision is one that the decoder lacks.
        """
        dtype = compute_dtype(precision)
        made: list[PackedLinear] = []

        def linear(weight: Any, bias: Any) -> PackedLinear:
            made.append(PackedLinear(weight.to(device), bias.to(device), dtype, packed=packed))
            return made[-1]

        def turned(module: Any) -> PackedLinear:
            # GPT-2's Conv1D keeps its matrix as (in, out).
            return linear(module.weight.t(), module.bias)

        blocks = [
            Block(
                before_attention=Norm.of(layer.ln_1, device),
                queries_keys_values=turned(layer.attn.c_attn),
                attended=turned(layer.attn.c_proj),
                before_perceptron=Norm.of(layer.ln_2, device),
                widen=turned(layer.mlp.c_fc),
                narrow=turned(layer.mlp.c_proj),
            )
            for layer in gpt.gpt.h
        ]
        head = linear(gpt.mel_head.weight, gpt.mel_head.bias)
        return cls(
            blocks=blocks,
            last_norm=Norm.of(gpt.gpt.ln_f, device),
            final_norm=Norm.of(gpt.final_norm, device),
            head=head,
            text=_float(gpt.text_embedding.weight, device),
            text_positions=_float(gpt.text_pos_embedding.emb.weight, device),
            audio=_float(gpt.mel_embedding.weight, device),
            audio_positions=_float(gpt.mel_pos_embedding.emb.weight, device),
            heads=int(gpt.heads),
            text_start=int(gpt.start_text_token),
            text_stop=int(gpt.stop_text_token),
            audio_start=int(gpt.start_audio_token),
            audio_stop=int(gpt.stop_audio_token),
            # Upstream's GPT adds 2 to the number in config.json, which Xtts.inference holds texts to.
            text_limit=int(gpt.max_text_tokens) - 2,
            token_limit=int(gpt.max_gen_mel_tokens),
            bytes=sum(layer.nbytes for layer in made),
        )

    def text_embeddings(self, ids: Sequence[int]) -> torch.Tensor:
        """Shape (len(ids) + 2, C): start, the text, stop, each with its position (upstream: `GPT.compute_embeddings`)."""
        whole = torch.tensor([self.text_start, *ids, self.text_stop], device=self.device)
        return self.text[whole] + self.text_positions[: len(whole)]

    def audio_embeddings(self, tokens: Sequence[int], places: Sequence[int]) -> torch.Tensor:
        """Shape (len(tokens), C): audio tokens, each at the place among the tokens of its text where it stands."""
        at = torch.tensor((tuple(tokens), tuple(places)), dtype=torch.long, device=self.device)
        return self.audio[at[0]] + self.audio_positions[at[1]]


def _float(parameter: Any, device: torch.device) -> torch.Tensor:
    kept: torch.Tensor = parameter.detach().to(device=device, dtype=torch.float32)
    return kept
