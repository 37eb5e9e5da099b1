"""One engine's batch with the utterances of several slots: who is in it, whose sound came, who has to be told what."""

from __future__ import annotations

import itertools
import logging
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from adapters.hosts.waiting import Waiting, WaitingLines
from voicecore.audio import AudioChunk
from voicecore.engine import Utterance
from voicecore.errors import Conflict, EngineCrashed, EngineFailed, UtteranceFailed, VoiceCoreError
from voicecore.ports import SpeechEngine

_log = logging.getLogger("voicecore.hosts")


class SharedBatch:
    """What all slots have in one engine.

    `work` and `admit_waiting` are the lane's, which is the only thread that uses `engine`; they take `lock` for moments.
    Every other method is called with `lock` held.
    """

    def __init__(self, engine: SpeechEngine, lock: threading.Condition) -> None:
        self.engine, self._lock = engine, lock
        #: Slots that wait in `step` for sound, and were not yet told anything.
        self.wanted: set[int] = set()
        self._lines = WaitingLines()
        self._numbers = itertools.count(1)
        self._known: dict[tuple[int, str], Waiting] = {}
        #: What the engine has, by the id that it knows.
        self._placed: dict[str, Waiting] = {}
        self._dropped: list[str] = []
        self._heard: dict[int, list[AudioChunk]] = {}
        self._failed: dict[int, list[tuple[Waiting | None, Exception]]] = {}
        self._ended = ""

    # --- for the slots --------------------------------------------------------------------------------
    def check_open(self) -> None:
        """Raises `EngineCrashed` if the engine's process ended."""
        if self._ended:
            raise EngineCrashed(self._ended)

    def enter(self, slot: int, utterance: Utterance) -> Waiting:
        """Let it wait for a place. Raises `Conflict` if the slot has this id, or a whole batch of others."""
        if (slot, utterance.id) in self._known:
            raise Conflict(f"Utterance {utterance.id!r} is admitted already.")
        if self.places_of(slot) >= self.engine.card.batch_size:
            raise Conflict(f"The batch of {self.engine.card.batch_size} is full.")
        # Numbered, so that an id can be used again while the engine has not yet dropped its last bearer.
        name = f"{slot}.{next(self._numbers)}.{utterance.id}"
        waiting = Waiting(slot, utterance.id, replace(utterance, id=name))
        self._known[slot, utterance.id] = waiting
        self._lines.add(waiting)
        return waiting

    def places_of(self, slot: int) -> int:
        """How many utterances of the slot wait or are spoken."""
        return sum(owner == slot for owner, _ in self._known)

    def want(self, slot: int) -> None:
        """Wait for sound, unless there is something to tell the slot now."""
        if not (self._ended or slot in self._heard or self._failed.get(slot)) and self.places_of(slot):
            self.wanted.add(slot)

    def take_heard(self, slot: int) -> Sequence[AudioChunk]:
        """The slot's new sound, in order."""
        return self._heard.pop(slot, ())

    def take_failure(self, slot: int, of: Waiting | None = None) -> Exception | None:
        """What the slot has to be told: the next failure, or only that of one utterance; told once."""
        listed = self._failed.get(slot, [])
        for number, (waiting, error) in enumerate(listed):
            if of is None or waiting is of:
                del listed[number]
                return error
        return None

    def drop(self, slot: int, name: str) -> None:
        """Forget an utterance; no sound and no failure of it comes after this. The engine is told before its next step."""
        waiting = self._known.pop((slot, name), None)
        if waiting is not None:
            self._lines.remove(waiting)
            if waiting.utterance.id in self._placed:
                self._dropped.append(waiting.utterance.id)
        if slot in self._failed:
            self._failed[slot] = [each for each in self._failed[slot] if each[0] is None or each[0].name != name]
        if slot in self._heard:
            self._heard[slot] = [chunk for chunk in self._heard[slot] if chunk.utterance_id != name]
        if not self.places_of(slot):
            self.wanted.discard(slot)
        self._lock.notify_all()

    def drop_all(self, slot: int) -> None:
        """Forget all that the slot has, and what it was not yet told."""
        for owner, name in list(self._known):
            if owner == slot:
                self.drop(slot, name)
        self._heard.pop(slot, None)
        self._failed.pop(slot, None)

    # --- for the lane ---------------------------------------------------------------------------------
    @property
    def something_to_drop(self) -> bool:
        """Whether the engine still has what nobody wants."""
        return bool(self._dropped)

    def end(self, message: str) -> None:
        """The engine's process is gone: whoever had something here, and whoever comes, is told."""
        self._ended = message
        self._known.clear()
        self._placed.clear()
        self._dropped.clear()
        self.wanted.clear()
        self._lock.notify_all()

    def work(self) -> None:
        """Drop, admit, and step if somebody wants sound. Raises `EngineCrashed`; everything else is told to whom it concerns."""
        self.admit_waiting()
        with self._lock:
            wanted = bool(self.wanted and self._placed)
        if not wanted:
            return
        try:
            chunks = self.engine.step()
        except EngineCrashed:
            raise
        except UtteranceFailed as error:
            self._fail_one(error)
        except Exception as error:  # noqa: BLE001 - it travels to the slots, whose callers handle it
            self._fail_all(error)
        else:
            self._deliver(chunks)

    def admit_waiting(self) -> None:
        """Give free places to those who wait. Raises `EngineCrashed`."""
        with self._lock:
            dropped, self._dropped = self._dropped, []
        for name in dropped:
            self.engine.drop(name)
            with self._lock:
                self._placed.pop(name, None)
        while (waiting := self._next()) is not None:
            try:
                self.engine.admit(waiting.utterance)
            except EngineCrashed:
                raise
            except Exception as error:  # noqa: BLE001 - it travels to the slot, whose caller handles it
                if not self._refused(waiting, error):
                    return

    def _next(self) -> Waiting | None:
        """Who gets the next free place, entered as placed."""
        with self._lock:
            if len(self._placed) >= self.engine.card.batch_size:
                return None
            places = Counter(waiting.slot for waiting in self._placed.values())
            waiting = self._lines.take(places)
            if waiting is not None:
                self._placed[waiting.utterance.id] = waiting
            return waiting

    def _refused(self, waiting: Waiting, error: Exception) -> bool:
        """The engine did not take it; whether others may be tried."""
        with self._lock:
            del self._placed[waiting.utterance.id]
            if waiting.utterance.id in self._dropped:
                self._dropped.remove(waiting.utterance.id)
            still_known = self._known.get((waiting.slot, waiting.name)) is waiting
            if isinstance(error, Conflict) and self._placed:
                # An engine may have fewer places for long utterances than its card says; one will be free.
                if still_known:
                    self._lines.put_back(waiting)
                return False
            if still_known:
                del self._known[waiting.slot, waiting.name]
                self._failed.setdefault(waiting.slot, []).append((waiting, _told(error)))
                self.wanted.discard(waiting.slot)
            self._lock.notify_all()
            return True

    def _deliver(self, chunks: Sequence[AudioChunk]) -> None:
        with self._lock:
            if not chunks:
                self._release_placed()
            for chunk in chunks:
                waiting = self._placed.get(chunk.utterance_id)
                if waiting is None:
                    continue
                if chunk.last:
                    del self._placed[chunk.utterance_id]
                    if chunk.utterance_id in self._dropped:
                        self._dropped.remove(chunk.utterance_id)
                key = (waiting.slot, waiting.name)
                if self._known.get(key) is not waiting:
                    continue
                if chunk.last:
                    del self._known[key]
                self._heard.setdefault(waiting.slot, []).append(replace(chunk, utterance_id=waiting.name))
                self.wanted.discard(waiting.slot)
            self._lock.notify_all()

    def _release_placed(self) -> None:
        # Between two steps a slot looks whether its job was called off, and counts steps that bring nothing.
        self.wanted -= {waiting.slot for waiting in self._placed.values()}

    def _fail_one(self, error: UtteranceFailed) -> None:
        """A step failed for one utterance, which the engine has dropped; only its slot is told."""
        with self._lock:
            self._release_placed()
            waiting = self._placed.pop(error.utterance_id, None)
            if error.utterance_id in self._dropped:
                self._dropped.remove(error.utterance_id)
            if waiting is not None and self._known.get((waiting.slot, waiting.name)) is waiting:
                del self._known[waiting.slot, waiting.name]
                told = UtteranceFailed(error.message, utterance_id=waiting.name)
                self._failed.setdefault(waiting.slot, []).append((waiting, told))
            self._lock.notify_all()

    def _fail_all(self, error: Exception) -> None:
        """A step failed: that ends every utterance that the engine had. Each slot is told once; who only waited goes on."""
        with self._lock:
            slots = {waiting.slot for waiting in self._placed.values()}
            self._placed.clear()
            self._dropped.clear()
            for slot in slots:
                if any(owner == slot for owner, _ in self._known):
                    self.drop_all(slot)
                    self._failed[slot] = [(None, _told(error))]
            self.wanted -= slots
            self._lock.notify_all()


def _told(error: Exception) -> Exception:
    """The error as one slot gets it: an object of its own, since each thread writes its traceback into it."""
    if not isinstance(error, VoiceCoreError):
        _log.error("an engine failed unexpectedly", exc_info=error)
        return EngineFailed(f"The engine failed: {type(error).__name__}.")
    told = type(error)(error.message)
    told.field = error.field
    return told
