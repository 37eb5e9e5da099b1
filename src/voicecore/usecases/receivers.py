"""Which notice is tried next, so that a receiver who is slow, or does not answer, holds up nobody else."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from voicecore.ports import Clock, Notice

#: Tries under way at one receiver.
_TRIES_EACH = 4
#: A try that takes longer shows a slow receiver.
_SLOW_S = 2.0
#: So long after a try without an answer, a receiver gets one try at a time.
_SILENT_S = 60.0


@dataclass(slots=True)
class _Receiver:
    name: str
    waiting: deque[tuple[float, Notice]] = field(default_factory=deque)
    began: list[float] = field(default_factory=list)
    silent_until: float = float("-inf")

    def slow(self, now: float) -> bool:
        return any(now - began > _SLOW_S for began in self.began) or (now < self.silent_until and bool(self.began))

    def free(self, now: float) -> bool:
        return bool(self.waiting) and not self.slow(now) and len(self.began) < _TRIES_EACH


@dataclass(frozen=True, slots=True, eq=False)
class Try:
    """A notice that is being delivered since `began`, a monotonic time in seconds."""

    notice: Notice
    receiver: str
    began: float


class Receivers:
    """Notices in hand, by receiver (scheme, host and port), served in turn. Any thread may call.

    Nothing is lost by what is left out here: the store holds a notice for a while only, and gives it out again,
    with no failed try counted.

    Args:
        room: notices in hand at once.
        keep_s: seconds after which a notice in hand is left out, since the store may give it to somebody else soon.
    """

    def __init__(self, clock: Clock, *, room: int, keep_s: float) -> None:
        self._clock = clock
        self._room = room
        self._keep_s = keep_s
        self._lock = threading.Lock()
        self._receivers: dict[str, _Receiver] = {}

    def room(self) -> int:
        """How many more notices may be taken in hand. Those of receivers that turned out to be slow make room."""
        with self._lock:
            self._leave_out_slow()
            return max(0, self._room - self._in_hand())

    def in_hand(self) -> int:
        """Notices that wait here or are being delivered."""
        with self._lock:
            return self._in_hand()

    def startable(self) -> int:
        """Tries that could begin now."""
        now = self._clock.monotonic()
        with self._lock:
            return sum(
                min(len(each.waiting), _TRIES_EACH - len(each.began))
                for each in self._receivers.values()
                if each.free(now)
            )

    def take(self, notice: Notice) -> bool:
        """Take a notice in hand; False if its receiver is slow now, so that it is better tried later."""
        now = self._clock.monotonic()
        name = receiver_of(notice)
        with self._lock:
            receiver = self._receivers.setdefault(name, _Receiver(name))
            if receiver.slow(now) or (now < receiver.silent_until and receiver.waiting):
                return False
            receiver.waiting.append((now, notice))
            return True

    def begin(self) -> Try | None:
        """The next try: of the receiver that was not served for the longest time. None if there is nothing to do now."""
        now = self._clock.monotonic()
        with self._lock:
            for receiver in list(self._receivers.values()):
                while receiver.waiting and now - receiver.waiting[0][0] > self._keep_s:
                    receiver.waiting.popleft()
                if receiver.free(now):
                    _, notice = receiver.waiting.popleft()
                    receiver.began.append(now)
                    # To the end of the line.
                    self._receivers[receiver.name] = self._receivers.pop(receiver.name)
                    return Try(notice, receiver.name, now)
            return None

    def end(self, done: Try, *, answered: bool) -> None:
        """The try is over. After one without an answer, what else is in hand for the receiver is left out."""
        now = self._clock.monotonic()
        with self._lock:
            receiver = self._receivers[done.receiver]
            receiver.began.remove(done.began)
            if answered:
                receiver.silent_until = float("-inf")
            else:
                receiver.silent_until = now + _SILENT_S
                receiver.waiting.clear()
            for name, each in list(self._receivers.items()):
                if not each.waiting and not each.began and each.silent_until <= now:
                    del self._receivers[name]

    # --- under the lock ---------------------------------------------------------------------------
    def _in_hand(self) -> int:
        return sum(len(each.waiting) + len(each.began) for each in self._receivers.values())

    def _leave_out_slow(self) -> None:
        now = self._clock.monotonic()
        for each in self._receivers.values():
            if each.slow(now):
                each.waiting.clear()


def receiver_of(notice: Notice) -> str:
    """Scheme, host and port of the notice's address."""
    parts = urlsplit(notice.job.handling.webhook_url or "")
    return f"{parts.scheme}://{parts.netloc.lower()}"
