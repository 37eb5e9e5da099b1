"""Nothing that a caller wrote is in a log, a number or a trace: a whole service is driven with words that would be found."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.instruments.tones import recording

from .room import HELLO, PATIENCE_S, eventually
from .server_process import Process, serving

TEXT = "canarytext"
NAME = "canaryname"
KEY = "canarykey"
QUERY = "canaryquery"
CANARIES = (TEXT, NAME, KEY, QUERY)
SECRETS = {"X-API-Key": f"vk_1_{KEY}", "Authorization": f"Bearer {KEY}", "xi-api-key": KEY}


class Collector:
    """Takes what OpenTelemetry sends, and keeps it."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        bodies = self.bodies

        class Taking(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(scope="module")
def driven(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[tuple[Process, str]]:
    """A service that was driven, at the level that tells most, and what its metrics say then."""
    folder: Path = tmp_path_factory.mktemp("canaries")
    plan = {"fail_on": "fail", "exit_on": "exit", "reference_note": "It was short.", "print_at_steps": False}
    with serving(
        folder, VOICECORE_LOG_LEVEL="DEBUG", VOICECORE_OTEL="true", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        OTEL_BSP_SCHEDULE_DELAY="100", VOICECORE_TESTING_TONE=json.dumps(plan), VOICECORE_MAX_TRIES="2",
        VOICECORE_WEBHOOK_SECRET="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", VOICECORE_WEBHOOK_ALLOW_PRIVATE="true",
    ) as server:  # fmt: skip
        # Good work comes without a key, so that it is done whether keys are asked for or not.
        with httpx.Client(base_url=server.url, cookies={"session": KEY}, timeout=PATIENCE_S) as client:
            drive(client)
            for headers in ({}, SECRETS):
                mistakes(client, headers)
        odd_bytes(server.url)
        metrics = server.get("/metrics").text
        eventually(lambda: any(b"segment" in body for body in collector.bodies), "the traces")
        yield server, metrics


def finished(client: httpx.Client, answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 202, answer.text
    job_id = answer.json()["job_id"]
    assert client.get(f"/jobs/{job_id}?note={QUERY}").status_code == 400
    done = ("completed", "failed", "cancelled")
    return eventually(lambda: (job := client.get(f"/jobs/{job_id}").json())["status"] in done and job)


def drive(client: httpx.Client) -> None:
    """Good work, bad work, and mistakes of every kind."""
    said = {**HELLO, "text": f"Bom dia, {TEXT}. Até amanhã."}
    job = finished(client, client.post("/jobs", json=said, headers={"Idempotency-Key": KEY}))
    assert job["status"] == "completed"
    for path in ("download?format=mp3&", "segments?", "formats?"):
        client.get(f"/jobs/{job['id']}/{path}key={QUERY}")
    for trouble in ("fail", "exit"):
        failed = finished(client, client.post("/jobs", json={**HELLO, "text": f"{TEXT} {trouble}."}))
        assert failed["status"] == "failed"
    clone = {"name": NAME, "language": "pt-BR", "description": TEXT, "consent": TEXT, "consent_by": NAME}
    clip = {"file": (f"{NAME}.wav", recording(), "audio/wav")}
    jobs = [client.post("/voices/clone", data=clone, files=clip) for _ in range(2)]
    voice_id = next(job["voice_id"] for job in (finished(client, each) for each in jobs if each.status_code == 202)
                    if job["status"] == "completed")  # fmt: skip
    finished(client, client.post("/jobs", json={**said, "mode": "dubbing_with_clone", "voice_id": voice_id}))
    mixed = {
        "name": f"{NAME} mix",
        "language": "pt-BR",
        "parts": [{"preset": "female_generic", "weight": 1}, {"preset": "male_deep", "weight": 1}],
    }
    finished(client, client.post("/voices/mix", json=mixed))
    nobody = f"http://127.0.0.1:9/{KEY}?token={QUERY}"
    finished(client, client.post("/jobs", json={**said, "webhook_url": nobody}))
    client.delete(f"/voices/{voice_id}?key={QUERY}")


def mistakes(client: httpx.Client, keys: dict[str, str]) -> None:
    """What is refused, with keys that are none or without."""
    clone = {"name": NAME, "language": "pt-BR", "description": TEXT, "consent": TEXT, "consent_by": NAME}
    client.headers.update(keys)
    dialects(client)
    wrong: list[dict[str, Any]] = [
        {"json": {**HELLO, TEXT: NAME}}, {"json": {**HELLO, "voice_preset": NAME}}, {"json": {**HELLO, "engine": KEY}},
        {"json": {**HELLO, "voice_id": NAME, "mode": "dubbing_with_clone"}}, {"json": {**HELLO, "source_language": TEXT}},
        {"content": f'{{"text": "{TEXT}', "headers": {"Content-Type": "application/json"}}, {"data": {"text": TEXT}},
        {"content": TEXT.encode() + b"\xff", "headers": {"Content-Type": "application/json"}},
        {"content": TEXT, "headers": {"Content-Type": f"text/{NAME}"}}, {"json": {**HELLO, "text": TEXT * 2000}},
        {"json": {**HELLO, "text": f"\ud800{TEXT}"}}, {"json": {**HELLO, "quality_profile_id": NAME}},
    ]  # fmt: skip
    for body in wrong:
        # As some clients write JSON, with halves of characters.
        as_sent = (
            {"content": json.dumps(body["json"]), "headers": {"Content-Type": "application/json"}}
            if "json" in body
            else body
        )
        assert 400 <= client.post(f"/jobs?key={QUERY}", **as_sent).status_code < 500
    for garbage in (TEXT.encode(), b"RIFF" + TEXT.encode() * 20, recording()[:3000] + TEXT.encode()):
        client.post("/voices/clone", data={**clone, "name": f"{NAME} 2"}, files={"file": (NAME, garbage, "audio/wav")})
    client.post("/voices/clone", data=clone, files={"file": (NAME, recording(), "audio/wav"), NAME: (NAME, b"", KEY)})
    client.post("/rvc-models", data={"name": NAME}, files={"pth_file": (NAME, TEXT.encode(), "application/zip")})
    for path in (f"/{TEXT}", f"/jobs/{TEXT}", f"/voices/{NAME}", f"/jobs?cursor={QUERY}&status={TEXT}", f"/%ff{TEXT}",
                 f"/quality-profiles/{NAME}/{KEY}", f"/rvc-models/{NAME}"):  # fmt: skip
        for method in ("GET", "DELETE", "PATCH", f"{KEY.upper()}"):
            client.request(method, path, headers={"X-Request-Id": f"{KEY} {QUERY}", "traceparent": KEY})


def dialects(client: httpx.Client) -> None:
    """The words of other services, whether this one speaks their dialect or not, and keys in addresses."""
    speech = {"model": KEY, "input": f"{TEXT}.", "voice": NAME, "text": f"{TEXT}.", "instructions": TEXT}
    for path in ("/v1/audio/speech", f"/v1/text-to-speech/{NAME}", f"/v1/text-to-speech/{NAME}/stream", "/v1/audio/voices",
                 f"/v1/speech-to-speech/{NAME}", "/v1/voices/add", "/v1/audio/detect", "/v1/audio/voice_consents"):  # fmt: skip
        client.post(path, json=speech)
        client.post(f"{path}?output_format={QUERY}", json={**speech, "voice": "alloy", "model": "tts-1"})
        client.post(path, data={"name": NAME}, files={"file": (NAME, TEXT.encode(), "audio/wav")})
    for name in ("api_key", "key", "token", "xi-api-key", "access_token"):
        client.get(f"/jobs?{name}={QUERY}")
    for path in (f"/v1/models/{KEY}", f"/v1/voices/{NAME}", f"/jobs/{TEXT}/events", "/v1/models", "/v1/voices"):
        client.get(path)


def odd_bytes(url: str) -> None:
    """What is no HTTP, and WebSockets to nowhere."""
    host, port = url.removeprefix("http://").split(":")
    handshake = f"GET /{TEXT}?key={QUERY} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    handshake += f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-API-Key: {KEY}\r\n\r\n"
    for words in (f"GET /{TEXT}?{QUERY}\r\n\r\n", f"{KEY}\r\n\r\n", handshake,
                  f"POST /jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nX-API-Key: {KEY}\r\n\r\n{TEXT}"):  # fmt: skip
        with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as odd:
            odd.settimeout(0.5)
            odd.sendall(words.encode())
            try:
                odd.recv(1000)
            except TimeoutError:
                continue


def lines(server: Process) -> list[dict[str, Any]]:
    return [json.loads(line) for line in server.logged().splitlines()]


def test_no_line_of_the_log_holds_a_text_a_name_a_key_or_a_query(driven):
    server, _ = driven
    logged = server.logged()
    found = [line for line in logged.splitlines() if any(canary in line.lower() for canary in CANARIES)]
    assert found == []


def test_the_log_tells_enough_all_the_same(driven):
    server, _ = driven
    told = lines(server)
    assert {"voicecore.http", "voicecore.jobs"} <= {line["logger"] for line in told}
    assert any(line["event"] == "request answered" and line["route"] == "/jobs/{job_id}" for line in told)
    assert any("engine_failed" in line["event"] or "poisoned" in line["event"] for line in told)


def test_every_answered_request_has_its_id_route_status_and_duration(driven):
    server, _ = driven
    answered = [line for line in lines(server) if line["event"] == "request answered"]
    assert len(answered) > 100
    assert all({"request_id", "method", "route", "status", "duration_s"} <= line.keys() for line in answered)
    assert all(line["route"] == "unmatched" or line["route"].startswith("/") for line in answered)


def test_every_line_of_a_job_has_its_id_and_the_one_of_its_acceptance_the_requests_too(driven):
    server, _ = driven
    of_jobs = [line for line in lines(server) if line["logger"] == "voicecore.jobs"]
    assert all("job_id" in line for line in of_jobs)
    accepted = [line for line in of_jobs if "accepted" in line["event"]]
    assert accepted
    assert all("request_id" in line for line in accepted)


def test_the_metrics_hold_none_of_it_either(driven):
    _, metrics = driven
    assert "voicecore_jobs_total" in metrics
    assert not any(canary in metrics.lower() for canary in CANARIES)


def test_nor_do_the_traces(driven, collector):
    del driven
    sent = b"".join(collector.bodies).lower()
    assert b"voicecore" in sent
    assert not any(canary.encode() in sent for canary in CANARIES)


def test_the_end_of_a_model_process_is_counted_as_a_restart(driven):
    _, metrics = driven
    (restarts,) = [line for line in metrics.splitlines() if line.startswith("voicecore_engine_process_restarts_total ")]
    assert float(restarts.split()[1]) >= 1
