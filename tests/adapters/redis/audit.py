"""What the keys of a job store must be, computed from its jobs: every index has what it should, and nothing else."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from redis import Redis

Index = dict[str, set[bytes]]


def all_keys(client: Redis, prefix: str) -> set[str]:
    """Every key of the prefix, without it."""
    return {key.decode().removeprefix(f"{prefix}:") for key in client.scan_iter(f"{prefix}:*")}


def check_indexes(client: Redis, prefix: str) -> None:
    """The sorted sets and keys beside the jobs are those that the jobs' hashes ask for."""
    keys = all_keys(client, prefix)
    expected = _expected(client, prefix, keys)
    found = {key: _members(client, f"{prefix}:{key}") for key in keys if not key.startswith(("job:", "tomb:"))}
    # A job whose lease was seen to be over is in one index or the other, and notices may have been settled.
    running = found.get("leases", set()) | {
        turn[21:] for key in found if key.startswith("lapsed:") for turn in found[key]
    }
    lapsed_lines = {key.removeprefix("lapsed:").encode() for key in found if key.startswith("lapsed:")}
    expected["lines"] |= lapsed_lines
    notices = {key: found[key] for key in found if key.startswith("notices:")}
    assert running == expected["leased"]
    for key, members in notices.items():
        assert members <= expected.pop(f"wanted:{key}")
    compared = {key for key in found if not key.startswith(("notices:", "lapsed:", "leases", "schema"))}
    wanted = {key: members for key, members in expected.items() if members and not key.startswith("wanted:")}
    assert {key: found[key] for key in compared} == wanted


def _expected(client: Redis, prefix: str, keys: set[str]) -> Index:
    wanted: Index = defaultdict(set)
    for key in keys:
        if not key.startswith("job:"):
            continue
        job_id = key.removeprefix("job:").encode()
        job: dict[bytes, Any] = client.hgetall(f"{prefix}:{key}")
        status, mode, v, engine = (job[name].decode() for name in (b"status", b"mode", b"v", b"engine"))
        wanted[f"in:{status}:{mode}"].add(job[b"place"])
        if owner := job[b"owner"].decode():
            wanted[f"of:{owner}:{status}:{mode}"].add(job[b"place"])
        if status == "queued":
            wanted[f"queue:{v}:{engine}"].add(job[b"rank"] + job[b"place"])
            wanted["lines"].add(f"{v}:{engine}".encode())
        elif status == "processing":
            wanted["leased"].add(job_id)
        else:
            wanted[f"expiry:{v}"].add(job_id)
            if job[b"hook"] == b"1":
                wanted[f"wanted:notices:{v}"].add(job_id)
        if job[b"idem"]:
            wanted[f"idem:{job[b'idem'].decode()}"].add(job_id)
    return wanted


def _members(client: Redis, key: str) -> set[bytes]:
    kind = client.type(key)
    if kind == b"zset":
        return set(client.zrange(key, 0, -1))
    return set(client.smembers(key)) if kind == b"set" else {client.get(key)}
