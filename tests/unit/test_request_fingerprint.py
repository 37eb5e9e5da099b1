"""What an idempotency key is bound to, of requests with a consent in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from voicecore.consent import Statement
from voicecore.language import Language
from voicecore.request import EnrolmentRequest, request_fingerprint

GIVEN = datetime(2026, 11, 28, 12, tzinfo=UTC)
REQUEST = EnrolmentRequest(
    name="Ana", language=Language("pt", "BR"), clip_keys=("uploads/a",), reference_duration_s=6.0,
    consent=Statement(by="Ana Souza", text="I agree.", given_at=GIVEN),
)  # fmt: skip


def consenting_at(moment: datetime) -> EnrolmentRequest:
    assert REQUEST.consent is not None
    return replace(REQUEST, consent=replace(REQUEST.consent, given_at=moment))


def test_a_consent_given_at_another_moment_is_another_request():
    assert request_fingerprint(consenting_at(GIVEN + timedelta(seconds=1))) != request_fingerprint(REQUEST)


def test_the_same_moment_in_another_time_zone_is_the_same_request():
    there = GIVEN.astimezone(timezone(timedelta(hours=-3)))
    assert request_fingerprint(consenting_at(there)) == request_fingerprint(REQUEST)
