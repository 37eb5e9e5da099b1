"""Watermarks: marks in the sound itself."""
