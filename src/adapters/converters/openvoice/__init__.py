"""OpenVoice's tone colour converter (arXiv:2312.01479), through coqui-tts's implementation of its networks.

Importing this package loads no torch: opening a converter does.
"""

from adapters.converters.openvoice.converter import OpenVoiceConverter
from adapters.converters.openvoice.intake import intake

__all__ = ["OpenVoiceConverter", "intake"]
