"""From posting a job to its start on an idle worker, one job at a time, beside Celery."""

from __future__ import annotations

from fleets import CeleryFleet, VoicecoreFleet, deployed, working
from tables import Row, median, percentile, spread


def run(*, smoke: bool) -> list[Row]:
    count, gap_s = (10, 0.05) if smoke else (300, 0.1)
    found = {}
    for kind in (VoicecoreFleet, CeleryFleet):
        with deployed(kind) as fleet, working(fleet, 1):
            fleet.latencies_ms(5, gap_s)
            found[kind] = fleet.latencies_ms(count, gap_s)
    ours, peer = found[VoicecoreFleet], found[CeleryFleet]
    return [
        Row("from posting to the start, p50", median(ours), "ms", median(peer), "Celery", spread=spread(ours)),
        Row("from posting to the start, p99", percentile(ours, 0.99), "ms", percentile(peer, 0.99), "Celery"),
    ]
