"""What everything but the model costs: the service with a tone engine beside a bare Litestar handler, in turn."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

import httpx
from litestar import Request
from server import PATIENCE_S, running_bare_handler, running_service
from tables import Row, median, percentile, spread

from entrypoints.http.door import query_of, refuse_key_in_address
from entrypoints.http.query_names import QueryNames
from entrypoints.http.route_rule import RouteRule

_BODY = {"mode": "dubbing", "text": "Bom dia.", "source_language": "pt-BR", "voice_preset": "female_warm"}
_QUERY = "status=completed&mode=dubbing&limit=20&search=bom%20dia"


def _timed(client: httpx.Client, method: str, path: str, **more: object) -> tuple[float, httpx.Response]:
    began = time.perf_counter()
    answer = client.request(method, path, **more)  # type: ignore[arg-type]
    return 1000 * (time.perf_counter() - began), answer.raise_for_status()


def _jobs_per_second(client: httpx.Client, count: int) -> float:
    """Post so many jobs and wait until the last of them is done."""
    began = time.perf_counter()
    # A seed of its own for each job keeps the segment cache out of the figure.
    ids = [_timed(client, "POST", "/jobs", json={**_BODY, "seed": number})[1].json()["id"] for number in range(count)]
    while client.get(f"/jobs/{ids[-1]}").json()["status"] != "completed":
        time.sleep(0.01)
    return count / (time.perf_counter() - began)


def _check_us(query: str, *, times: int) -> float:
    """What reading the query and looking whether the route takes it costs, of `GET /jobs`."""
    names = QueryNames(frozenset({"cursor", "limit", "mode", "search", "status"}))
    rule, connection = RouteRule(names, reads_body=False), _asked(query)

    async def check() -> None:
        pairs = query_of(connection)
        refuse_key_in_address(pairs)
        await rule.check(connection, pairs)

    async def many() -> float:
        began = time.perf_counter()
        for _ in range(times):
            await check()
        return 1e6 * (time.perf_counter() - began) / times

    return asyncio.run(many())


def _asked(query: str) -> Request:
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/jobs",
        "query_string": query.encode(),
        "headers": [],
        "state": {},
    }
    return Request(scope)  # type: ignore[arg-type]


def run(*, smoke: bool) -> list[Row]:
    requests, jobs, rounds = (20, 10, 1) if smoke else (300, 100, 3)
    post, get, bare_post, bare_get, rates = [], [], [], [], []
    with (
        tempfile.TemporaryDirectory() as folder, running_service(Path(folder)) as url, running_bare_handler() as bare_url,
        httpx.Client(base_url=url, timeout=PATIENCE_S) as ours, httpx.Client(base_url=bare_url, timeout=PATIENCE_S) as bare,
    ):  # fmt: skip
        job = _timed(ours, "POST", "/jobs", json=_BODY)[1].json()["id"]
        _jobs_per_second(ours, 5)
        for _ in range(rounds):
            rates.append(_jobs_per_second(ours, jobs))
            for _ in range(requests):
                get.append(_timed(ours, "GET", f"/jobs/{job}")[0])
                bare_get.append(_timed(bare, "GET", "/jobs/x")[0])
                bare_post.append(_timed(bare, "POST", "/jobs", json=_BODY)[0])
        new = ({**_BODY, "seed": 10_000 + number} for number in range(requests))
        checks = {query: [_check_us(query, times=100 * requests) for _ in range(rounds)] for query in ("", _QUERY)}
        post.extend(_timed(ours, "POST", "/jobs", json=body)[0] for body in new)
    name = "bare Litestar handler"
    return [
        Row("jobs per second, POST to completed, one client", median(rates), "jobs/s", spread=spread(rates)),
        Row("POST /jobs -> 202, p50", median(post), "ms", median(bare_post), name, spread=spread(post)),
        Row("POST /jobs -> 202, p99", percentile(post, 0.99), "ms", percentile(bare_post, 0.99), name),
        Row("GET /jobs/{id}, p50", median(get), "ms", median(bare_get), name, spread=spread(get)),
        Row("GET /jobs/{id}, p99", percentile(get, 0.99), "ms", percentile(bare_get, 0.99), name),
        Row(
            "is a query of four known",
            median(checks[_QUERY]),
            "us",
            limit="microseconds",
            spread=spread(checks[_QUERY]),
        ),
        Row("the same without a query", median(checks[""]), "us", limit="microseconds", spread=spread(checks[""])),
    ]
