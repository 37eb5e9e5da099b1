"""What engines tell of themselves, on its way to the people who watch them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Final

#: Of each engine, by its name: name of a gauge → number.
Gauges = Mapping[str, Mapping[str, float]]

#: More than any engine has to tell; a worker's card is written every few seconds and read whole.
ENGINES_LIMIT: Final = 32
NAMES_LIMIT: Final = 64
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
#: Two of these do not add up to anything: of several the largest is told.
_LARGEST: Final = re.compile(r"(max|peak|mean)_.*|.*_(max|peak|mean|ratio|share|percent|limit)")


def bounded(gauges: Gauges) -> dict[str, dict[str, float]]:
    """The gauges without what nobody could show: at most 32 engines and 64 gauges of each, in their order.

    Names are snake_case of at most 64 characters, values finite; others are left out, since a number that nobody asked for
    is no reason to fail. An engine without gauges stays: it is loaded.
    """
    kept: dict[str, dict[str, float]] = {}
    for engine, told in list(gauges.items())[:ENGINES_LIMIT]:
        good = {name: float(value) for name, value in told.items() if _NAME.fullmatch(name) and math.isfinite(value)}
        kept[engine] = dict(list(good.items())[:NAMES_LIMIT])
    return kept


def summed(many: Iterable[Gauges]) -> dict[str, dict[str, float]]:
    """The gauges of several places as one: sums, but the largest of what begins with `max_`, `peak_` or `mean_`, or ends in
    `_max`, `_peak`, `_mean`, `_ratio`, `_share`, `_percent` or `_limit`.
    """
    whole: dict[str, dict[str, float]] = {}
    for gauges in many:
        for engine, told in gauges.items():
            ours = whole.setdefault(engine, {})
            for name, value in told.items():
                if name not in ours:
                    ours[name] = value
                elif _LARGEST.fullmatch(name):
                    ours[name] = max(ours[name], value)
                else:
                    ours[name] += value
    return whole
