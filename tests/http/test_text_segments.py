"""`POST /segments`: in which pieces a text will be spoken."""

from __future__ import annotations

import pytest

from .room import Room, refused

BODY = {"text": "Bom dia. Como vai você? O Dr. Silva chegou.", "source_language": "pt-BR"}


def test_the_plan_is_what_the_job_does(shared: Room):
    answer = shared.client.post("/segments", json=BODY)
    assert answer.status_code == 200
    plan = answer.json()
    assert (plan["engine"], plan["characters"], plan["estimated"]) == ("tone", len(BODY["text"]), False)
    job = shared.spoken(**BODY)
    rows = shared.client.get(f"/jobs/{job['id']}/segments").json()["segments"]
    assert [(each["start"], each["end"]) for each in plan["segments"]] == [
        (each["start"], each["end"]) for each in rows
    ]


def test_an_engine_that_counts_in_another_unit_is_estimated(shared: Room):
    plan = shared.client.post("/segments", json={**BODY, "engine": "kokoro"}).json()
    assert plan["estimated"] is True
    assert "".join(BODY["text"][each["start"] : each["end"]] for each in plan["segments"]) == BODY["text"]


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"text": ""}, 400, "text"), ({"text": "x" * 10_001}, 400, "text"), ({"text": "…"}, 400, "text"), ({"text": "a\x07b"}, 400, "text"),
        ({"source_language": "klingon"}, 400, "source_language"), ({"source_language": "de"}, 400, None), ({"engine": "none"}, 404, None),
        ({"more": 1}, 400, "more"), ({"text": None}, 400, "text"),
    ],
)  # fmt: skip
def test_what_cannot_be_spoken_is_refused_before(shared: Room, changes: dict, status: int, field: str | None):
    refused(shared.client.post("/segments", json={**BODY, **changes}), status, field)
