"""How the operator of a machine wants its engines opened. What a single request asks for is in its `Utterance`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from voicecore.errors import require

#: Utterances that one engine may work on at once; each takes memory for its whole length.
BATCH_LIMIT = 256
#: Megabytes of the cache of voices: enough for some thousand of them.
VOICE_CACHE_LIMIT_MB = 65_536
#: Megabytes of conversion models that stay loaded.
RVC_CACHE_LIMIT_MB = 1_048_576


class Precision(StrEnum):
    """What an engine may trade for speed. Only `exact` gives the sound that its network was measured with."""

    EXACT = "exact"
    BF16 = "bf16"
    INT8 = "int8"

    @classmethod
    def parse(cls, text: str) -> Precision:
        """The precision of this name. Raises `InvalidInput` naming the known ones."""
        require(text in list(cls), f"The precision is {text[:40]!r}; give one of {', '.join(cls)}.")
        return cls(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """Given to every provider of an engine or converter; each takes what concerns it.

    Attributes:
        models_dir: folder of model weights; None for what packages bring.
        device: `auto` (a graphics card if there is one that works, else the processor), `cpu`, `cuda` or `cuda:1`.
        accepted_licences: names of models whose licence the operator has read and accepted, such as `xtts`.
        batch_size: utterances decoded together, 0..256; 0 leaves the choice to the engine.
        low_vram: whether parts of a model that are not at work wait in the host's memory.
        voice_cache_mb: megabytes that an engine may keep of voices it spoke with, so that the next sentence starts sooner.
        rvc_cache_mb: megabytes of conversion models that stay loaded, the last ones used; 0 keeps only the one at work.
    """

    models_dir: Path | None = None
    device: str = "auto"
    precision: Precision = Precision.EXACT
    accepted_licences: frozenset[str] = frozenset()
    batch_size: int = 0
    low_vram: bool = False
    voice_cache_mb: int = 256
    rvc_cache_mb: int = 1_024

    def __post_init__(self) -> None:
        require(
            re.fullmatch(r"auto|cpu|cuda(:\d{1,3})?", self.device) is not None,
            f"The device is {self.device[:40]!r}; give auto, cpu, cuda or cuda:N with the number of a card.",
        )
        # From a frame it comes as text.
        object.__setattr__(self, "precision", Precision.parse(self.precision))
        require(
            0 <= self.batch_size <= BATCH_LIMIT,
            f"The batch size is {self.batch_size}; give 0 to {BATCH_LIMIT}, where 0 leaves the choice to the engine.",
        )
        require(
            0 <= self.voice_cache_mb <= VOICE_CACHE_LIMIT_MB,
            f"The cache of voices is {self.voice_cache_mb} MB; give 0 to {VOICE_CACHE_LIMIT_MB}.",
        )
        require(
            0 <= self.rvc_cache_mb <= RVC_CACHE_LIMIT_MB,
            f"The cache of conversion models is {self.rvc_cache_mb} MB; give 0 to {RVC_CACHE_LIMIT_MB}.",
        )
