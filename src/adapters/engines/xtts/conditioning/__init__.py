"""Zero-shot cloning: from reference recordings to the arrays that the networks take for a voice, and back from stored arrays."""

from __future__ import annotations

from .conditioner import Conditioner
from .stored import latents_of, print_of

__all__ = ["Conditioner", "latents_of", "print_of"]
