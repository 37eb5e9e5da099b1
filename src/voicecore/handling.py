"""How a job is treated, beside what it makes: its place in the queue, and who is told of its end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult, urlsplit

from voicecore.errors import InvalidInput, require

#: Longest webhook address, in characters.
URL_LIMIT = 2_000


class Priority(StrEnum):
    """Whose turn it is: all waiting jobs of a higher priority start before any of a lower one."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 starts first."""
        return list(Priority).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """Nothing here changes the audio, so no fingerprint of a sound covers it.

    Attributes:
        webhook_url: absolute http(s) address that is told when the job has ended, or None.

    Raises:
        InvalidInput: for an address that is none. Whether it may be called is decided when it is called.
    """

    priority: Priority = Priority.NORMAL
    webhook_url: str | None = None

    def __post_init__(self) -> None:
        if self.webhook_url is not None:
            _check_url(self.webhook_url)


#: What a job gets whose caller said nothing.
PLAIN = Handling()


def _check_url(url: str) -> None:
    refusal = (
        "webhook_url must be an absolute http:// or https:// address with a host and without user, password or fragment"
    )
    require(
        len(url) <= URL_LIMIT, f"webhook_url has {len(url)} characters; give at most {URL_LIMIT}.", field="webhook_url"
    )
    clean = url.isascii() and url.isprintable() and not set(" \\#") & set(url)
    try:
        parts = urlsplit(url)
        good = clean and _good(parts)
    except ValueError:
        good = False
    if not good:
        raise InvalidInput(f"{refusal}.", field="webhook_url")


def _good(parts: SplitResult) -> bool:
    plain = parts.username is None and parts.password is None
    # Reading the port raises ValueError if it is none.
    return parts.scheme in ("http", "https") and bool(parts.hostname) and plain and parts.port != 0
