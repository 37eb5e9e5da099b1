"""Chores by the clock: each is done by one worker, and nothing that goes wrong in one ends another."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from arq.cron import next_cron
from hypothesis import given
from hypothesis import strategies as st

from adapters.queues.arq import ClockChore, chore_queue
from tests.adapters.arq.slots import until
from voicecore.errors import InvalidInput


class Diary:
    """When something was done, and by whom."""

    def __init__(self) -> None:
        self.entries: list[tuple[float, str]] = []

    def writer(self, who: str):
        return lambda: self.entries.append((time.time(), who))


def test_a_chore_is_done_once_at_its_time_though_two_workers_have_it(make_doorbell, monkeypatch):
    turns, starter = [], chore_queue._starter

    def noting(chore):
        start = starter(chore)

        async def noted(ctx, *args, **kwargs):
            turns.append(ctx["job_id"])
            await start(ctx, *args, **kwargs)

        return noted

    monkeypatch.setattr(chore_queue, "_starter", noting)
    diary = Diary()
    for who in ("first", "second"):
        make_doorbell(
            "tone", chores=[ClockChore(name="tidy", do=diary.writer(who), every_s=2)], poll_delay_s=0.2
        ).start()
    assert until(lambda: len(diary.entries) >= 4)
    # A turn is named by its moment, and was given to one of them.
    assert len(set(turns)) == len(turns)
    assert {int(turn.rpartition(":")[2]) % 2_000 < 1_000 for turn in turns} == {True}


def test_another_worker_goes_on_with_the_chores_of_one_that_is_gone(make_doorbell):
    diary = Diary()
    first, second = (
        make_doorbell("tone", chores=[ClockChore(name="tidy", do=diary.writer(who), every_s=1)], poll_delay_s=0.2)
        for who in ("first", "second")
    )
    first.start()
    assert until(lambda: diary.entries)
    second.start()
    first.close()
    count = len(diary.entries)
    assert until(lambda: len(diary.entries) >= count + 2)
    assert diary.entries[-1][1] == "second"


def test_two_services_in_one_redis_each_do_their_own_chores(make_doorbell, prefix):
    diary = Diary()
    make_doorbell(chores=[ClockChore(name="tidy", do=diary.writer("one"), every_s=1)], poll_delay_s=0.2).start()
    other = type(make_doorbell())(
        make_doorbell()._redis_url, f"{prefix}-other", poll_delay_s=0.2,
        chores=[ClockChore(name="tidy", do=diary.writer("other"), every_s=1)],
    )  # fmt: skip
    other.start()
    try:
        assert until(lambda: {who for _, who in diary.entries} == {"one", "other"})
    finally:
        other.close()


def test_a_chore_that_fails_is_logged_and_comes_again_and_others_go_on(make_doorbell, caplog):
    tries, diary = [], Diary()

    def fail():
        tries.append(1)
        raise ValueError("the disk is upside down")

    chores = [ClockChore(name="bad", do=fail, every_s=1), ClockChore(name="good", do=diary.writer("x"), every_s=1)]
    make_doorbell(chores=chores, poll_delay_s=0.2).start()
    assert until(lambda: len(tries) >= 2 and len(diary.entries) >= 2)
    assert "the disk is upside down" in caplog.text
    assert not [record for record in caplog.records if record.name.startswith("arq")]


def test_a_chore_that_still_runs_is_not_started_twice_and_holds_up_no_other(make_doorbell):
    running, most, done, diary = [], [], threading.Event(), Diary()

    def slow():
        running.append(1)
        most.append(len(running))
        done.wait(60)
        running.pop()

    chores = [ClockChore(name="slow", do=slow, every_s=1), ClockChore(name="quick", do=diary.writer("x"), every_s=1)]
    make_doorbell(chores=chores, poll_delay_s=0.2).start()
    assert until(lambda: len(diary.entries) >= 4)
    assert most == [1]
    done.set()
    assert until(lambda: len(most) >= 2)
    assert set(most) == {1}


def test_closing_waits_for_a_chore_under_way(make_doorbell):
    began, ended = threading.Event(), threading.Event()

    def slow():
        began.set()
        time.sleep(0.5)
        ended.set()

    doorbell = make_doorbell(chores=[ClockChore(name="slow", do=slow, every_s=1)], poll_delay_s=0.2)
    doorbell.start()
    assert began.wait(60)
    doorbell.close()
    assert ended.is_set()


def test_what_was_missed_long_ago_is_not_made_up_for():
    diary = Diary()
    chore = ClockChore(name="tidy", do=diary.writer("x"), every_s=1)
    start = chore_queue._starter(chore)
    now_ms = int(time.time() * 1000)
    for late_s in (3600, 60, 51):
        asyncio.run(start({"job_id": f"p:arq:chores:tidy:{now_ms - 1000 * late_s}"}))
    assert diary.entries == []
    asyncio.run(start({"job_id": f"p:arq:chores:tidy:{now_ms - 1000}"}))
    assert until(lambda: len(diary.entries) == 1)
    chore.join(60)


@pytest.mark.parametrize("every_s", [0, -1, 7, 59, 61, 90, 7_200, 3_601])
def test_a_rhythm_that_fits_into_no_hour_is_refused(every_s):
    with pytest.raises(InvalidInput, match="divide"):
        ClockChore(name="tidy", do=print, every_s=every_s)


@given(
    every_s=st.sampled_from([n for n in range(1, 61) if 60 % n == 0] + [60 * n for n in range(1, 61) if 60 % n == 0]),
    start=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),
)
def test_every_rhythm_comes_out_of_the_cron_evenly(every_s, start):
    cron = chore_queue._cron("x", ClockChore(name="x", do=print, every_s=every_s))
    moments = [start]
    for _ in range(4):
        moments.append(
            next_cron(moments[-1], minute=cron.minute, second=cron.second, microsecond=cron.microsecond)
        )  # fmt: skip
    assert {later - sooner for sooner, later in pairwise(moments[1:])} == {timedelta(seconds=every_s)}
