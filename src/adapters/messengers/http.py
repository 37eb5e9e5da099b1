"""Webhooks over HTTP, called without trust in the address, in its name server, or in the one who answers.

Against server-side request forgery (https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html):
the name is looked up once, all its addresses are checked, and the connection goes to a checked one. A name server that
gives another answer the next time is not asked a next time. No redirect is followed, no proxy of the environment used.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from adapters.messengers.deadline import Deadline
from adapters.messengers.lookup import addresses
from adapters.messengers.target import Target
from voicecore.errors import ForbiddenTarget, MissingDependency, NotDelivered
from voicecore.webhook_target import is_public

#: Addresses of one name that are tried.
_ADDRESSES = 4

#: Host, port and seconds to the numeric addresses of the host; raises `NotDelivered`.
Lookup: TypeAlias = Callable[[str, int, float], Sequence[str]]


class HttpMessenger:
    """A `Messenger`. Any thread may use it; each call has a connection of its own.

    Args:
        allow_private: also addresses in private networks and of this machine, and http:// without TLS.
        connect_s: seconds to look the name up, and as many to connect.
        total_s: seconds of one call, from the name to the end of the answer.
        tls: what certificates are believed; by default the system's and certifi's, with the name checked. The environment
            variable SSL_CERT_FILE adds others.
        lookup: for tests.

    Raises:
        MissingDependency: without httpcore.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        connect_s: float = 5.0,
        total_s: float = 15.0,
        tls: ssl.SSLContext | None = None,
        lookup: Lookup = addresses,
    ) -> None:
        try:
            from adapters.messengers import connection, exchange  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise MissingDependency(
                "Webhooks need the package 'httpcore': pip install 'voicecore[service]'."
            ) from error
        self._connection, self._exchange = connection, exchange
        self._allow_private = allow_private
        self._connect_s = connect_s
        self._total_s = total_s
        self._tls = exchange.default_trust() if tls is None else tls
        self._lookup = lookup

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """See `Messenger.post`."""
        deadline = Deadline.after(self._total_s)
        target = Target.of(url)
        if target.scheme != "https" and not self._allow_private:
            raise ForbiddenTarget(
                f"{target.host[:100]!r} is to be called without TLS; use https, or set VOICECORE_WEBHOOK_ALLOW_PRIVATE."
            )
        lookup_s = min(self._connect_s, self._total_s)
        checked = self._checked(target.host, self._lookup(target.host, target.port, lookup_s))
        backend = self._connection.PinnedBackend(checked, self._connect_s, deadline)
        try:
            return self._exchange.exchange(target, backend, self._tls, body, headers)
        except self._exchange.NoAnswer as error:
            raise NotDelivered(f"{target.host[:100]!r} gave no answer: {error}.") from error

    def _checked(self, host: str, found: Sequence[str]) -> Sequence[str]:
        """The addresses, if all of them may be called: one that may not shows a name that means no good."""
        if not self._allow_private and not all(map(is_public, found)):
            raise ForbiddenTarget(
                f"{host[:100]!r} has an address that is not public; set VOICECORE_WEBHOOK_ALLOW_PRIVATE to allow it."
            )
        return found[:_ADDRESSES]
