"""An address of a webhook, read once."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from voicecore.errors import NotDelivered

PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Target:
    """An address taken apart, once, so that no second reading of it can come to another host."""

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def of(cls, url: str) -> Target:
        """The parts of an http(s) address. Raises `NotDelivered` for what is none."""
        try:
            parts = urlsplit(url)
            port = parts.port or PORTS[parts.scheme]
            host = parts.hostname or ""
            host.encode("ascii")
            if not host:
                raise ValueError  # noqa: TRY301 - as for any other address that is none
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            path.encode("ascii")
        except (ValueError, KeyError):  # UnicodeEncodeError is a ValueError
            raise NotDelivered("The address of the webhook cannot be read.") from None
        return cls(parts.scheme, host, port, path)

    @property
    def authority(self) -> str:
        """What the header Host says."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == PORTS[self.scheme] else f"{name}:{self.port}"
