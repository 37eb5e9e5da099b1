"""Every audio codec keeps the contract."""

from __future__ import annotations

from adapters.audio import SandboxedCodec
from voicecore.testing.contracts.audio_codec import AudioCodecContract


class TestSandboxedCodec(AudioCodecContract):
    def make_codec(self) -> SandboxedCodec:
        return SandboxedCodec()
