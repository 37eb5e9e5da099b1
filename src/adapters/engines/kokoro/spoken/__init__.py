"""From written text to what a person would say."""

from __future__ import annotations

from adapters.engines.kokoro.spoken.dispatch import spoken

__all__ = ["spoken"]
