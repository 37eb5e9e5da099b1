"""From `VOICECORE_BLOBS_URL` and the environment to a connection of obstore."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from obstore import exceptions
from obstore.store import from_url

from voicecore.errors import InvalidInput

if TYPE_CHECKING:
    from obstore.store import ObjectStore

#: Each with the variable that allows plain http for it.
_ALLOW_HTTP = {"s3": "AWS_ALLOW_HTTP", "gs": "GOOGLE_ALLOW_HTTP", "az": "AZURE_ALLOW_HTTP"}
_PLACE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*")
#: Seconds. A request of 5 MiB takes this long at 3.5 Mbit/s.
_REQUEST_S = 12
_CONNECT_S = 3


def checked_url(url: str) -> str:
    """`url` without a slash at its end, if it names a bucket in an object store.

    Raises:
        InvalidInput: otherwise. The message does not repeat the URL, which might hold a password.
    """
    split = urlsplit(url)
    place = (split.netloc + split.path).rstrip("/")
    if (
        split.scheme not in _ALLOW_HTTP
        or _PLACE.fullmatch(place) is None
        or split.query
        or split.fragment
        or (split.scheme == "az" and "/" not in place)
    ):
        raise InvalidInput(
            "VOICECORE_BLOBS_URL does not name an object store: write s3://bucket/prefix, gs://bucket/prefix or "
            "az://account/container/prefix of letters, digits, _ . and -, with credentials in the environment only.",
            field="blobs_url",
        )
    return f"{split.scheme}://{place}"


def connect(url: str, patience_s: float) -> ObjectStore:
    """A connection; nothing is sent yet. Failed requests are tried again for `patience_s`, with growing pauses.

    Raises:
        InvalidInput: the URL or a variable of the environment is wrong.
    """
    scheme = url.partition(":")[0]
    allow_http = os.environ.get(_ALLOW_HTTP[scheme], "").strip().lower() in {"1", "true", "yes", "on"}
    try:
        return from_url(
            url,
            # Without this, S3 deletes go through a call that not every S3-compatible server has.
            config={"disable_bulk_delete": True} if scheme == "s3" else None,
            client_options={
                "allow_http": allow_http,
                "connect_timeout": timedelta(seconds=_CONNECT_S),
                "timeout": timedelta(seconds=_REQUEST_S),
                "user_agent": "voicecore",
            },
            retry_config={
                "max_retries": 1_000,  # the patience ends them
                "retry_timeout": timedelta(seconds=patience_s),
                "backoff": {"init_backoff": timedelta(seconds=0.1), "max_backoff": timedelta(seconds=2), "base": 2},
            },
        )
    except (exceptions.BaseError, ValueError) as error:
        raise InvalidInput(
            f"The settings of the object store {url} are not valid: check the variables of docs/object-store.md.",
            field="blobs_url",
        ) from error
