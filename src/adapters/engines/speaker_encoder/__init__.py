"""Who is speaking: the Resemblyzer encoder, for every engine that has to compare voices."""

from __future__ import annotations

from .encoder import EMBEDDING_SIZE, SpeakerEncoder

__all__ = ["EMBEDDING_SIZE", "SpeakerEncoder"]
