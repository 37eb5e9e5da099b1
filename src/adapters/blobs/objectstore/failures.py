"""What object stores answer when they refuse, as one sentence that names the cause and the setting that mends it.

The error's own text is not passed on: it holds whole answers of the server. Codes are those of the S3 API
(docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html), and what MinIO and Ceph add for a full store.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from obstore import exceptions

from voicecore.errors import DiskFull, StorageUnavailable

_CODE = re.compile(r"<Code>([A-Za-z0-9]{1,60})</Code>")
_STATUS = re.compile(r"status code: ([0-9]{3})")
_FULL = {
    "InsufficientCapacity", "InsufficientStorage", "QuotaExceeded", "XMinioAdminBucketQuotaExceeded", "XMinioStorageFull",
}  # fmt: skip
_CREDENTIALS = "check the access key and the secret (S3: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"
_REASONS = {
    "NoSuchBucket": "the bucket does not exist: create it, or name another in VOICECORE_BLOBS_URL",
    "InvalidBucketName": "the server takes no bucket of this name: name another in VOICECORE_BLOBS_URL",
    "SignatureDoesNotMatch": f"the server finds the signature wrong: {_CREDENTIALS}",
    "InvalidAccessKeyId": f"the server does not know this access key: {_CREDENTIALS}",
    "ExpiredToken": "the session token has expired: get a new AWS_SESSION_TOKEN and restart",
    "InvalidToken": "the server does not accept the session token: check AWS_SESSION_TOKEN",
    "AccessDenied": "access is denied: let this key read, write, list and delete there",
    "AllAccessDisabled": "access is denied: let this key read, write, list and delete there",
    "RequestTimeTooSkewed": "this machine's clock is more than 15 minutes away from the server's: set it right (NTP)",
    "AuthorizationHeaderMalformed": "the server is in another region: set AWS_REGION",
    "PermanentRedirect": "the bucket is in another region: set AWS_REGION and AWS_ENDPOINT_URL",
    "SlowDown": "the server is overloaded: try again in a moment",
    "ServiceUnavailable": "the server is overloaded: try again in a moment",
}
_HTTP = (
    # In this order: a text may hold several.
    ("BadScheme", "its address begins with http:// but only https:// is allowed: set AWS_ALLOW_HTTP=true to allow it"),
    ("169.254.169.254", "no credentials are set: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    ("certificate", "its TLS certificate is not trusted: add its authority to this machine's trust store"),
    ("dns error", "its host name is not known: check AWS_ENDPOINT_URL"),
    ("TimedOut", "it did not answer in time: see whether it runs, and check AWS_ENDPOINT_URL"),
    ("HTTP error", "it cannot be reached: see whether it runs, and check AWS_ENDPOINT_URL"),
)


def beyond_the_end(error: Exception) -> bool:
    """Whether the server says that a range begins behind the object's end (also: that an empty object has none)."""
    return _status(str(error)) == "416"


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Errors of the object store as voicecore's. `place` names it to the user, without any secret.

    FileNotFoundError passes through if the object is missing, not if its bucket is; so does a failed precondition.
    """
    try:
        yield
    except exceptions.PreconditionError:
        raise
    except FileNotFoundError as error:
        if _code(str(error)) != "NoSuchBucket":
            raise
        raise _as_ours(place, str(error)) from error
    except (exceptions.BaseError, OSError, ValueError) as error:
        if beyond_the_end(error):
            raise
        raise _as_ours(place, str(error)) from error


def _as_ours(place: str, text: str) -> StorageUnavailable:
    code, status = _code(text), _status(text)
    if code in _FULL or status == "507":
        return DiskFull(f"The object store {place} is full and nothing was stored: free some space or raise its quota.")
    reason = _REASONS.get(code)
    if reason is None and status is None:
        reason = next((reason for sign, reason in _HTTP if sign in text), None)
    if reason is None and status in {"401", "403"}:
        reason = _REASONS["AccessDenied"]
    if reason is None:
        answer = " ".join(filter(None, (status, code))) or "something that is not understood"
        reason = f"it answered {answer}: see its log"
    return StorageUnavailable(f"The object store {place} cannot be used: {reason}.")


def _code(text: str) -> str:
    match = _CODE.search(text)
    return "" if match is None else match[1]


def _status(text: str) -> str | None:
    match = _STATUS.search(text)
    return None if match is None else match[1]
