"""Voices between others: how many may be mixed, and what their weights mean."""

from __future__ import annotations

import math
from collections.abc import Sequence

from voicecore.errors import InvalidInput

#: With more than eight voices every mixture tends to the same, average voice.
MIN_PARTS, MAX_PARTS = 2, 8
WEIGHT_LIMIT = 1_000.0


def shares(weights: Sequence[float]) -> tuple[float, ...]:
    """The weights as shares of the whole: each above 0, together 1.

    Raises:
        InvalidInput: unless there are 2 to 8 weights, each above 0 and at most 1000.
    """
    if not MIN_PARTS <= len(weights) <= MAX_PARTS:
        raise InvalidInput(
            f"A mix of {len(weights)} voices was asked for; give {MIN_PARTS} to {MAX_PARTS} voices.", field="parts"
        )
    for weight in weights:
        # Not the other way round: NaN compares false with everything.
        if not 0 < weight <= WEIGHT_LIMIT:
            raise InvalidInput(
                f"A weight is {weight:g}; give a number above 0 and at most {WEIGHT_LIMIT:g}.", field="weight"
            )
    whole = math.fsum(weights)
    return tuple(weight / whole for weight in weights)
