"""The one thread that uses an engine host which several slots share, and how the slots wait for it."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from adapters.hosts.shared_batch import SharedBatch
from voicecore.audio import AudioChunk
from voicecore.errors import EngineCrashed

_log = logging.getLogger("voicecore.hosts")
_T = TypeVar("_T")

#: Calls of other kinds may keep a step waiting for so long (and for the one call that is under way then).
CALLS_S: Final = 0.25
#: After a short call the same slot often makes another at once (a text is cut by measuring it many times); so long the
#: next step waits for it. Else each of a hundred measurements would wait for a step of its own.
LINGER_S: Final = 0.002
#: How long the thread gets to end before it is left behind.
_LAST_S: Final = 2.0


@dataclass(slots=True, eq=False)
class _Turn:
    """One thing that the thread does. `slot` is None where it is for all of them."""

    slot: int | None
    work: Callable[[], Any]
    batch: SharedBatch | None = None
    quick: bool = False
    patience_s: float = 0.0
    done: bool = False
    result: Any = None
    error: Exception | None = None
    watched: bool = False


@dataclass(slots=True, eq=False)
class Lane:
    """Calls one after the other, and steps between them. Slots wait here; each can be released without the others.

    Attributes:
        force: ends by force the call of the host that is under way, if it does not end by itself soon.
        hang_s: how long a call may go on after somebody who waited for it was released; then it counts as hung.
        batches: those of live engines, by name.
    """

    force: Callable[[], object]
    hang_s: float
    lock: threading.Condition = field(default_factory=threading.Condition)
    batches: dict[str, SharedBatch] = field(default_factory=dict)
    _calls: deque[_Turn] = field(default_factory=deque)
    _current: _Turn | None = None
    _inside: set[int] = field(default_factory=set)
    _called_off: set[int] = field(default_factory=set)
    _thread: threading.Thread | None = None
    _steps: int = 0
    _since_step: float | None = None
    _linger_until: float = 0.0

    # --- for the slots --------------------------------------------------------------------------------
    @property
    def idle(self) -> bool:
        """Whether a call would be done at once. With `lock` held."""
        return self._current is None and not self._calls and not self._steppable()

    def call(
        self, slot: int, work: Callable[[], _T], *, batch: SharedBatch | None = None, quick: bool = False,
        patience_s: float = 0.0,
    ) -> _T:  # fmt: skip
        """Have the thread do it, and wait for the result.

        Args:
            batch: that of the engine which the work uses; it is over when the engine's process ends.
            quick: whether others like it are likely to follow at once.
            patience_s: how much longer than `hang_s` it may go on after the slot was released.

        Raises:
            EngineCrashed: if the slot is interrupted, or the engine's process ended.
        """
        turn = _Turn(slot, work, batch, quick, patience_s)
        with self.lock:
            self._add(turn)
            try:
                self._wait(slot, lambda: turn.done)
            finally:
                if turn in self._calls:
                    self._calls.remove(turn)
        if turn.error is not None:
            raise turn.error
        result: _T = turn.result
        return result

    def post(self, work: Callable[[], object]) -> None:
        """Have the thread do it when it comes to it; nobody waits."""
        with self.lock:
            self._add(_Turn(None, work))

    def sound(self, slot: int, batch: SharedBatch) -> Sequence[AudioChunk]:
        """The slot's next sound; empty if it has nothing in the engine, or if a step brought nobody anything.

        Raises:
            EngineCrashed: if the slot is interrupted, or the engine's process ended.
            VoiceCoreError: what an utterance of the slot was refused with, or the step failed with.
        """
        with self.lock:
            batch.check_open()
            batch.want(slot)
            self._start()
            self.lock.notify_all()
            try:
                self._wait(slot, lambda: slot not in batch.wanted)
            finally:
                batch.wanted.discard(slot)
            batch.check_open()
            heard = batch.take_heard(slot)
            error = None if heard else batch.take_failure(slot)
        if error is not None:
            raise error
        return heard

    def interrupt(self, slot: int) -> None:
        """Release the slot, if it waits here. The call under way goes on; if it does not end, it is ended by force."""
        with self.lock:
            if slot not in self._inside:
                return
            self._called_off.add(slot)
            self.lock.notify_all()
            turn = self._current
            if turn is None or turn.watched or turn.slot not in (None, slot):
                return
            turn.watched = True
        watch = threading.Timer(self.hang_s + turn.patience_s, self._end_if_still_on, (turn,))
        watch.daemon = True
        watch.start()

    def lose(self, batch: SharedBatch, message: str) -> None:
        """An engine's process is gone."""
        with self.lock:
            batch.end(message)
            for name in [name for name, each in self.batches.items() if each is batch]:
                del self.batches[name]

    def close(self) -> None:
        """End the thread, by force if a call does not end, and tell all who wait. It may be used again."""
        with self.lock:
            thread, self._thread = self._thread, None
            for batch in list(self.batches.values()):
                self.lose(batch, "The engine was closed.")
            self.lock.notify_all()
        if thread is not None:
            thread.join(_LAST_S / 4)
            if thread.is_alive():
                self.force()
                thread.join(_LAST_S)

    def _wait(self, slot: int, over: Callable[[], bool]) -> None:
        self._inside.add(slot)
        try:
            while not over():
                if slot in self._called_off or self._thread is None:
                    for batch in self.batches.values():
                        batch.drop_all(slot)
                    raise EngineCrashed("The engine's call was called off.")
                self.lock.wait()
        finally:
            self._inside.discard(slot)
            self._called_off.discard(slot)

    # --- the thread -----------------------------------------------------------------------------------
    def _add(self, turn: _Turn) -> None:
        self._calls.append(turn)
        self._start()
        self.lock.notify_all()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._loop, name="shared-model", daemon=True)
            self._thread.start()

    def _loop(self) -> None:
        while (turn := self._next()) is not None:
            self._do(turn)

    def _steppable(self) -> list[SharedBatch]:
        return [batch for batch in self.batches.values() if batch.wanted or batch.something_to_drop]

    def _next(self) -> _Turn | None:
        """What to do now, waiting until there is something; None when the thread shall end."""
        with self.lock:
            while self._thread is threading.current_thread():
                now = time.monotonic()
                batches = self._steppable()
                late = bool(batches) and self._since_step is not None and now - self._since_step >= CALLS_S
                if self._calls and not late:
                    self._current = self._calls.popleft()
                    if self._since_step is None:
                        self._since_step = now
                    return self._current
                linger_s = self._linger_until - now
                if batches and (late or linger_s <= 0):
                    self._steps += 1
                    batch = batches[self._steps % len(batches)]
                    self._since_step, self._current = None, _Turn(None, batch.work, batch)
                    return self._current
                self.lock.wait(linger_s if batches else None)
            return None

    def _do(self, turn: _Turn) -> None:
        try:
            if turn.batch is not None:
                turn.batch.check_open()
            turn.result = turn.work()
        except EngineCrashed as error:
            turn.error = error
            if turn.batch is not None:
                self.lose(turn.batch, error.message)
        except Exception as error:  # noqa: BLE001 - it travels to the slot; a step has told its own to whom they concern
            turn.error = error
            if turn.slot is None:
                self._defect(turn)
        with self.lock:
            turn.done, self._current = True, None
            if turn.quick:
                self._linger_until = time.monotonic() + LINGER_S
            self.lock.notify_all()

    def _defect(self, turn: _Turn) -> None:
        _log.error("the shared model failed unexpectedly", exc_info=turn.error)
        if turn.batch is not None:
            self.lose(turn.batch, "The engine failed unexpectedly.")

    def _end_if_still_on(self, turn: _Turn) -> None:
        with self.lock:
            if self._current is not turn:
                return
        _log.error(
            "a call of the shared model goes on for %g s after its job was called off: ended by force",
            self.hang_s + turn.patience_s,
        )
        self.force()
        # Should it have slipped through between two calls of the host, the next interrupt watches it again.
        turn.watched = False
