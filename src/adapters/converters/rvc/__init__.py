"""Retrieval-based voice conversion (RVC): speech in, the same words and melody out in the voice that a model was trained for."""
