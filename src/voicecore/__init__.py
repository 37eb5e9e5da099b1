"""voicecore: text to speech, voice cloning and voice conversion.

The core is pure: standard library and numpy. Engines, stores and servers are adapters that plug into `voicecore.ports`.

    import voicecore

    with voicecore.open("kokoro") as studio:
        studio.say("Olá, mundo!", language="pt-BR", voice="female_warm").write_wav("ola.wav")
"""

from __future__ import annotations

from voicecore.audio import Audio, AudioChunk
from voicecore.engine import EngineCard, Utterance
from voicecore.errors import VoiceCoreError
from voicecore.job import JobStatus, SynthesisJob
from voicecore.language import Language
from voicecore.quality import QualityProfile
from voicecore.registry import engine_names
from voicecore.request import EnrolmentRequest, Mode, OutputFormat, SynthesisRequest
from voicecore.studio import Speech, Studio
from voicecore.studio import open_studio as open  # noqa: A004 - `voicecore.open(...)` reads as it should
from voicecore.voice import PRESETS, VoicePreset, VoicePrint, VoiceProfile

__version__ = "0.1.0"

__all__ = [
    "PRESETS",
    "Audio",
    "AudioChunk",
    "EngineCard",
    "EnrolmentRequest",
    "JobStatus",
    "Language",
    "Mode",
    "OutputFormat",
    "QualityProfile",
    "Speech",
    "Studio",
    "SynthesisJob",
    "SynthesisRequest",
    "Utterance",
    "VoiceCoreError",
    "VoicePreset",
    "VoicePrint",
    "VoiceProfile",
    "engine_names",
    "open",
]
