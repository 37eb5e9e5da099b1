"""`GET /metrics`, and what requests leave in it."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from voicecore import measures
from voicecore.errors import StorageUnavailable
from voicecore.measures import MEASURES

from .room import HELLO, PATIENCE_S, Room, eventually, furnished

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def families(room: Room) -> dict:
    return {family.name: family for family in read_text(room.client.get("/metrics").text)}


def value(room: Room, name: str, **labels: str) -> float:
    """Of one series; 0 if nobody told it."""
    return sum(
        sample.value
        for family in families(room).values()
        for sample in family.samples
        if sample.name == name and sample.labels == labels
    )


def test_all_measures_are_there_and_no_others(shared: Room):
    assert set(families(shared)) == {measure.name.removesuffix("_total") for measure in MEASURES}


def test_it_is_prometheus_text_unless_openmetrics_is_asked_for(shared: Room):
    text, asked = shared.client.get("/metrics"), shared.client.get("/metrics", headers={"Accept": OPENMETRICS})
    assert text.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert asked.headers["content-type"].startswith("application/openmetrics-text")
    assert asked.text.endswith("# EOF\n")
    assert {family.name for family in read_openmetrics(asked.text)} == {family.name for family in read_text(text.text)}


def test_whatever_accept_says_there_is_an_answer(shared: Room):
    @settings(max_examples=30, deadline=None)
    @given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60) | st.sampled_from([
        "application/openmetrics-text; version=x", "application/openmetrics-text;version=1;;;=,;", "*/*;q=nan", "text/plain; version=9",
        "application/openmetrics-text; escaping=allow-utf-8", "text/plain; version=1.0.0; escaping=underscores, */*",
    ]))  # fmt: skip
    def ask(accept: str) -> None:
        assert shared.client.get("/metrics", headers={"Accept": accept.strip()}).status_code == 200

    ask()


def test_a_job_leaves_its_numbers(room: Room):
    job = room.spoken(text="Bom dia.")
    assert value(room, "voicecore_jobs_total", kind="dubbing", status="completed") == 1
    assert value(room, "voicecore_audio_seconds_total", engine="tone") == pytest.approx(job["duration"], abs=0.01)
    assert value(room, "voicecore_characters_total", engine="tone") == len("Bom dia.")
    assert value(room, "voicecore_time_to_first_audio_seconds_count", engine="tone") == 1
    assert value(room, "voicecore_queue_wait_seconds_count", kind="dubbing") == 1
    assert value(room, "voicecore_kept_jobs", status="completed") == 1
    assert value(room, "voicecore_model_loaded", engine="tone") == 1


def test_what_waits_and_what_runs_is_seen_when_it_is_asked_for(room: Room):
    room.gate.opened.clear()
    for _ in range(3):
        room.submit()
    eventually(lambda: value(room, "voicecore_running_jobs") == 1)
    assert value(room, "voicecore_queue_depth", engine="tone") == 2
    assert value(room, "voicecore_kept_jobs", status="queued") == 2
    room.gate.opened.set()
    eventually(lambda: value(room, "voicecore_queue_depth", engine="tone") == 0)
    assert value(room, "voicecore_slots") == 1
    assert value(room, "voicecore_workers") == 1


def test_a_cancelled_job_is_counted_once_however_often_it_is_cancelled(room: Room):
    room.gate.opened.clear()
    job = room.submit()
    for _ in range(3):
        assert room.client.post(f"/jobs/{job['id']}/cancel").status_code == 200
    assert value(room, "voicecore_jobs_total", kind="dubbing", status="cancelled") == 1


def test_a_process_tells_what_it_is_and_what_it_takes(shared: Room):
    assert value(shared, "voicecore_process_memory_bytes", process="self") > 10_000_000
    assert value(shared, "voicecore_disk_free_bytes") <= value(shared, "voicecore_disk_size_bytes")
    assert value(shared, "voicecore_start_time_seconds") > 1.7e9
    (build,) = families(shared)["voicecore_build_info"].samples
    assert (build.value, set(build.labels)) == (1, {"version", "python"})


def test_requests_are_told_by_the_template_of_their_route(room: Room):
    job = room.submit()
    for _ in range(2):
        room.client.get(f"/jobs/{job['id']}")
    room.client.get(f"/jobs/{job['id']}?secret=canary")
    room.client.get("/jobs/job_that_never_was")
    counted = "voicecore_http_requests_total"
    # A request is counted when it is over, a moment after its answer.
    eventually(lambda: value(room, counted, method="GET", route="/jobs/{job_id}", status="404") == 1)
    assert value(room, counted, method="GET", route="/jobs/{job_id}", status="200") == 2
    assert value(room, counted, method="GET", route="/jobs/{job_id}", status="400") == 1
    assert value(room, counted, method="POST", route="/jobs", status="202") == 1
    assert value(room, "voicecore_http_request_duration_seconds_count", method="GET", route="/jobs/{job_id}") == 4
    assert "canary" not in room.client.get("/metrics").text


def test_a_stranger_cannot_make_series(room: Room):
    def series() -> set:
        return {(sample.name, *sample.labels.values()) for each in families(room).values() for sample in each.samples}

    def strange(number: int) -> None:
        room.client.get(f"/nowhere/{number}")
        room.client.get(f"/voices/voice_{number}")
        room.client.request(f"VERB{number}", "/jobs")
        room.client.post("/jobs", json={**HELLO, "engine": f"engine{number}", "mode": f"mode{number}"})

    room.client.get("/metrics")
    for _ in range(
        2
    ):  # a request is counted a moment after its answer: when the second ones are asked, the first ones were
        strange(0)
    before = series()
    for number in range(1, 40):
        strange(number)
    assert series() == before
    assert ("voicecore_http_requests_total", "GET", "unmatched", "404") in before
    assert not any("VERB" in word or "engine0" in word for one in before for word in one)


def test_a_store_that_is_away_is_told_and_the_rest_is_there(tmp_path: Path):
    with furnished(tmp_path) as room:

        class Away:
            def counts(self):
                raise StorageUnavailable("away")

        truth, room.service.metrics = room.service.metrics, type(room.service.metrics)(
            meter=room.service.metrics.meter, store=Away(), roster=room.service.roster,
            data_dir=room.service.settings.data_dir, crew=lambda: room.service.crew,
        )  # fmt: skip
        assert value(room, "voicecore_store_up") == 0
        assert not families(room)["voicecore_queue_depth"].samples
        assert value(room, "voicecore_slots") == 1
        room.service.metrics = truth
        assert value(room, "voicecore_store_up") == 1


def test_a_client_that_goes_away_in_the_middle_is_counted_too(room: Room):
    url = httpx.URL(str(room.client.base_url))
    with socket.create_connection((url.host, url.port), timeout=PATIENCE_S) as half:
        half.sendall(
            b"POST /jobs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
        )
    eventually(lambda: value(room, "voicecore_http_request_duration_seconds_count", method="POST", route="/jobs") == 1)


def test_every_kind_of_measure_is_in_the_text(shared: Room):
    kinds = {family.type for family in families(shared).values()}
    assert kinds == {"counter", "histogram", "gauge"}
    assert measures.BUILD.name in families(shared)
