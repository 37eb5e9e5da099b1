"""One HTTP/1.1 request and the status of its answer, by httpcore."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from contextlib import closing, suppress

import httpcore

from adapters.messengers.connection import PinnedBackend
from adapters.messengers.target import Target
from voicecore import __version__

#: Read of an answer, of which only the status counts; so that a short one ends in peace.
_ANSWER_BYTES = 64 * 1024
#: What is raised when no answer came.
_FAILURES = (OSError, httpcore.ProtocolError, httpcore.NetworkError, httpcore.TimeoutException)


class NoAnswer(Exception):
    """Why there was none, in a few words."""


def default_trust() -> ssl.SSLContext:
    """Believe the certificates of the system and of certifi, and check the name."""
    return httpcore.default_ssl_context()


def exchange(
    target: Target, backend: PinnedBackend, tls: ssl.SSLContext, body: bytes, headers: Mapping[str, str]
) -> int:
    """Post the body; the status of the answer. Raises `NoAnswer`."""
    host = target.host.encode("ascii")
    origin = httpcore.Origin(target.scheme.encode(), host, target.port)
    sent = {
        "Host": target.authority, "User-Agent": f"voicecore/{__version__}", "Accept": "*/*", "Connection": "close",
        "Content-Length": str(len(body)),
    }  # fmt: skip
    request = httpcore.Request(
        "POST",
        httpcore.URL(scheme=origin.scheme, host=host, port=target.port, target=target.path.encode("ascii")),
        headers=list((sent | dict(headers)).items()),
        content=body,
        # A certificate never has the dot that a name may end with.
        extensions={"sni_hostname": target.host.rstrip(".")},
    )
    with closing(httpcore.HTTPConnection(origin, ssl_context=tls, network_backend=backend)) as connection:
        try:
            response = connection.handle_request(request)
        except _FAILURES as error:
            raise NoAnswer(_why(error)) from error
        # The status is known: whatever happens to the rest of the answer, the message was taken or refused.
        with suppress(*_FAILURES):
            _read_a_little(response)
        return response.status


def _read_a_little(response: httpcore.Response) -> None:
    read = 0
    for chunk in response.iter_stream():
        read += len(chunk)
        if read >= _ANSWER_BYTES:
            return


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "the time for it is over"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__)[:200]
