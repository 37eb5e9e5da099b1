"""Streams where who listens and who speaks are not the same process: live sound goes through a Redis."""

from __future__ import annotations

import json

import pytest

from adapters.hosts import LocalHost
from entrypoints.container import build
from entrypoints.settings import Settings
from tests.instruments.redis_server import fresh_prefix, shared_server
from voicecore.testing.tone import PLAN_VARIABLE

from .room import Gate, eventually, furnished, leave_after
from .test_streams import LONG, MADE, pcm_of, status, streamed


@pytest.fixture
def apart(tmp_path, monkeypatch):
    """A service and a worker, each with a container, relay and client of its own."""
    monkeypatch.setenv(PLAN_VARIABLE, json.dumps({"step_s": 0.02, "letters_per_chunk": 6, "batch_size": 1}))
    shared = {"redis_url": shared_server().url, "redis_prefix": fresh_prefix()}
    with furnished(tmp_path, **shared) as room:
        container = build(Settings(engine="tone", data_dir=tmp_path, **shared))
        container.host.override(LocalHost({"tone": Gate()}))
        with container.worker():
            yield room


def test_the_sound_comes_while_it_is_made_bit_for_bit_and_who_leaves_cancels(apart):
    with streamed(apart, body=LONG, format="pcm") as answer:
        pieces = answer.iter_raw()
        first = next(pieces)
        job_id = answer.headers["x-job-id"]
        assert status(apart, job_id) == "processing"
        data = first + b"".join(pieces)
    assert data == pcm_of(apart, job_id)

    def wait():
        newest = eventually(lambda: (found := apart.client.get("/jobs").json()["jobs"][0]["id"]) != job_id and found)
        eventually(lambda: apart.client.get(f"/jobs/{newest}").json()["segments"]["done"] >= 1)
        return newest

    left = leave_after(apart, MADE, {**LONG, "seed": 7, "text": LONG["text"].replace("frase", "outra")}, wait)
    eventually(lambda: status(apart, left) == "cancelled")
