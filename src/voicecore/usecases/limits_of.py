"""What a caller may still do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from voicecore.access import Caller
from voicecore.errors import LimitReached
from voicecore.job import JobStatus
from voicecore.ports import Catalog, Clock, Count, Ids, JobQuery, JobStore, Quota, Window
from voicecore.request import Mode

REQUESTS, CHARACTERS, VOICES, CONSENTS, STREAMS = "requests", "characters", "voices", "consents", "streams"
#: Connections that hear news of jobs. They cost less than streams, and a page that shows jobs has one open all the time.
WATCHES, WATCHES_PER_STREAM = "watches", 4
MINUTE_S, DAY_S = 60, 86_400
#: After so long without `keep`, a stream is taken for dead and its place is another's.
PLACE_LASTS = timedelta(seconds=120)
#: A turn to keep something more is another's after so long, and is waited for a little longer. It takes milliseconds.
TURN_LASTS, _TURN_AWAITED_S, _TURN_ASKED_S = timedelta(seconds=10), 15.0, 0.01


@dataclass(frozen=True, slots=True)
class Allowance:
    """A limit and what is left of it, as `RateLimit` headers tell it."""

    policy: str
    limit: int
    window_s: int
    left: int
    resets_in_s: int


@dataclass(slots=True)
class Place:
    """One of a caller's streams. `keep` must be called at least every two minutes; it is cheap enough for every chunk."""

    quota: Quota
    clock: Clock
    counter: str
    holder: str
    limit: int
    _said_s: float = field(default=0.0)

    def take(self) -> bool:
        """Whether there was one."""
        self._said_s = self.clock.monotonic()
        return self.limit == 0 or self.quota.hold(self.counter, self.holder, self.limit, PLACE_LASTS)

    def keep(self) -> None:
        """The stream lives."""
        if self.clock.monotonic() - self._said_s > PLACE_LASTS.total_seconds() / 4:
            self.take()

    def let_go(self) -> None:
        """The stream is over."""
        if self.limit:
            self.quota.let_go(self.counter, self.holder)


@dataclass(frozen=True, slots=True)
class CallerLimits:
    """The limits of one caller. What has none costs nothing."""

    caller: Caller
    parts: LimitsOf

    def request(self) -> Allowance | None:
        """Count a request; what is left. Raises `LimitReached`."""
        limit = self.caller.limits.requests_per_minute or 0
        if not limit:
            return None
        count = self._take(REQUESTS, 1, Window(limit, MINUTE_S))
        if not count.taken:
            raise LimitReached(
                f"This API key may send {limit} requests a minute: try again in {count.resets_in_s} s.",
                retry_after_s=count.resets_in_s, policy=REQUESTS, limit=limit, window_s=MINUTE_S,
            )  # fmt: skip
        return Allowance(REQUESTS, limit, MINUTE_S, limit - count.used, count.resets_in_s)

    def characters(self, number: int) -> None:
        """Take so many characters of today's. Raises `LimitReached`."""
        limit = self.caller.limits.characters_per_day or 0
        if not limit:
            return
        count = self._take(CHARACTERS, number, Window(limit, DAY_S))
        if not count.taken:
            raise LimitReached(
                f"The text has {number} characters, and of the {limit} that this API key may have spoken in a day (UTC) "
                f"{limit - count.used} are left: shorten it, or try again in {count.resets_in_s} s.",
                retry_after_s=count.resets_in_s, policy=CHARACTERS, limit=limit, window_s=DAY_S,
            )  # fmt: skip

    def give_back_characters(self, number: int) -> None:
        """They were not spoken."""
        limit = self.caller.limits.characters_per_day or 0
        if limit:
            self.parts.quota.give_back(self._counter(CHARACTERS), number, Window(limit, DAY_S))

    def room_for_voice(self) -> None:
        """Whether he may have one voice more than are stored and being made. Raises `LimitReached`."""
        limit = self._most_kept
        if not limit:
            return
        # Those that are made become stored ones, so they are counted before these.
        coming = sum(
            self.parts.store.page(JobQuery(status=status, mode=mode, owner=self.caller.key_id, limit=1)).total
            for status in (JobStatus.QUEUED, JobStatus.PROCESSING)
            for mode in (Mode.CLONE, Mode.MIX)
        )
        stored = sum(voice.owner == self.caller.key_id for voice in self.parts.catalog.voices.all())
        if stored + coming >= limit:
            raise LimitReached(
                f"This API key may have {limit} voices; it has {stored}, and {coming} are being made: delete one first.",
                retry_after_s=3_600, policy=VOICES, limit=limit,
            )  # fmt: skip

    @contextmanager
    def turn_for_voice(self) -> Iterator[None]:
        """As `room_for_voice`, and until the end of the context nobody else adds a voice of this caller's, in no process: so those
        that are sent at once do not all find the last place free. Raises `LimitReached`.
        """
        with self._turn(VOICES):
            self.room_for_voice()
            yield

    @contextmanager
    def turn_for_consent(self) -> Iterator[None]:
        """As `turn_for_voice`, for a consent."""
        with self._turn(CONSENTS):
            self.room_for_consent()
            yield

    def room_for_consent(self) -> None:
        """Whether he may keep one consent more on its own: there may be as many as voices. Raises `LimitReached`."""
        limit = self._most_kept
        if not limit:
            return
        consents = self.parts.catalog.consents.all()
        kept = sum(
            each.owner == self.caller.key_id and each.source_job_id is None and not each.revoked for each in consents
        )
        if kept >= limit:
            raise LimitReached(
                f"This API key may keep {limit} consents, as many as voices, and has {kept}: withdraw one first.",
                retry_after_s=3_600, policy=CONSENTS, limit=limit,
            )  # fmt: skip

    @property
    def _most_kept(self) -> int:
        return (self.caller.limits.voices or 0) if self.caller.key_id else 0

    @contextmanager
    def _turn(self, what: str) -> Iterator[None]:
        if not self._most_kept:
            yield
            return
        counter, holder = self._counter(f"{what}.turn"), self.parts.ids.new("turn")
        deadline_s = time.monotonic() + _TURN_AWAITED_S
        while not self.parts.quota.hold(counter, holder, 1, TURN_LASTS):
            if time.monotonic() > deadline_s:
                raise LimitReached(
                    f"Other requests of this API key add {what} at this moment: try again in a moment.",
                    retry_after_s=5, policy=what, limit=self._most_kept,
                )  # fmt: skip
            time.sleep(_TURN_ASKED_S)
        try:
            yield
        finally:
            self.parts.quota.let_go(counter, holder)

    @contextmanager
    def stream(self) -> Iterator[Place]:
        """Count as a live stream until the end of the context. Raises `LimitReached` before it begins."""
        with self._place(STREAMS, self.caller.limits.streams or 0, "live streams") as place:
            yield place

    @contextmanager
    def watch(self) -> Iterator[Place]:
        """As `stream`, for a connection that hears news of jobs: four for each stream that he may have."""
        limit = WATCHES_PER_STREAM * (self.caller.limits.streams or 0)
        with self._place(WATCHES, limit, "connections that watch jobs") as place:
            yield place

    @contextmanager
    def _place(self, what: str, limit: int, called: str) -> Iterator[Place]:
        place = Place(self.parts.quota, self.parts.clock, self._counter(what), self.parts.ids.new("stream"), limit)
        if not place.take():
            raise LimitReached(
                f"This API key may have {limit} {called} at once: end one first.",
                retry_after_s=5, policy=what, limit=limit,
            )  # fmt: skip
        try:
            yield place
        finally:
            place.let_go()

    def _take(self, what: str, number: int, window: Window) -> Count:
        return self.parts.quota.take(self._counter(what), number, window)

    def _counter(self, what: str) -> str:
        return f"{self.caller.key_id}:{what}"


@dataclass(frozen=True, slots=True)
class LimitsOf:
    """Gives each caller his limits."""

    quota: Quota
    catalog: Catalog
    store: JobStore
    clock: Clock
    ids: Ids

    def __call__(self, caller: Caller) -> CallerLimits:
        """The limits of this caller."""
        return CallerLimits(caller, self)
