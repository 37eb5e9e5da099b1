"""`/openapi.json` is the truth: what it lists is there, and requests made from it are answered as it says."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.checks import negative_data_rejection

from entrypoints.container import build
from entrypoints.http.app import create_app
from entrypoints.http.dialects import renderer_of
from entrypoints.http.problems import as_problem
from entrypoints.settings import Settings

from .room import PATIENCE_S, Room

CONTRACT = {
    ("get", "/health"), ("post", "/jobs"), ("get", "/jobs"), ("get", "/jobs/{job_id}"), ("get", "/jobs/{job_id}/download"),
    ("head", "/jobs/{job_id}/download"), ("get", "/jobs/{job_id}/formats"), ("get", "/jobs/{job_id}/segments"),
    ("post", "/jobs/{job_id}/cancel"), ("delete", "/jobs/{job_id}"), ("post", "/voices/clone"), ("post", "/voices/mix"),
    ("get", "/voices"),
    ("get", "/voices/{voice_id}"), ("patch", "/voices/{voice_id}"), ("delete", "/voices/{voice_id}"),
    ("get", "/voices/{voice_id}/sample"), ("get", "/presets"), ("get", "/languages"), ("get", "/engines"),
    ("get", "/quality-profiles"), ("get", "/quality-profiles/{engine}"), ("get", "/quality-profiles/{engine}/{profile_id}"),
    ("post", "/quality-profiles"), ("patch", "/quality-profiles/{engine}/{profile_id}"),
    ("delete", "/quality-profiles/{engine}/{profile_id}"), ("post", "/quality-profiles/{engine}/{profile_id}/duplicate"),
    ("post", "/quality-profiles/{engine}/{profile_id}/set-default"), ("post", "/rvc-models"), ("get", "/rvc-models"),
    ("get", "/rvc-models/{model_id}"), ("delete", "/rvc-models/{model_id}"), ("get", "/rvc-models/stats"),
    ("post", "/consents"), ("get", "/consents"), ("get", "/consents/{consent_id}"), ("delete", "/consents/{consent_id}"),
    ("get", "/consents/{consent_id}/recording"), ("get", "/consent-statements"), ("post", "/admin/cleanup"), ("get", "/admin/stats"),
    ("get", "/live"), ("get", "/ready"),
    ("get", "/v1/models"), ("get", "/v1/models/{model_id}"), ("get", "/v1/audio/models"), ("get", "/v1/audio/voices"),
    ("post", "/v1/audio/speech"),
    ("post", "/v1/audio/voices"), ("delete", "/v1/audio/voices/{voice_id}"), ("post", "/v1/audio/voice_consents"),
    ("get", "/v1/audio/voice_consents"), ("get", "/v1/audio/voice_consents/{consent_id}"),
    ("post", "/v1/audio/voice_consents/{consent_id}"), ("delete", "/v1/audio/voice_consents/{consent_id}"),
    ("post", "/v1/text-to-speech/{voice_id}"), ("post", "/v1/text-to-speech/{voice_id}/stream"),
    ("post", "/v1/text-to-speech/{voice_id}/with-timestamps"), ("post", "/v1/text-to-speech/{voice_id}/stream/with-timestamps"),
    ("post", "/v1/speech-to-speech/{voice_id}"), ("post", "/v1/speech-to-speech/{voice_id}/stream"),
    ("post", "/v1/voice-changer/{voice_id}"), ("post", "/v1/voice-changer/{voice_id}/stream"), ("get", "/v1/voices"), ("get", "/v2/voices"),
    ("get", "/v1/voices/{voice_id}"), ("delete", "/v1/voices/{voice_id}"), ("post", "/v1/voices/{voice_id}/edit"),
    ("post", "/v1/voices/add"), ("get", "/v1/voices/settings/default"), ("get", "/v1/voices/{voice_id}/settings"),
    ("get", "/v1/user/subscription"),
}  # fmt: skip
CHECKS = (
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
)


def described(room: Room) -> dict:
    return room.client.get("/openapi.json").json()


def operations(document: dict) -> list[tuple[str, str, dict]]:
    return [(method, path, body) for path, item in document["paths"].items() for method, body in item.items()]


def test_every_endpoint_of_the_contract_is_described(shared: Room):
    assert {(method, path) for method, path, _ in operations(described(shared))} >= CONTRACT


def test_every_body_refuses_fields_it_does_not_know_and_job_bodies_come_in_three_kinds(shared: Room):
    document = described(shared)
    bodies = [body["requestBody"]["content"] for *_, body in operations(document) if "requestBody" in body]
    assert len(bodies) >= 6
    for content in bodies:
        for media_type in content.values():
            assert media_type["schema"]["additionalProperties"] is False
    assert document["paths"]["/jobs"]["post"]["requestBody"]["content"].keys() == {
        "application/json", "application/x-www-form-urlencoded", "multipart/form-data"
    }  # fmt: skip


def test_every_refusal_is_described_as_a_problem_or_in_the_dialect_of_its_address(shared: Room):
    document = described(shared)
    for method, path, operation in operations(document):
        own = "application/problem+json" if renderer_of(path, as_problem) is as_problem else "application/json"
        for status, response in operation["responses"].items():
            if int(status) >= 400 and path not in ("/health", "/ready"):
                assert response["content"].keys() == {own}, (method, path, status)
    assert {"202", "400", "404", "409", "413", "415", "429", "501", "503"} <= document["paths"]["/jobs"]["post"][
        "responses"
    ].keys()


def described_now() -> dict:
    """The document of the application as it is, for what is known before the tests run: which operations there are."""
    with tempfile.TemporaryDirectory() as folder:
        service = build(Settings(engine="tone", data_dir=Path(folder))).service()
        try:
            return create_app(service).openapi_schema.to_schema()
        finally:
            service.close()


#: An answer that goes on for ever cannot be checked as a whole; test_jobs_news.py reads it.
ENDLESS = {("get", "/jobs/events")}
DESCRIBED = {
    (method, path): body for method, path, body in operations(described_now()) if (method, path) not in ENDLESS
}
#: Operations that can be asked something wrong: those with a body or a query.
FALLIBLE = {
    key for key, body in DESCRIBED.items()
    if "requestBody" in body or any(each["in"] == "query" for each in body.get("parameters", ()))
}  # fmt: skip
few = settings(max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


@functools.cache
def described_at(url: str) -> Any:
    """The description as this server gives it, read once: reading it takes longer than most of what is asked then."""
    return schemathesis.openapi.from_url(f"{url}/openapi.json")


def requests_of(room: Room, operation: tuple[str, str], kind: GenerationMode):
    """Requests made from the description, right or wrong by it."""
    method, path = operation
    return described_at(room.url)[path][method.upper()].as_strategy(generation_mode=kind)


def check(case: schemathesis.Case) -> None:
    answer = case.call(timeout=PATIENCE_S)
    # 501 is documented where a part is not installed; any other failure of the service is a defect.
    assert answer.status_code < 500 or answer.status_code == 501, answer.text
    case.validate_response(answer, checks=CHECKS)


@pytest.mark.parametrize("operation", sorted(DESCRIBED), ids=" ".join)
def test_requests_that_are_right_by_the_description_are_answered_as_described(shared: Room, operation: tuple[str, str]):
    few(given(case=requests_of(shared, operation, GenerationMode.POSITIVE))(check))()


@pytest.mark.parametrize("operation", sorted(FALLIBLE), ids=" ".join)
def test_requests_that_are_wrong_by_the_description_are_refused_as_described(shared: Room, operation: tuple[str, str]):
    few(given(case=requests_of(shared, operation, GenerationMode.NEGATIVE))(check))()
