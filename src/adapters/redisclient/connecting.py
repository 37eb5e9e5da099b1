"""A client with limits on everything that may take long."""

from __future__ import annotations

import re
import socket
import time
from urllib.parse import parse_qsl, urlsplit

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry

from voicecore.errors import InvalidInput

#: Attempts after the first to make a connection, with 0.1 s and 0.2 s between them: enough for a server that is being
#: restarted by its supervisor, and still an answer within seconds.
_RECONNECTS = 2
#: What may pass while a connection is made. redis-py raises the system's own errors there beside its own. Time that ran out
#: is not among them: who waited in vain shall hear of it.
_PASSING: tuple[type[Exception], ...] = (RedisConnectionError, ConnectionError, socket.gaierror)
_OPTIONS = {"db", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_check_hostname", "ssl_cert_reqs"}
_EXAMPLE = "redis://:password@host:6379/0"


def connect(
    url: str,
    *,
    timeout_s: float = 5.0,
    connect_timeout_s: float = 2.0,
    health_check_s: int = 15,
    client_name: str = "voicecore",
) -> Redis:
    """A client for `url`; nothing is sent yet. It may be used from any thread, and its answers are bytes.

    A connection that is refused, or breaks while it is made, is tried three times. A command is sent once: one whose answer
    got lost may have been done, and whether it may be said again is for its sender to know. A connection that was cut while
    idle is seen and renewed before a command is sent. So a caller hears of an outage within the sum of both limits, and a
    second.

    Args:
        url: `redis://` or `rediss://` (TLS; the host name of the certificate is checked), with percent-encoded user and
            password, the number of the database as path, and of the query only db and `ssl_*`.
        timeout_s: until a command's answer.
        connect_timeout_s: until a connection.
        health_check_s: a connection that was idle for longer is tried with a PING before it is used.
        client_name: what CLIENT LIST shows.

    Raises:
        InvalidInput: for a URL that cannot be used. Its text is not repeated, since it may hold a password.
    """
    _check(url)
    try:
        client = Redis.from_url(
            with_checked_host_name(url),
            socket_timeout=timeout_s,
            socket_connect_timeout=connect_timeout_s,
            socket_keepalive=True,
            health_check_interval=health_check_s,
            client_name=client_name,
            # A user with few rights need not be allowed CLIENT SETINFO.
            lib_name=None,
            lib_version=None,
            redis_connect_func=_open,
            retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), _RECONNECTS, _PASSING),
            # Empty: no error makes redis-py send a command again.
            retry_on_error=[],
            decode_responses=False,
        )
        client.connection_pool.make_connection()
    except (TypeError, ValueError, OSError, RedisError):
        raise _bad("has options that cannot be used") from None
    return client


def _open(connection: AbstractConnection) -> None:
    """The handshake, without a health check of its own commands.

    With one, redis-py 5.3 answers a handshake that fails by connecting in order to be healthy, and never comes back.
    """
    connection.next_health_check = int(time.time() + connection.health_check_interval)
    connection.on_connect()  # type: ignore[no-untyped-call]


def _check(url: str) -> None:
    """Raise `InvalidInput` for what redis-py would misread in silence."""
    try:
        parts = urlsplit(url)
        port = parts.port
        query = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        raise _bad("cannot be read; percent-encode / : @ # ? in its password") from None
    if parts.scheme not in ("redis", "rediss"):
        raise _bad("does not begin with redis:// or rediss://")
    if not parts.hostname or port == 0 or parts.fragment:
        raise _bad("names no host or port; percent-encode / : @ # ? in its password")
    if not re.fullmatch(r"/?|/\d{1,5}", parts.path):
        raise _bad("has something else than the number of a database after the host; percent-encode / in its password")
    if {name for name, _ in query} - _OPTIONS:  # not named: they may be the rest of a password
        raise _bad(f"has options other than {', '.join(sorted(_OPTIONS))}")
    if any(name == "db" and not value.isdecimal() for name, value in query):
        raise _bad("has a database that is not a number")


def with_checked_host_name(url: str) -> str:
    """The address, with the certificate's host name to be checked: redis-py checks its chain alone unless it is told to."""
    parts = urlsplit(url)
    names = dict(parse_qsl(parts.query))
    if parts.scheme != "rediss" or "ssl_check_hostname" in names or names.get("ssl_cert_reqs") == "none":
        return url
    return f"{url}{'&' if parts.query else '?'}ssl_check_hostname=yes"


def _bad(what: str) -> InvalidInput:
    return InvalidInput(f"VOICECORE_REDIS_URL {what}: write it like {_EXAMPLE}.", field="VOICECORE_REDIS_URL")
