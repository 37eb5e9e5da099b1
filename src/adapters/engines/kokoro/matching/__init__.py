"""Voice matching: the nearest voice that Kokoro can make to somebody's recordings. Not cloning."""

from __future__ import annotations

from adapters.engines.speaker_encoder import SpeakerEncoder

from .voice_print import match, recolour, style

__all__ = ["SpeakerEncoder", "match", "recolour", "style"]
