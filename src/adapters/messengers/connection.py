"""A network backend for httpcore that connects to given addresses and keeps one deadline for everything.

httpcore's own timeouts begin anew with every byte, so a server that trickles would never meet them.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable, Sequence
from typing import Any

import httpcore

from adapters.messengers.deadline import Deadline


class BoundedStream(httpcore.NetworkStream):
    """A socket of which every call ends at the deadline."""

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket = connected
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout
        self._socket.settimeout(self._deadline.left_s())
        return self._socket.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        self._socket.settimeout(self._deadline.left_s())
        try:
            self._socket.sendall(buffer)  # its timeout is that of all the bytes together
        except TimeoutError:
            raise
        except OSError as error:
            # httpcore then still reads what a server said that had heard enough.
            raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        del timeout
        try:
            self._socket.settimeout(self._deadline.left_s())  # of the whole handshake
            wrapped = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname)
        except BaseException:
            self.close()
            raise
        return BoundedStream(wrapped, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        """Nothing: a connection is used once, over HTTP/1.1."""
        del info


class PinnedBackend(httpcore.NetworkBackend):
    """Connects to the first of `addresses` that answers, whatever name the URL has: no name is looked up here.

    Args:
        addresses: numeric, checked by the caller.
        connect_s: seconds for all of them; each gets an equal share of what is left.
    """

    def __init__(self, addresses: Sequence[str], connect_s: float, deadline: Deadline) -> None:
        self._addresses = addresses
        self._connect_s = connect_s
        self._deadline = deadline

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        del host, timeout, local_address, socket_options
        connecting = Deadline(min(self._deadline.at_s, Deadline.after(self._connect_s).at_s))
        failure: OSError = OSError("there is no address")
        for tried, address in enumerate(self._addresses):
            share_s = connecting.left_s() / (len(self._addresses) - tried)
            try:
                connected = socket.create_connection((address, port), timeout=share_s)
            except OSError as error:
                failure = error
                continue
            return BoundedStream(connected, self._deadline)
        raise failure
