"""Which addresses a webhook may call: a service that calls whatever it is told is a door into its own network."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from voicecore.errors import InvalidInput
from voicecore.handling import Handling

#: Not public, by the IANA IPv4 Special-Purpose Address Registry (RFC 6890 and its successors), and multicast (RFC 5771).
_REFUSED_V4 = tuple(map(IPv4Network, (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/4", "240.0.0.0/4",
    # Public by number only: the host agent that every virtual machine of Azure can reach.
    "168.63.129.16/32",
)))  # fmt: skip
#: All that is assigned for unicast (RFC 4291 section 2.4, IANA IPv6 address space); the rest is local, reserved or multicast.
_UNICAST_V6 = IPv6Network("2000::/3")
#: Inside it, by the IANA IPv6 Special-Purpose Address Registry: protocol assignments with Teredo (2001::/23),
#: documentation, and 6to4 (2002::/16), which would carry any IPv4 address past this check.
_REFUSED_V6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
#: How a network without IPv4 names the IPv4 world (RFC 6052); what is meant is the IPv4 address in the last 32 bits.
_NAT64 = IPv6Network("64:ff9b::/96")

_LOCAL_NAMES = ("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback")


def is_public(address: str) -> bool:
    """Whether a numeric IP address belongs to the public Internet. What is no address does not.

    IPv4 inside IPv6 (mapped, compatible, 6to4, Teredo) is never public; NAT64 is as public as the address in it.
    """
    try:
        number = ip_address(address)
    except ValueError:
        return False
    if isinstance(number, IPv6Address):
        if number.scope_id is not None:
            return False
        if number not in _NAT64:
            return number in _UNICAST_V6 and not any(number in network for network in _REFUSED_V6)
        number = IPv4Address(int(number) & 0xFFFF_FFFF)
    return not any(number in network for network in _REFUSED_V4)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookPolicy:
    """Whether jobs may have a webhook, and whether it may be in a private network or without TLS.

    This is the check at the door, of what can be seen without asking a name server. The messenger checks again when it
    calls, with the addresses that the name has then.
    """

    enabled: bool = False
    allow_private: bool = False

    def admit(self, handling: Handling) -> None:
        """Raise `InvalidInput` (field `webhook_url`) for a webhook that could never be called."""
        if handling.webhook_url is None:
            return
        if not self.enabled:
            raise InvalidInput(
                "This service sends no webhooks, since it has no secret to sign them with: leave webhook_url out, or set "
                "VOICECORE_WEBHOOK_SECRET.",
                field="webhook_url",
            )
        if not self.allow_private:
            _must_be_public(handling.webhook_url)


#: No webhooks at all.
NO_WEBHOOKS = WebhookPolicy()


def _must_be_public(url: str) -> None:
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    allow = "VOICECORE_WEBHOOK_ALLOW_PRIVATE allows others"
    if parts.scheme != "https":
        raise InvalidInput(f"webhook_url must begin with https://; {allow}.", field="webhook_url")
    number = _number(host)
    local_name = host in _LOCAL_NAMES or host.endswith(".localhost")
    if local_name or (number is not None and not is_public(number)):
        raise InvalidInput(f"webhook_url must lead to a public address; {allow}.", field="webhook_url")


def _number(host: str) -> str | None:
    """The address that `host` spells, or None if it is a name. `127.1`, `0x7f.0.0.1` and `2130706433` are spellings, too."""
    if ":" in host:
        return host
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return None
