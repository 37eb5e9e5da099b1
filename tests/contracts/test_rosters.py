"""Every roster of workers keeps the contract."""

from __future__ import annotations

from datetime import timedelta

from adapters.stores.roster import MemoryRoster
from voicecore.ports import Clock
from voicecore.testing.contracts.roster import RosterContract, worker_card
from voicecore.testing.fakes import FakeClock


class TestMemoryRoster(RosterContract):
    def make_roster(self, clock: Clock) -> MemoryRoster:
        return MemoryRoster(clock)

    def test_setting_the_time_of_day_forgets_nobody_and_keeps_nobody(
        self, roster: MemoryRoster, clock: FakeClock
    ) -> None:
        roster.announce(worker_card(), self.lasts)
        clock.jump(timedelta(hours=1))
        assert list(roster.present()) == [worker_card()]
        clock.jump(timedelta(hours=-2))
        self.let_pass(clock, self.lasts)
        assert list(roster.present()) == []
