"""From latents to sound: XTTS v2's HiFi-GAN, run in windows so that a stream costs no more than the whole."""

from .stream import Vocoder, VocoderStream

__all__ = ["Vocoder", "VocoderStream"]
