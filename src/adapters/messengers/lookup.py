"""The addresses of a host name, asked once and within a time."""

from __future__ import annotations

import queue
import socket
import threading

from voicecore.errors import NotDelivered


def addresses(host: str, port: int, timeout_s: float) -> list[str]:
    """The numeric addresses of `host`, in the order of preference of this machine; at least one.

    Raises:
        NotDelivered: if there are none, or no answer within `timeout_s`.
    """
    answer: queue.SimpleQueue[list[str] | str] = queue.SimpleQueue()
    # The system's resolver takes no timeout. A thread that it keeps ends with the resolver's own, some ten seconds later.
    threading.Thread(target=_ask, args=(host, port, answer), name="voicecore-lookup", daemon=True).start()
    try:
        found = answer.get(timeout=max(0.0, timeout_s))
    except queue.Empty:
        raise NotDelivered(f"The address of {host[:100]!r} was not found within {timeout_s:.0f} s.") from None
    if isinstance(found, str):
        raise NotDelivered(f"The address of {host[:100]!r} was not found: {found}.")
    return found


def _ask(host: str, port: int, answer: queue.SimpleQueue[list[str] | str]) -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # UnicodeError: a label that is too long or empty
        answer.put((getattr(error, "strerror", None) or str(error))[:100])
        return
    answer.put(list(dict.fromkeys(str(place[0]) for *_, place in found)) or "it has none")
