"""The roster in Redis keeps the contract; its time is the server's."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.instruments.redis_server import fresh_prefix, shared_server

from adapters.redisclient import ask, connect
from adapters.stores.redis.roster import RedisRoster
from voicecore.errors import StorageUnavailable
from voicecore.ports import Clock
from voicecore.testing.contracts.roster import RosterContract, worker_card
from voicecore.testing.fakes import FakeClock


class TestRedisRoster(RosterContract):
    def make_roster(self, clock: Clock) -> RedisRoster:
        self.client, self.prefix = connect(shared_server().url), fresh_prefix()
        return RedisRoster(self.client, self.prefix)

    def let_pass(self, clock: FakeClock, step: timedelta) -> None:
        """Every key comes so much nearer to its end, as if the server's clock had gone on."""
        for key in ask(self.client, "KEYS", f"{self.prefix}:*"):
            left_ms = ask(self.client, "PTTL", key) - step // timedelta(milliseconds=1)
            ask(self.client, "PEXPIRE", key, left_ms)


def test_all_that_a_silent_worker_leaves_behind_expires(client, prefix):
    roster = RedisRoster(client, prefix)
    roster.announce(worker_card("w1"), timedelta(seconds=60))
    roster.announce(worker_card("w2"), timedelta(seconds=30))
    keys = ask(client, "KEYS", f"{prefix}:*")
    with client.pipeline() as moment:
        for key in keys:
            moment.pttl(key)
        left = dict(zip(keys, moment.execute(), strict=True))
    assert len(left) == 3
    assert all(0 < milliseconds <= 60_000 for milliseconds in left.values())
    # The set of names outlives its longest card, but for a rounded millisecond.
    assert left[f"{prefix}:workers".encode()] >= left[f"{prefix}:worker:w1".encode()] - 1


def test_the_last_to_withdraw_leaves_nothing(client, prefix):
    roster = RedisRoster(client, prefix)
    roster.announce(worker_card(), timedelta(seconds=30))
    roster.withdraw("w1")
    assert ask(client, "KEYS", f"{prefix}:*") == []


def test_what_a_newer_worker_says_besides_is_passed_over(client, prefix):
    roster = RedisRoster(client, prefix)
    roster.announce(worker_card(), timedelta(seconds=30))
    key = f"{prefix}:worker:w1"
    ask(client, "SET", key, json.dumps(json.loads(ask(client, "GET", key)) | {"v": 3, "mood": "good"}))
    assert list(roster.present()) == [worker_card()]


def test_a_card_of_a_worker_that_tells_no_gauges_yet_is_read(client, prefix):
    roster = RedisRoster(client, prefix)
    roster.announce(replace(worker_card(), gauges={"tone": {"steps_total": 1.0}}), timedelta(seconds=30))
    key = f"{prefix}:worker:w1"
    card = json.loads(ask(client, "GET", key))
    del card["gauges"]
    ask(client, "SET", key, json.dumps(card | {"v": 1}))
    assert list(roster.present()) == [worker_card()]


@pytest.mark.parametrize("record", [b"{}", b"[]", b"\xff", b'{"v":9,"name":"w1"}'])
def test_a_card_that_cannot_be_read_is_named(client, prefix, record):
    roster = RedisRoster(client, prefix)
    roster.announce(worker_card(), timedelta(seconds=30))
    ask(client, "SET", f"{prefix}:worker:w1", record)
    with pytest.raises(StorageUnavailable, match="VOICECORE_REDIS_PREFIX"):
        roster.present()
