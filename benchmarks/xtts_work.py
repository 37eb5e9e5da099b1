"""What the engine's parts do while it speaks: the tokens of each utterance, and where the time goes."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tables import median


@dataclass(kw_only=True)
class Seen:
    """Of one recorded stretch.

    Attributes:
        tokens: utterance → audio tokens of its last attempt.
        steps: seconds of each step of the decoder, and whether texts were read in during it.
        rows: rows of each step.
        vocoder_s: seconds in the vocoder, its guards included.
        again: how often an utterance was spoken again.
    """

    tokens: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    steps: list[tuple[float, bool]] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    _attempts: dict[str, str] = field(default_factory=dict)
    vocoder_s: float = 0.0
    again: int = 0

    def note(self, row: str, token: int) -> None:
        """An utterance that the guards have spoken again has the row `id~1`: what was before is forgotten."""
        name, _, attempt = row.partition("~")
        if attempt and self._attempts.get(name) != attempt:
            self._attempts[name] = attempt
            self.again += 1
            self.tokens[name].clear()
        self.tokens[name].append(token)

    @property
    def decoding_s(self) -> float:
        """Of the steps; one during which texts were read in counts as long as a usual one."""
        return sum(min(seconds, self._usual_s) if read_in else seconds for seconds, read_in in self.steps)

    @property
    def prefill_s(self) -> float:
        """What the steps that read texts in took beyond a usual one."""
        return sum(seconds for seconds, _ in self.steps) - self.decoding_s

    @property
    def _usual_s(self) -> float:
        plain = [seconds for seconds, read_in in self.steps if not read_in]
        return median(plain) if plain else 0.0


class _Watched:
    """The decoder, with its steps noted."""

    def __init__(self, decoder: Any, work: Work) -> None:
        self._decoder, self._work = decoder, work

    def __getattr__(self, name: str) -> Any:
        return getattr(self._decoder, name)

    def step(self) -> Any:
        seen = self._work.seen
        if seen is None:
            return self._decoder.step()
        before = self._decoder.gauges()["prefill_positions_total"]
        began = time.perf_counter()
        rows = self._decoder.step()
        taken = time.perf_counter() - began
        if rows:
            seen.steps.append((taken, self._decoder.gauges()["prefill_positions_total"] > before))
            seen.rows.append(len(rows))
        for row in rows:
            seen.note(row.id, int(row.token))
        return rows


class Work:
    """Watches one engine. Reaches into it, since no user has to see this."""

    def __init__(self, engine: Any) -> None:
        self.seen: Seen | None = None
        engine._decoder = _Watched(engine._decoder, self)  # noqa: SLF001
        vocode = engine._vocode  # noqa: SLF001

        def timed(speaking: Any) -> Any:
            began = time.perf_counter()
            made = vocode(speaking)
            if self.seen is not None:
                self.seen.vocoder_s += time.perf_counter() - began
            return made

        engine._vocode = timed  # noqa: SLF001

    @contextmanager
    def recorded(self) -> Iterator[Seen]:
        """Note what is done inside; `last` keeps it afterwards."""
        self.seen = self.last = Seen()
        try:
            yield self.seen
        finally:
            self.seen = None
