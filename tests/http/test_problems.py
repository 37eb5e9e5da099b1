"""Every error of the core has its HTTP status, and a strange request is a refusal, never a failure."""

from __future__ import annotations

from contextlib import suppress

import httpx
import pytest

from entrypoints.http.problems import status_of
from voicecore import errors

from .room import Room

STATUS = {
    "VoiceCoreError": 500, "InvalidInput": 400, "InvalidText": 400, "UnsupportedLanguage": 400, "InvalidAudio": 400,
    "UnsupportedAudioFormat": 415, "TooLarge": 413, "NotFound": 404, "Gone": 410, "Conflict": 409, "NameTaken": 409,
    "ConsentRevoked": 409, "IdempotencyConflict": 409, "LeaseLost": 409, "QueueFull": 429, "Draining": 503, "StorageUnavailable": 503,
    "DiskFull": 503, "BlobCorrupt": 500, "NotInstalled": 501, "MissingDependency": 501, "MissingModel": 501,
    "ModelCorrupt": 500, "SelfTestFailed": 500, "EngineFailed": 503, "UtteranceFailed": 503, "EngineCrashed": 503,
    "DeadlineExceeded": 500, "Poisoned": 500,
    "NotDelivered": 500, "ForbiddenTarget": 500,
    "Unauthorized": 401, "Forbidden": 403, "LimitReached": 429, "Cancelled": 409, "VoiceChanged": 409, "NothingHeard": 503,
    "JobFailed": 500,
}  # fmt: skip


def tree(kind: type[errors.VoiceCoreError]) -> list[type[errors.VoiceCoreError]]:
    return [
        kind,
        *(each for child in kind.__subclasses__() if child.__module__ == kind.__module__ for each in tree(child)),
    ]


@pytest.mark.parametrize("kind", tree(errors.VoiceCoreError), ids=lambda kind: kind.__name__)
def test_every_error_of_the_core_has_the_status_of_the_documentation(kind: type[errors.VoiceCoreError]):
    assert status_of(kind()) == STATUS[kind.__name__]


@pytest.mark.parametrize(
    ("headers", "path"),
    [({"X-Huge": "x" * 200_000}, "/"), ({}, "/jobs/" + "x" * 50_000), ({"Range": "bytes=" + "1" * 60_000}, "/")],
    ids=["header", "address", "range"],
)
def test_huge_headers_and_addresses_are_refused_and_the_service_lives_on(shared: Room, headers: dict, path: str):
    # The server may also close the door in the middle of it, which is a refusal, too.
    with suppress(httpx.TransportError):
        assert shared.client.get(path, headers=headers).status_code in (200, 400, 404, 414, 431)
    assert shared.client.get("/live").status_code == 200
