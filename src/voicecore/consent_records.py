"""Consents as JSON documents, as `voicecore.records` has the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from voicecore.consent import Consent, ConsentId, Recording, Statement
from voicecore.record_envelope import Document, dump, load, plain
from voicecore.record_fields import (
    as_language,
    as_moment,
    as_number,
    as_text,
    fields_of,
    maybe,
    maybe_write,
    moment_text,
)

CONSENT_VERSION = 1

_RECORDING = {"key": as_text, "sha256": as_text, "duration_s": as_number}
_STATEMENT: dict[str, Callable[[Any], Any]] = {
    "by": as_text, "text": as_text, "given_at": as_moment,
    "recording": maybe(lambda document: Recording(**fields_of(document, _RECORDING))),
}  # fmt: skip


def as_statement(value: Any) -> Statement:
    """A statement of consent."""
    return Statement(**fields_of(value, _STATEMENT))


def statement_document(statement: Statement) -> Document:
    """The inverse of `as_statement`."""
    recording = maybe_write(lambda spoken: plain(spoken, _RECORDING), statement.recording)
    return plain(statement, _STATEMENT) | {"given_at": moment_text(statement.given_at), "recording": recording}


_CONSENT: dict[str, Callable[[Any], Any]] = {
    "id": lambda value: ConsentId(as_text(value)), "statement": as_statement, "language": maybe(as_language),
    "created_at": as_moment, "source_job_id": maybe(as_text), "revoked_at": maybe(as_moment),
    "owner": as_text,
}  # fmt: skip


def dump_consent(consent: Consent) -> str:
    """The consent as a record: JSON, ASCII, one line."""
    nested = {
        "statement": statement_document(consent.statement),
        "language": maybe_write(lambda language: language.tag, consent.language),
        "created_at": moment_text(consent.created_at),
        "revoked_at": maybe_write(moment_text, consent.revoked_at),
    }
    return dump("consent", CONSENT_VERSION, plain(consent, _CONSENT) | nested)


def load_consent(record: str | bytes) -> Consent:
    """The inverse of `dump_consent`. Raises `StorageUnavailable` for a record that this program does not know."""
    return load("consent", (), record, lambda document: Consent(**fields_of(document, _CONSENT)))
