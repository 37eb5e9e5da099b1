"""What a receiver is told when a job has ended, and how it knows that we said it.

Messages follow the Standard Webhooks specification 1.0.0
(https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md), for which verifying
libraries exist in most languages: https://www.standardwebhooks.com.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from voicecore.errors import InvalidInput, require
from voicecore.job import SynthesisJob
from voicecore.request import SynthesisRequest

#: What a secret begins with, by the specification, so that it is known for one wherever it turns up.
SECRET_PREFIX = "whsec_"  # noqa: S105 # nosec B105 - how a secret begins is none
#: Bytes of a secret, by the specification: at least 192 bits, at most 512.
SECRET_MIN_BYTES, SECRET_MAX_BYTES = 24, 64
#: Two, so that a receiver can be given the new one while the old one still holds.
MAX_SECRETS = 2


@dataclass(frozen=True, slots=True)
class WebhookSigner:
    """Signs messages with every secret it holds: a receiver accepts a message if any signature fits its own.

    Raises:
        InvalidInput: for no secret, more than two, or one that is too short or too long.
    """

    secrets: tuple[bytes, ...] = field(repr=False)

    def __post_init__(self) -> None:
        require(
            1 <= len(self.secrets) <= MAX_SECRETS,
            f"There are {len(self.secrets)} webhook secrets; give 1, or {MAX_SECRETS} while you change it.",
        )
        for secret in self.secrets:
            require(
                SECRET_MIN_BYTES <= len(secret) <= SECRET_MAX_BYTES,
                f"A webhook secret has {len(secret)} bytes; give {SECRET_MIN_BYTES} to {SECRET_MAX_BYTES} random ones.",
            )

    @classmethod
    def parse(cls, text: str) -> WebhookSigner:
        """From one or two `whsec_<base64>`, separated by white space; the value of VOICECORE_WEBHOOK_SECRET.

        Raises:
            InvalidInput: with what is wrong, but never with the secret.
        """
        return cls(tuple(_secret(each) for each in text.split()))

    def headers(self, message_id: str, at: datetime, body: bytes) -> Mapping[str, str]:
        """The three headers of one try, sent at `at`: every try has its own time, and all have the same id.

        The signed content is `id.timestamp.body`, the signature `v1,` and the base64 of its HMAC-SHA256.
        """
        require("." not in message_id, "A message id with a dot would make the signed content ambiguous.")
        timestamp = str(int(at.timestamp()))
        content = b".".join((message_id.encode(), timestamp.encode(), body))
        made = (hmac.digest(secret, content, hashlib.sha256) for secret in self.secrets)
        return {
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": " ".join(f"v1,{base64.b64encode(each).decode()}" for each in made),
        }


def message_id(job: SynthesisJob) -> str:
    """Names the message, not the try: a job ends once, so a receiver that saw this id may drop the message."""
    return f"msg_{job.id}"


def payload(job: SynthesisJob) -> bytes:
    """The message about an ended job, as JSON in UTF-8; the same bytes at every try.

    It holds nothing that the caller wrote: no text, no name, and no sentence of an error, which may quote them. Whoever may
    read them gets them from `GET /jobs/{job_id}`.
    """
    require(job.status.finished, f"Job {job.id} is {job.status.value}; only an ended job is told of.")
    ended_at = job.completed_at or job.created_at
    message = {"type": f"job.{job.status.value}", "timestamp": _moment(ended_at), "data": _data(job)}
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()


def _data(job: SynthesisJob) -> dict[str, Any]:
    result, error = job.result, job.error
    speech = job.request if isinstance(job.request, SynthesisRequest) else None
    has_audio = result is not None and result.audio_key is not None
    return {
        "job_id": job.id,
        "status": job.status.value,
        "mode": job.mode.value,
        "error_code": None if error is None else error.code,
        "error_retryable": None if error is None else error.retryable,
        # A path, since a service does not know by which address it is reached.
        "audio_url": f"/jobs/{job.id}/download" if has_audio else None,
        "voice_id": speech.voice_id if speech is not None else None if result is None else result.voice_id,
        # A plain voice where another was asked for is not what the receiver waits for.
        "rvc_applied": None if result is None else result.conversion_applied,
        "duration_s": result.duration_s if result is not None and has_audio else None,
        "created_at": _moment(job.created_at),
        "completed_at": None if job.completed_at is None else _moment(job.completed_at),
    }


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _secret(text: str) -> bytes:
    require(
        text.startswith(SECRET_PREFIX),
        f"A webhook secret must begin with {SECRET_PREFIX}; make one with: echo {SECRET_PREFIX}$(openssl rand -base64 32)",
    )
    coded = text.removeprefix(SECRET_PREFIX)
    try:
        # Some programs leave the padding out; superfluous padding is refused by `validate`.
        return base64.b64decode(coded + "=" * (-len(coded) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput(f"What follows {SECRET_PREFIX} in a webhook secret must be base64.") from None
