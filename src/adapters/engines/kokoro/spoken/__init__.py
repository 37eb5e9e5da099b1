"""From written text to what a person would say."""

from __future__ import annotations

from adapters.engines.kokoro.spoken.dispatch import spoken, traced
from adapters.engines.kokoro.spoken.traced import Traced

__all__ = ["Traced", "spoken", "traced"]
