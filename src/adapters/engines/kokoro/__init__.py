"""Kokoro-82M on onnxruntime: the speech engine that comes with voicecore."""
