"""One model for several slots: their jobs are decoded together in one process."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Final

from adapters.hosts.lane import Lane
from adapters.hosts.shared_batch import SharedBatch
from adapters.hosts.shared_converter import SharedConverter
from voicecore.audio import Audio, AudioChunk
from voicecore.engine import EngineCard, Utterance
from voicecore.errors import EngineCrashed, EngineFailed
from voicecore.language import Language
from voicecore.ports import EngineHost
from voicecore.voice import VoicePrint

_log = logging.getLogger("voicecore.hosts")

#: How long a call may go on after its slot was interrupted. Whoever is interrupted is released at once; ending the call
#: itself would end the other slots' work, too, so it gets the time that a long reference or a long step may take.
HANG_S: Final = 10.0


class SharedEngine:
    """A `SpeechEngine` of one slot, within an engine that others use at the same time.

    While others keep the engine busy, `admit` returns before the engine has seen the utterance: what it is refused with
    (`InvalidInput`, `EngineFailed`) is raised by the slot's next `step`. After the process ended every call raises
    `EngineCrashed`.
    """

    def __init__(self, lane: Lane, slot: int, batch: SharedBatch) -> None:
        self._lane, self._slot, self._batch, self._card = lane, slot, batch, batch.engine.card

    @property
    def card(self) -> EngineCard:
        return self._card

    def measure(self, text: str, language: Language) -> int:
        engine = self._batch.engine
        return self._lane.call(self._slot, lambda: engine.measure(text, language), batch=self._batch, quick=True)

    def enroll(self, clips: Sequence[Audio], language: Language) -> VoicePrint:
        engine = self._batch.engine
        return self._lane.call(self._slot, lambda: engine.enroll(clips, language), batch=self._batch)

    def mix(self, parts: Sequence[tuple[str | VoicePrint, float]]) -> VoicePrint:
        engine = self._batch.engine
        return self._lane.call(self._slot, lambda: engine.mix(parts), batch=self._batch)

    def admit(self, utterance: Utterance) -> None:
        with self._lane.lock:
            self._batch.check_open()
            waiting = self._batch.enter(self._slot, utterance)
            if not self._lane.idle:
                return
        self._lane.call(self._slot, self._batch.admit_waiting, batch=self._batch)
        with self._lane.lock:
            refusal = self._batch.take_failure(self._slot, waiting)
        if refusal is not None:
            raise refusal

    def step(self) -> Sequence[AudioChunk]:
        return self._lane.sound(self._slot, self._batch)

    def drop(self, utterance_id: str) -> None:
        with self._lane.lock:
            self._batch.drop(self._slot, utterance_id)

    def gauges(self) -> Mapping[str, float]:
        return self._lane.call(self._slot, self._batch.engine.gauges, batch=self._batch)

    def close(self) -> None:
        """Forget what this slot has in the engine; the host closes the engine itself."""
        with self._lane.lock:
            self._batch.drop_all(self._slot)


class SharedHost:
    """Hands out a host for each slot, all of them over one."""

    def __init__(self, host: EngineHost, *, hang_s: float = HANG_S) -> None:
        self._host = host
        self._lane = Lane(host.interrupt, hang_s)
        self._slots = 0
        self._working: set[int] = set()
        self._open: set[int] = set()
        self._settling = False
        self._gauges: dict[str, Mapping[str, float]] = {}

    def slot(self) -> SlotHost:
        """A host for one more slot."""
        self._slots += 1
        return SlotHost(self, self._slots)

    def engine(self, slot: int, name: str) -> SharedEngine:
        """The slot's share of an engine, which is opened if it is not yet, or if its process ended."""
        self._begin(slot)
        return self._lane.call(slot, lambda: self._opened(slot, name))

    def converter(self, slot: int, name: str) -> SharedConverter:
        """The slot's turns at a converter, which is opened if it is not yet, or if its process ended."""
        self._begin(slot)
        return SharedConverter(self._lane, slot, self._lane.call(slot, lambda: self._host.converter(name)))

    def _begin(self, slot: int) -> None:
        with self._lane.lock:
            self._working.add(slot)
            self._open.add(slot)

    def _opened(self, slot: int, name: str) -> SharedEngine:
        engine = self._host.engine(name)
        known = self._lane.batches.get(name)
        if known is not None and known.engine is not engine:
            self._lane.lose(known, EngineCrashed().message)
            known = None
        with self._lane.lock:
            batch = known or self._lane.batches.setdefault(name, SharedBatch(engine, self._lane.lock))
        return SharedEngine(self._lane, slot, batch)

    def interrupt(self, slot: int) -> None:
        """Release the slot; the others go on."""
        self._lane.interrupt(slot)

    def rest(self, slot: int) -> None:
        """The slot's job is over. Returns at once; gauges are read when the engine is free."""
        with self._lane.lock:
            for batch in self._lane.batches.values():
                batch.drop_all(slot)
            self._working.discard(slot)
            if self._settling or slot not in self._open:
                return
            self._settling = True
        self._lane.post(self._settle)

    def _settle(self) -> None:
        with self._lane.lock:
            self._settling = False
            batches = dict(self._lane.batches)
        told: dict[str, Mapping[str, float]] = {}
        for name, batch in batches.items():
            try:
                told[name] = batch.engine.gauges()
            except EngineCrashed as error:
                self._lane.lose(batch, error.message)
            except EngineFailed as error:
                _log.warning("the gauges of %s are not known: %s", name, error.message)
        with self._lane.lock:
            self._gauges = told
            all_rest = not self._working
        if all_rest:
            self._host.rest()

    def gauges(self) -> Mapping[str, Mapping[str, float]]:
        """Those of the loaded engines, as of the end of the last job of any slot."""
        return {name: {**told, **self._gauges.get(name, {})} for name, told in self._host.gauges().items()}

    def alive(self) -> bool:
        """Whether the host could take work now."""
        return self._host.alive()

    def close(self, slot: int) -> None:
        """The slot needs nothing any more; with the last one the engines are closed. Idempotent."""
        with self._lane.lock:
            self._working.discard(slot)
            self._open.discard(slot)
            last = not self._open
        if last:
            self._lane.close()
            self._host.close()


class SlotHost:
    """An `EngineHost` for one slot of a `SharedHost`. An interrupt releases this slot at once, and no other."""

    def __init__(self, shared: SharedHost, slot: int) -> None:
        self._shared, self._slot = shared, slot

    def engine(self, name: str) -> SharedEngine:
        return self._shared.engine(self._slot, name)

    def converter(self, name: str) -> SharedConverter:
        return self._shared.converter(self._slot, name)

    def interrupt(self) -> None:
        self._shared.interrupt(self._slot)

    def rest(self) -> None:
        self._shared.rest(self._slot)

    def gauges(self) -> Mapping[str, Mapping[str, float]]:
        """Of the shared engines; told by the first slot alone, so that a sum over slots counts them once."""
        return self._shared.gauges() if self._slot == 1 else {}

    def alive(self) -> bool:
        return self._shared.alive()

    def close(self) -> None:
        self._shared.close(self._slot)
