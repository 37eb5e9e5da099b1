"""What every `Quota` does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from voicecore.errors import InvalidInput
from voicecore.ports import Clock, Quota, Window
from voicecore.testing.fakes import START, FakeClock

MINUTE, DAY = Window(3, 60), Window(1_000, 86_400)
LASTS = timedelta(seconds=30)


class QuotaContract:
    """Subclass it, override `make_quota`, run pytest."""

    def make_quota(self, clock: Clock) -> Quota:
        """A new one without counts."""
        raise NotImplementedError

    @pytest.fixture
    def clock(self) -> FakeClock:
        # 5.678901 s into a minute, 03:04:05.678901 of a day.
        return FakeClock(START)

    @pytest.fixture
    def quota(self, clock: FakeClock) -> Iterator[Quota]:
        quota = self.make_quota(clock)
        yield quota
        quota.close()

    def test_so_much_is_taken_and_no_more(self, quota: Quota) -> None:
        counts = [quota.take("a", 1, MINUTE) for _ in range(4)]
        assert [count.taken for count in counts] == [True, True, True, False]
        assert [count.used for count in counts] == [1, 2, 3, 3]

    def test_the_next_window_begins_empty(self, quota: Quota, clock: FakeClock) -> None:
        assert quota.take("a", 3, MINUTE).resets_in_s == 55
        clock.advance(timedelta(seconds=54))
        refused = quota.take("a", 1, MINUTE)
        assert (refused.taken, refused.resets_in_s) == (False, 1)
        clock.advance(timedelta(seconds=1))
        assert quota.take("a", 3, MINUTE).used == 3

    def test_a_long_window_counts_large_amounts_and_refuses_only_what_does_not_fit(self, quota: Quota) -> None:
        assert quota.take("a", 900, DAY).taken
        refused = quota.take("a", 101, DAY)
        assert (refused.taken, refused.used) == (False, 900)
        assert quota.take("a", 100, DAY).taken
        assert quota.take("a", 0, DAY).taken
        assert quota.take("a", 10**30, DAY).taken is False
        assert 86_400 - 3 * 3_600 - 5 * 60 < quota.take("a", 1, DAY).resets_in_s <= 86_400 - 3 * 3_600

    def test_what_is_given_back_can_be_taken_again_and_no_count_falls_below_zero(self, quota: Quota) -> None:
        for window in (MINUTE, DAY):
            quota.take("a", window.limit, window)
            quota.give_back("a", 1, window)
            assert quota.take("a", 1, window).taken
            quota.give_back("a", 10 * window.limit, window)
            assert quota.take("a", 0, window).used == 0
            quota.give_back("b", 1, window)
            assert quota.take("b", 0, window).used == 0

    def test_counters_and_windows_do_not_meet(self, quota: Quota) -> None:
        quota.take("a", 3, MINUTE)
        assert quota.take("b", 3, MINUTE).taken
        assert quota.take("a", 3, Window(3, 120)).taken
        assert quota.take("a:", 3, MINUTE).taken

    def test_nothing_negative_is_taken(self, quota: Quota) -> None:
        for window in (MINUTE, DAY):
            with pytest.raises(InvalidInput):
                quota.take("a", -1, window)
            with pytest.raises(InvalidInput):
                quota.give_back("a", -1, window)

    @pytest.mark.parametrize("window", [Window(50, 60), Window(50, 86_400)])
    def test_of_many_who_take_at_once_as_many_get_it_as_there_is(self, quota: Quota, window: Window) -> None:
        taken: list[bool] = []
        together = threading.Barrier(8)

        def take() -> None:
            together.wait()
            taken.extend(quota.take("a", 1, window).taken for _ in range(10))

        threads = [threading.Thread(target=take) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(taken), sum(taken)) == (80, 50)

    def test_as_many_hold_a_place_as_there_are(self, quota: Quota) -> None:
        assert [quota.hold("a", holder, 2, LASTS) for holder in ("x", "y", "z")] == [True, True, False]
        assert quota.hold("a", "x", 2, LASTS)
        assert quota.hold("b", "z", 2, LASTS)
        quota.let_go("a", "x")
        assert quota.hold("a", "z", 2, LASTS)
        assert not quota.hold("a", "x", 2, LASTS)

    def test_letting_go_twice_or_of_nothing_is_harmless(self, quota: Quota) -> None:
        quota.hold("a", "x", 1, LASTS)
        for _ in range(2):
            quota.let_go("a", "x")
        quota.let_go("b", "x")
        assert quota.hold("a", "y", 1, LASTS)

    def test_a_place_that_nobody_keeps_is_anothers_after_its_time(self, quota: Quota, clock: FakeClock) -> None:
        quota.hold("a", "dead", 2, LASTS)
        quota.hold("a", "alive", 2, LASTS)
        clock.advance(timedelta(seconds=20))
        assert quota.hold("a", "alive", 2, LASTS)
        assert not quota.hold("a", "new", 2, LASTS)
        clock.advance(timedelta(seconds=11))
        assert quota.hold("a", "new", 2, LASTS)
        assert not quota.hold("a", "dead", 2, LASTS)

    def test_closing_twice_is_harmless(self, quota: Quota) -> None:
        quota.close()
        quota.close()
