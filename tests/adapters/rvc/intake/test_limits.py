"""Limits that would let nothing through, or everything, are refused where they are set."""

from __future__ import annotations

import pytest

from adapters.converters.rvc.intake import IntakeLimits
from voicecore.errors import InvalidInput


@pytest.mark.parametrize(
    "name", ["max_weights_bytes", "max_index_bytes", "max_vectors", "max_memory_bytes", "max_cpu_s", "max_wall_s"]
)
def test_every_limit_is_above_zero(name: str) -> None:
    for value in (0, -1):
        with pytest.raises(InvalidInput, match=name):
            IntakeLimits(**{name: value})
