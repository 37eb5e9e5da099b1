"""Priority and webhooks as clients see them, from the field to the signed message."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from tests.instruments.webhook_receiver import Receiver, receiving

from .room import HELLO, Room, eventually, furnished, recording, refused

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ADDRESS = "https://example.com/hook"


@pytest.fixture(scope="module")
def telling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A service that signs webhooks and may send them to this machine."""
    folder = tmp_path_factory.mktemp("telling")
    with furnished(folder, webhook_secret=SECRET, webhook_allow_private=True) as made:
        yield made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def sent_as(how: str, fields: dict[str, str]) -> dict:
    """The arguments of a request that sends the fields in this way."""
    if how == "multipart":
        return {"files": {name: (None, value) for name, value in fields.items()}}
    return {how: fields}


def test_a_job_without_either_field_is_normal_and_tells_nobody(shared: Room):
    job = shared.submit()
    assert (job["priority"], job["webhook_url"]) == ("normal", None)


@pytest.mark.parametrize("how", ["json", "data", "multipart"])
@pytest.mark.parametrize("priority", ["high", "normal", "low"])
def test_the_priority_is_read_in_every_kind_of_body_and_echoed(shared: Room, how: str, priority: str):
    answer = shared.client.post("/jobs", **sent_as(how, {**HELLO, "priority": priority}))
    assert answer.status_code == 202, answer.text
    assert answer.json()["priority"] == priority
    assert shared.client.get(answer.headers["location"]).json()["priority"] == priority


@pytest.mark.parametrize("how", ["json", "data", "multipart"])
def test_a_priority_that_is_none_is_refused_with_the_ones_there_are(shared: Room, how: str):
    for value in ("urgent", "HIGH", "1"):
        refused(
            shared.client.post("/jobs", **sent_as(how, {**HELLO, "priority": value})),
            400,
            "priority",
            "high, normal, low",
        )


@pytest.mark.parametrize("how", ["json", "data", "multipart"])
def test_without_a_secret_a_webhook_is_refused_and_the_setting_named(shared: Room, how: str):
    answer = shared.client.post("/jobs", **sent_as(how, {**HELLO, "webhook_url": ADDRESS}))
    refused(answer, 400, "webhook_url", "VOICECORE_WEBHOOK_SECRET")


def test_an_enrolment_with_a_webhook_is_refused_just_so_and_leaves_nothing(room: Room):
    data = {"name": "Ana", "language": "pt-BR", "webhook_url": ADDRESS}
    answer = room.client.post("/voices/clone", data=data, files={"file": ("a.wav", recording(), "audio/wav")})
    refused(answer, 400, "webhook_url", "VOICECORE_WEBHOOK_SECRET")
    assert room.client.get("/jobs").json()["total"] == 0
    assert list(room.service.blobs.list()) == []


def test_where_private_networks_are_not_allowed_an_address_inside_is_refused_at_the_door(tmp_path: Path):
    with furnished(tmp_path, start=False, webhook_secret=SECRET) as room:
        for url in ("http://example.com/", "https://127.0.0.1/", "https://localhost:8443/x", "https://[::1]/"):
            answer = room.client.post("/jobs", json={**HELLO, "webhook_url": url})
            refused(answer, 400, "webhook_url", "VOICECORE_WEBHOOK_ALLOW_PRIVATE")
        assert room.submit(webhook_url=ADDRESS)["webhook_url"] == ADDRESS


@pytest.mark.parametrize(
    "url", ["", "example.com", "ftp://example.com/", "https://u:p@example.com/", "https://", "x" * 2_001]
)
def test_what_is_no_address_is_refused(telling: Room, url: str):
    refused(telling.client.post("/jobs", json={**HELLO, "webhook_url": url}), 400, "webhook_url")


@pytest.mark.parametrize("how", ["json", "data", "multipart"])
def test_the_receiver_of_a_job_gets_one_signed_message_when_it_is_completed(
    telling: Room, receiver: Receiver, how: str
):
    answer = telling.client.post("/jobs", **sent_as(how, {**HELLO, "webhook_url": receiver.url}))
    assert answer.status_code == 202, answer.text
    job_id = answer.json()["id"]
    assert answer.json()["webhook_url"] == receiver.url
    eventually(lambda: receiver.received, "the message")
    (got,) = receiver.received
    message = Webhook(SECRET).verify(got.body, got.headers)
    job = telling.client.get(f"/jobs/{job_id}").json()
    assert message["type"] == "job.completed"
    assert message["timestamp"] == job["completed_at"]
    shared_fields = ("job_id", "status", "mode", "audio_url", "voice_id", "created_at", "completed_at")
    assert {name: message["data"][name] for name in shared_fields} == {name: job[name] for name in shared_fields}
    assert message["data"]["duration_s"] == job["duration"]
    assert HELLO["text"] not in got.body.decode()
    assert telling.client.get(message["data"]["audio_url"]).status_code == 200


def test_the_receiver_of_an_enrolment_gets_the_voice(telling: Room, receiver: Receiver):
    voice_id = telling.enrolled("Maria", webhook_url=receiver.url, priority="high")["voice_id"]
    eventually(lambda: receiver.received, "the message")
    (got,) = receiver.received
    assert Webhook(SECRET).verify(got.body, got.headers)["data"]["voice_id"] == voice_id


def test_the_receiver_of_a_cancelled_job_is_told(telling: Room, receiver: Receiver):
    telling.gate.opened.clear()
    job = telling.submit(webhook_url=receiver.url)
    assert telling.client.post(f"/jobs/{job['id']}/cancel").status_code == 200
    telling.gate.opened.set()
    eventually(lambda: receiver.received, "the message")
    (got,) = receiver.received
    assert Webhook(SECRET).verify(got.body, got.headers)["type"] == "job.cancelled"


def test_an_idempotency_key_covers_priority_and_webhook(shared: Room):
    headers = {"Idempotency-Key": "with a priority"}
    body = {**HELLO, "priority": "high"}
    first, again = (shared.client.post("/jobs", json=body, headers=headers) for _ in range(2))
    assert first.json()["id"] == again.json()["id"]
    refused(shared.client.post("/jobs", json=HELLO, headers=headers), 409)


def test_both_fields_are_described(shared: Room):
    document = shared.client.get("/openapi.json").json()
    for path in ("/jobs", "/voices/clone"):
        for content in document["paths"][path]["post"]["requestBody"]["content"].values():
            properties = content["schema"]["properties"]
            assert {"high", "normal", "low"} <= set(
                str(properties["priority"]).replace("'", " ").replace(",", " ").split()
            )
            assert "VOICECORE_WEBHOOK_SECRET" in str(properties["webhook_url"])
            assert not {"priority", "webhook_url"} & set(content["schema"]["required"])
