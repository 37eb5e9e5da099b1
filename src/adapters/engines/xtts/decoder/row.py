"""One sentence in the batch."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from adapters.engines.xtts.values import DecodeRequest, End

from .weights import GptWeights

#: Upstream stands code 1 in for the voice and the text when it calls `generate` (`GPT.compute_embeddings`), so its repetition
#: penalty takes code 1 for said, and the start token too.
_STAND_IN = 1


@dataclass(slots=True, kw_only=True, eq=False)
class Row:
    """What one row has drawn so far. All it needs to go on is here, so its keys and values may be lost and made again.

    Attributes:
        seen: shape (V,), the tokens that the repetition penalty is for.
        filled: positions whose keys and values are in the cache.
        arrival: counts the rows as they were admitted.
        dropped: nobody waits for it any more; set from any thread.
    """

    request: DecodeRequest
    generator: torch.Generator
    seen: torch.Tensor
    start: int
    arrival: int = 0
    tokens: list[int] = field(default_factory=list)
    filled: int = 0
    dropped: bool = False

    @classmethod
    def of(cls, request: DecodeRequest, weights: GptWeights, arrival: int = 0) -> Row:
        """A row that has drawn nothing yet."""
        seen = torch.zeros(len(weights.audio), dtype=torch.bool)
        seen[[_STAND_IN, weights.audio_start]] = True
        generator = torch.Generator().manual_seed(request.seed)
        return cls(request=request, generator=generator, seen=seen, start=weights.audio_start, arrival=arrival)

    @property
    def latents(self) -> int:
        """Positions of the voice."""
        return len(self.request.voice.gpt)

    @property
    def text_span(self) -> tuple[int, int]:
        """First and after-last position of the text's ids; a start token stands before them."""
        first = self.latents + 1
        return first, first + len(self.request.text_ids)

    @property
    def prompt(self) -> int:
        """Positions before the first audio token: the voice, start, the text, stop."""
        return self.latents + len(self.request.text_ids) + 2

    @property
    def position(self) -> int:
        """Where the newest audio token stands, from which the next one is drawn."""
        return self.prompt + len(self.tokens)

    @property
    def newest(self) -> int:
        """The audio token that the next step reads."""
        return self.tokens[-1] if self.tokens else self.start

    def unfilled(self, weights: GptWeights) -> torch.Tensor:
        """Embeddings of all that stands between the voice and the newest token; shape (positions, C)."""
        text = weights.text_embeddings(self.request.text_ids)
        if not self.tokens:
            return text
        said = (self.start, *self.tokens[:-1])
        return torch.cat([text, weights.audio_embeddings(said, range(len(said)))])

    def take(self, token: int, stop: int) -> End | None:
        """Note what was drawn; says whether and why the row ends with it."""
        self.filled = self.position + 1
        self.tokens.append(token)
        self.seen[token] = True
        if token == stop:
            return End.STOPPED
        return End.OUT_OF_TOKENS if len(self.tokens) >= self.request.max_tokens else None
