"""Which shape a refusal is told in: the address decides. Where no dialect is registered it is a problem of RFC 9457.

A client of another service's API reads that service's errors. So whoever speaks such a dialect registers, in `app.py`, the
addresses that are its own, and every refusal there comes in its shape: a wrong field, a missing key, an unknown address
or method, and a defect, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from litestar import Request, Response


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a request is not answered as it was asked.

    Attributes:
        status: of HTTP, 400..599.
        code: stable, for clients to switch on.
        sentence: what is wrong, which limit, how to mend it.
        field: of the request, by the core's name; None where no field is to blame.
        headers: such as `Retry-After`.
        request_id: as the log has it.
    """

    status: int
    code: str
    sentence: str
    field: str | None
    headers: Mapping[str, str]
    request_id: str


Dialect: TypeAlias = Callable[[Request[Any, Any, Any], Refusal], Response[Any]]


@dataclass(frozen=True, slots=True)
class Dialects:
    """Dialects by the beginning of an address, whole parts of it; the longest that fits counts.

    >>> Dialects({"/v1/audio": openai, "/v1/audio/detect": problem}, problem)  # doctest: +SKIP
    """

    by_prefix: Mapping[str, Dialect]
    otherwise: Dialect

    def of(self, path: str) -> Dialect:
        """The dialect that is spoken at this address."""
        fitting = [each for each in self.by_prefix if path == each or path.startswith(f"{each}/")]
        return self.by_prefix[max(fitting, key=len)] if fitting else self.otherwise
