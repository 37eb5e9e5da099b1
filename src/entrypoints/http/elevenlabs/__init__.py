"""ElevenLabs' API, so that its clients speak with this service when their base URL is changed: docs/elevenlabs.md.

Source: elevenlabs/elevenlabs-python 2.78.0, commit 54e5899 (2026-07-23), which is generated from the API's description.
"""
