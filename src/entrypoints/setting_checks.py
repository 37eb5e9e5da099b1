"""What a setting's value must be, beyond its kind."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from voicecore.errors import InvalidInput, require
from voicecore.marks import LEAST_SECRET_BYTES
from voicecore.webhook import WebhookSigner

#: Characters of a pepper: what is shorter could be guessed.
PEPPER_LENGTH = 16
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")


def file_of(url: str) -> Path:
    """The folder that a `file://` address means. Raises `InvalidInput` for a relative one, or one on another host."""
    parts = urlsplit(url)
    folder = unquote(parts.path)
    good = (
        parts.scheme == "file" and parts.netloc in ("", "localhost") and folder.startswith("/") and "\0" not in folder
    )
    require(good and folder != "/", f"VOICECORE_BLOBS_URL is {url!r}; give file:///absolute/folder.")
    return Path(folder)


def check_blobs_url(url: str | None) -> None:
    """Raise `InvalidInput` for what names no place. Credentials do not belong into it, but it may hold some: it is not repeated."""
    if url is None:
        return
    if url.startswith("file://"):
        _ = file_of(url)
        return
    require(
        url.startswith(("s3://", "gs://", "az://")),
        "VOICECORE_BLOBS_URL must begin with s3://, gs://, az:// or file:///: write s3://bucket/prefix or file:///folder.",
    )


def check_webhook_secret(text: str | None) -> None:
    """Raise `InvalidInput` for what is no key of webhooks; it is not repeated."""
    try:
        _ = None if text is None else WebhookSigner.parse(text)
    except InvalidInput as error:
        raise InvalidInput(f"VOICECORE_WEBHOOK_SECRET cannot be used: {error.message}") from None


def check_access(auth: str, key_pepper: str | None, cors_origins: tuple[str, ...]) -> None:
    """Raise `InvalidInput` for what would open the service by mistake."""
    require(auth in ("keys", "off"), f"VOICECORE_AUTH is {auth!r}; give keys or off.")
    require(
        key_pepper is None or len(key_pepper) >= PEPPER_LENGTH,
        f"VOICECORE_KEY_PEPPER is too short to be a secret; give {PEPPER_LENGTH} characters or more.",
    )
    for origin in cors_origins:
        require(
            _ORIGIN.fullmatch(origin) is not None,
            f"VOICECORE_CORS_ORIGINS has {origin!r}; give origins such as https://app.example.com, without a path.",
        )


def check_wyoming(port: int, allow: tuple[str, ...], clients: int) -> None:
    """Raise `InvalidInput` for a port or a number that is none, and for what is no network."""
    require(1 <= port <= 65_535, f"VOICECORE_WYOMING_PORT is {port}; give 1 to 65535.")
    require(1 <= clients <= 1_024, f"VOICECORE_WYOMING_CLIENTS is {clients}; give 1 to 1024.")
    for network in allow:
        try:
            _ = ipaddress.ip_network(network, strict=False)
        except ValueError:
            raise InvalidInput(
                f"VOICECORE_WYOMING_ALLOW has {network!r}; give networks such as 192.168.1.0/24 or fd00::/8."
            ) from None


def check_marks(watermark: str, secret: str | None) -> None:
    """Raise `InvalidInput` for a watermark that does not exist, and for a key of marks that could be guessed."""
    require(watermark in ("off", "perth"), f"VOICECORE_WATERMARK is {watermark!r}; give off or perth.")
    require(
        secret is None or len(secret.encode()) >= LEAST_SECRET_BYTES,
        f"VOICECORE_MARK_SECRET has under {LEAST_SECRET_BYTES} characters; give a longer one, such as 32 random ones.",
    )
