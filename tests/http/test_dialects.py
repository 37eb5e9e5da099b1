"""The address decides in which shape a refusal is told."""

from __future__ import annotations

import pytest

from entrypoints.http import dialects


@pytest.mark.parametrize(
    ("path", "spoken"),
    [("/v1/audio", "b"), ("/v1/audio/speech", "b"), ("/v1/audio/detect", "c"), ("/v1/audio/detect/x", "c"),
     ("/v1/audiobooks", "a"), ("/v1", "a"), ("/", "a"), ("", "a")],
)  # fmt: skip
def test_the_longest_beginning_that_ends_at_a_slash_counts(monkeypatch, path, spoken):
    monkeypatch.setattr(dialects, "DIALECTS", {"/v1/audio": "b", "/v1/audio/detect": "c"})
    assert dialects.renderer_of(path, "a") == spoken
