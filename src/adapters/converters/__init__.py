"""Converters: adapters of `voicecore.ports.VoiceConverter`, one folder a method."""
