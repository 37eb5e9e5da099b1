"""Medians and tables, the same for every benchmark."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure beside its peer or limit.

    Attributes:
        ours, peer: medians in `unit`; `peer` is None where the figure stands alone.
        limit: what the ratio (or the figure, without a peer) should not exceed, in words.
    """

    what: str
    ours: float
    unit: str
    peer: float | None = None
    peer_name: str = ""
    limit: str = ""
    spread: str = ""

    @property
    def ratio(self) -> str:
        return "" if not self.peer else f"{self.ours / self.peer:.2f}"


def median(values: Sequence[float]) -> float:
    return float(statistics.median(values))


def spread(values: Sequence[float]) -> str:
    """Smallest and largest of the runs."""
    return f"{min(values):.3g}-{max(values):.3g}, n={len(values)}"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0..1) of the sorted values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def markdown(title: str, rows: Sequence[Row]) -> str:
    lines = [f"### {title}", "", "| what | ours | beside | ratio | limit | runs |", "|---|---|---|---|---|---|"]
    for row in rows:
        peer = "" if row.peer is None else f"{row.peer:.4g} {row.unit} ({row.peer_name})"
        lines.append(f"| {row.what} | {row.ours:.4g} {row.unit} | {peer} | {row.ratio} | {row.limit} | {row.spread} |")
    return "\n".join(lines) + "\n"
