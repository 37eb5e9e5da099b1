"""Rows of the tiny checkpoint, and what upstream makes of the same texts."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from adapters.engines.xtts.decoder import Decoder
from adapters.engines.xtts.upstream import LoadedXtts
from adapters.engines.xtts.values import DecodeRequest, End, RowStep, Sampling, VoiceLatents
from voicecore.engine_settings import Precision

SENTENCES = (
    "It was late.",
    "The quick brown fox jumps over the lazy dog.",
    "Hello there, how are you today?",
    "Rain keeps falling on the old tin roof of the house by the sea.",
    "Nobody knew what to say.",
    "She opened the letter slowly and read it twice before answering.",
    "The train leaves at nine from platform four.",
    "He smiled, and the room felt warmer.",
    "Do you remember the summer we spent in the mountains?",
    "Yes.",
)


class Texts:
    """The tiny model with requests for it, and upstream's answers to them."""

    def __init__(self, tiny: LoadedXtts) -> None:
        self.tiny = tiny
        self.voices = list(tiny.speakers.values())

    def ids(self, text: str) -> tuple[int, ...]:
        return tuple(self.tiny.tokenizer.encode(text.lower(), "en"))

    def request(
        self,
        number: int,
        *,
        voice: VoiceLatents | None = None,
        seed: int = 0,
        max_tokens: int = 60,
        name: str = "",
        text_ids: tuple[int, ...] = (),
        **sampling,
    ) -> DecodeRequest:
        return DecodeRequest(
            id=name or f"row-{number}",
            text_ids=text_ids or self.ids(SENTENCES[number]),
            voice=voice or self.voices[number % 2],
            sampling=Sampling(**sampling),
            seed=seed,
            max_tokens=max_tokens,
        )

    def decoder(
        self, *, width: int = 10, precision: Precision = Precision.EXACT, prefix_cache_bytes: int = 1 << 24
    ) -> Decoder:
        return Decoder(
            self.tiny.gpt, device="cpu", precision=precision, width=width, prefix_cache_bytes=prefix_cache_bytes
        )

    @torch.inference_mode()
    def upstream_tokens(self, request: DecodeRequest) -> list[int]:
        """What `GPT.generate` draws, one text at a time."""
        sampling = request.sampling
        chosen = {"do_sample": False} if sampling.greedy else {
            "do_sample": True, "temperature": sampling.temperature, "top_k": sampling.top_k, "top_p": sampling.top_p,
        }  # fmt: skip
        torch.manual_seed(request.seed)
        drawn = self.tiny.gpt.generate(
            cond_latents=request.voice.gpt[None],
            text_inputs=torch.tensor([request.text_ids]),
            num_beams=1,
            repetition_penalty=float(sampling.repetition_penalty),
            max_new_tokens=request.max_tokens,
            **chosen,
        )
        return drawn[0].tolist()

    @torch.inference_mode()
    def upstream_latents(self, request: DecodeRequest, tokens: Sequence[int]) -> torch.Tensor:
        """What upstream's second pass makes of the tokens."""
        codes = torch.tensor([tokens])
        return self.tiny.gpt(
            torch.tensor([request.text_ids]),
            torch.tensor([len(request.text_ids)]),
            codes,
            torch.tensor([codes.shape[1] * self.tiny.gpt.code_stride_len]),
            cond_latents=request.voice.gpt[None],
            return_latent=True,
        )[0]


class Told:
    """All that a decoder told, by row."""

    def __init__(self) -> None:
        self.tokens: dict[str, list[int]] = {}
        self.latents: dict[str, list[torch.Tensor]] = {}
        self.ends: dict[str, End] = {}

    def note(self, steps: Sequence[RowStep]) -> None:
        for step in steps:
            assert step.id not in self.ends, "a row that ended was told of again"
            self.tokens.setdefault(step.id, []).append(step.token)
            self.latents.setdefault(step.id, []).append(step.latent)
            if step.end is not None:
                self.ends[step.id] = step.end


def run(decoder: Decoder, requests: Sequence[DecodeRequest] = ()) -> Told:
    """Admit all and step until all have ended."""
    told = Told()
    for request in requests:
        decoder.admit(request)
    while steps := decoder.step():
        told.note(steps)
    return told
