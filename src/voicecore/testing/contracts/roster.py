"""What every `WorkerRoster` does."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from voicecore.ports import Clock, WorkerCard, WorkerRoster
from voicecore.testing.contracts.job_store_hooks import run_all
from voicecore.testing.fakes import START, FakeClock


def worker_card(name: str = "w1", *, busy: int = 0, started_at: datetime = START) -> WorkerCard:
    return WorkerCard(name=name, engines=("a", "tone"), slots=2, busy=busy, started_at=started_at, version="0.3.0")


class RosterContract:
    """Subclass it, override `make_roster`, run pytest.

    A roster whose time is not the fake clock's, such as a server's, overrides `let_pass`, too, and may shorten `lasts`.
    """

    #: How long an announcement lasts in these tests.
    lasts = timedelta(seconds=30)

    def make_roster(self, clock: Clock) -> WorkerRoster:
        """A new, empty roster that reads time from `clock`."""
        raise NotImplementedError

    def let_pass(self, clock: FakeClock, step: timedelta) -> None:
        """Let so much of the roster's time pass."""
        clock.advance(step)

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def roster(self, clock: FakeClock) -> WorkerRoster:
        return self.make_roster(clock)

    def test_at_first_nobody_is_there(self, roster: WorkerRoster) -> None:
        assert tuple(roster.present()) == ()

    def test_all_who_are_there_are_listed_by_name(self, roster: WorkerRoster) -> None:
        cards = [worker_card(name) for name in ("w2", "máquina 3", "w10", "w1", "w:*?[x]")]
        for card in cards:
            roster.announce(card, self.lasts)
        assert list(roster.present()) == sorted(cards, key=lambda card: card.name)

    @pytest.mark.parametrize("engines", [(), ("tone",), ("z", "a", 'motor, com "tudo"')])  # fmt: skip
    def test_a_card_is_read_back_equal(self, roster: WorkerRoster, engines: tuple[str, ...]) -> None:
        here = START.astimezone(timezone(timedelta(hours=-3)))
        card = replace(worker_card("trabalhador ção 引擎", busy=1, started_at=here), engines=engines)
        roster.announce(card, self.lasts)
        assert list(roster.present()) == [card]

    @pytest.mark.parametrize("gauges", [{}, {"tone": {}}, {"tone": {"steps_total": 3.0, "x": -0.25}, "a": {"y_bytes": 1e12}}])  # fmt: skip
    def test_what_its_engines_tell_is_read_back_equal(
        self, roster: WorkerRoster, gauges: dict[str, dict[str, float]]
    ) -> None:
        card = replace(worker_card(), gauges=gauges)
        roster.announce(card, self.lasts)
        assert list(roster.present()) == [card]

    def test_what_a_worker_says_last_holds(self, roster: WorkerRoster) -> None:
        roster.announce(worker_card(busy=0), self.lasts)
        roster.announce(worker_card("w2"), self.lasts)
        roster.announce(worker_card(busy=2), self.lasts)
        assert list(roster.present()) == [worker_card(busy=2), worker_card("w2")]

    def test_who_falls_silent_is_forgotten(self, roster: WorkerRoster, clock: FakeClock) -> None:
        roster.announce(worker_card("w1"), self.lasts)
        roster.announce(worker_card("w2"), 10 * self.lasts)
        self.let_pass(clock, self.lasts)
        assert list(roster.present()) == [worker_card("w2")]

    def test_who_speaks_again_stays(self, roster: WorkerRoster, clock: FakeClock) -> None:
        for _ in range(4):
            roster.announce(worker_card(), self.lasts)
            self.let_pass(clock, self.lasts / 2)
        assert list(roster.present()) == [worker_card()]

    def test_who_was_forgotten_may_come_back(self, roster: WorkerRoster, clock: FakeClock) -> None:
        roster.announce(worker_card(), self.lasts)
        self.let_pass(clock, self.lasts)
        roster.announce(worker_card(busy=1), self.lasts)
        assert list(roster.present()) == [worker_card(busy=1)]

    def test_who_withdraws_is_gone_at_once(self, roster: WorkerRoster) -> None:
        roster.announce(worker_card("w1"), self.lasts)
        roster.announce(worker_card("w2"), self.lasts)
        roster.withdraw("w1")
        roster.withdraw("w1")
        roster.withdraw("nobody")
        assert list(roster.present()) == [worker_card("w2")]

    def test_workers_may_speak_all_at_once(self, roster: WorkerRoster) -> None:
        together = threading.Barrier(8)

        def speak(number: int) -> None:
            together.wait()
            for busy in (0, 1, 2):
                roster.announce(worker_card(f"w{number}", busy=busy), 20 * self.lasts)
                roster.present()

        run_all([threading.Thread(target=speak, args=(number,)) for number in range(8)])
        assert list(roster.present()) == [worker_card(f"w{number}", busy=2) for number in range(8)]
