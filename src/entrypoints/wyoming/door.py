"""Who may speak by Wyoming, which knows no keys: programs of this machine and its own network, as far as settings say."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Self

from entrypoints.service import Service
from voicecore.access import NOBODY, Caller, Scope
from voicecore.errors import Forbidden, InvalidInput, Unauthorized, VoiceCoreError

#: Loopback, the networks of RFC 1918 and RFC 4193, and link-local addresses.
PRIVATE = (
    "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "::1/128", "fc00::/7", "fe80::/10",
)  # fmt: skip
HOW_TO_OPEN = (
    "give Wyoming a key of its own with VOICECORE_WYOMING_KEY (scope speak), since its clients cannot send one"
)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Networks whose programs may connect."""

    networks: tuple[IPv4Network | IPv6Network, ...]

    @classmethod
    def of(cls, networks: tuple[str, ...]) -> Self:
        """Of these networks; of none, the private ones."""
        return cls(tuple(ipaddress.ip_network(each, strict=False) for each in networks or PRIVATE))

    def admit(self, host: str) -> bool:
        """Whether the address may connect."""
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return False
        seen = getattr(address, "ipv4_mapped", None) or address
        return any(seen.version == each.version and seen in each for each in self.networks)


def caller_of(service: Service) -> Caller:
    """Who all clients are: the owner of `VOICECORE_WYOMING_KEY`, or nobody in particular while no keys are needed.

    Raises:
        Unauthorized: keys are needed, and there is none, or none that is good.
        Forbidden: the key may not speak.
    """
    settings = service.settings
    if settings.wyoming_key is not None:
        caller = service.authenticate(settings.wyoming_key)
        caller.must(Scope.SPEAK)
        return caller
    if settings.auth != "off" and service.authenticate.configured:
        raise Unauthorized(f"This service has API keys: {HOW_TO_OPEN}.")
    return NOBODY


def check(service: Service) -> None:
    """Raise `InvalidInput` if nobody could be served."""
    try:
        caller_of(service)
    except (Unauthorized, Forbidden) as error:
        told = error.message if service.settings.wyoming_key is None else f"VOICECORE_WYOMING_KEY: {error.message}"
        raise InvalidInput(told) from error
    except VoiceCoreError:
        return  # the store does not answer now; each client is looked at again
