"""XTTS v2: zero-shot cloning in seventeen languages, by coqui-tts's networks and a decoder of our own."""
