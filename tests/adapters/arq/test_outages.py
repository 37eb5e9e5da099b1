"""Redis goes away and comes back; nothing in the process ends."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator

import pytest
from redis import Redis

from adapters.queues.arq import ClockChore
from adapters.queues.arq.ringer import PENDING_LIMIT
from tests.adapters.arq.slots import PATIENCE_S, Slots, until
from tests.instruments.redis_server import RedisServer
from tests.instruments.tcp_proxy import TcpProxy
from voicecore.job import JobId

_OUTAGE_S = 3.0


@pytest.fixture
def server(tmp_path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path / "redis", password="secret-word") as server:
        yield server


@pytest.fixture
def proxy(server) -> Iterator[TcpProxy]:
    with TcpProxy(server.port) as proxy:
        yield proxy


def through(proxy: TcpProxy) -> str:
    return f"redis://:secret-word@127.0.0.1:{proxy.port}/0"


def rings_come_through(door, slots) -> bool:
    before = slots.woken
    door.ring(JobId("job_after"), "tone")
    return until(lambda: slots.woken > before)


def test_rings_work_again_after_redis_was_stopped_and_started(make_doorbell, server):
    door, inside = make_doorbell(url=server.url), make_doorbell("tone", url=server.url)
    with Slots(inside, 2) as slots:
        assert rings_come_through(door, slots)
        server.stop()
        time.sleep(_OUTAGE_S)
        server.restart()
        assert rings_come_through(door, slots)
        assert until(lambda: door.healthy and inside.healthy)


def test_rings_work_again_after_redis_was_killed_and_lost_everything(make_doorbell, tmp_path):
    with RedisServer(tmp_path / "forgetful", appendonly=False) as server:
        door, inside = make_doorbell(url=server.url), make_doorbell("tone", url=server.url)
        with Slots(inside, 2) as slots:
            assert rings_come_through(door, slots)
            server.kill()
            server.restart()
            assert rings_come_through(door, slots)


def test_rings_work_again_after_a_network_that_swallowed_everything(make_doorbell, proxy, hasty):
    door, inside = make_doorbell(url=through(proxy)), make_doorbell("tone", url=through(proxy))
    with Slots(inside, 2) as slots:
        assert rings_come_through(door, slots)
        proxy.black_hole()
        assert until(lambda: not door.healthy and not inside.healthy)
        time.sleep(_OUTAGE_S)
        proxy.heal()
        assert rings_come_through(door, slots)
        assert until(lambda: door.healthy and inside.healthy)


def test_rings_work_again_after_every_connection_was_cut(make_doorbell, proxy):
    door, inside = make_doorbell(url=through(proxy)), make_doorbell("tone", url=through(proxy))
    with Slots(inside, 2) as slots:
        assert rings_come_through(door, slots)
        for _ in range(3):
            proxy.cut()
            proxy.heal()
            assert rings_come_through(door, slots)


def test_a_worker_that_starts_before_redis_hears_rings_once_it_is_there(make_doorbell, server):
    server.stop()
    door, inside = make_doorbell(url=server.url), make_doorbell("tone", url=server.url)
    with Slots(inside) as slots:
        assert not inside.healthy
        door.ring(JobId("job_early"), "tone")
        server.restart()
        assert until(lambda: slots.woken >= 1)


def test_rings_of_an_outage_wait_for_its_end(make_doorbell, server):
    door, inside = make_doorbell(url=server.url), make_doorbell("tone", url=server.url)
    assert door.healthy
    server.stop()
    for number in range(5):
        door.ring(JobId(f"job_{number}"), "tone")
    server.restart()
    with Slots(inside) as slots:
        assert until(lambda: slots.woken >= 5)


def test_ringing_into_an_outage_blocks_nobody_and_keeps_a_bounded_number(make_doorbell, proxy, caplog):
    door = make_doorbell(url=through(proxy))
    assert door.healthy
    proxy.black_hole()
    done = threading.Event()

    def ring() -> None:
        for number in range(10 * PENDING_LIMIT):
            door.ring(JobId(f"job_{number}"), "tone")
        done.set()

    with caplog.at_level(logging.WARNING, "voicecore"):
        threading.Thread(target=ring, daemon=True).start()
        # Not a single answer of Redis is waited for: none comes, and nobody would give it up so soon.
        assert done.wait(PATIENCE_S / 2)
    assert len(door._ringer._pending) == PENDING_LIMIT
    assert len([record for record in caplog.records if "get lost" in record.message]) == 1


def test_waits_run_out_in_time_while_redis_is_away(make_doorbell, server):
    inside = make_doorbell("tone", url=server.url)
    server.stop()
    with Slots(inside, poll_s=0.05) as slots:
        assert until(lambda: slots.waits > 20)
        assert slots.woken == 0


def test_an_outage_is_told_once_with_its_end_and_without_the_password(make_doorbell, server, caplog):
    inside = make_doorbell("tone", url=server.url)
    with caplog.at_level(logging.DEBUG, "voicecore"), Slots(inside) as slots:
        assert rings_come_through(inside, slots)
        server.stop()
        for number in range(20):
            inside.ring(JobId(f"job_{number}"), "tone")
        time.sleep(_OUTAGE_S)
        server.restart()
        assert rings_come_through(inside, slots)
        assert until(lambda: inside.healthy)
    told = [record.getMessage() for record in caplog.records if record.name == "voicecore.doorbell"]
    assert len(told) == 2
    assert told[0].startswith("Redis does not answer")
    assert told[1].startswith("Redis answers again")
    assert "secret-word" not in caplog.text
    assert "job_" not in caplog.text


def test_closing_ends_in_seconds_while_the_network_swallows_everything(make_doorbell, proxy, hasty):
    doorbell = make_doorbell("tone", "kokoro", url=through(proxy))
    with Slots(doorbell) as slots:
        assert rings_come_through(doorbell, slots)
        proxy.black_hole()
        doorbell.ring(JobId("job_1"), "tone")
        closing = threading.Thread(target=doorbell.close)
        closing.start()
        closing.join(2 * PATIENCE_S)
        assert not closing.is_alive()
        assert not doorbell._thread.alive


def test_a_redis_that_refuses_to_write_loses_rings_but_ends_nothing(make_doorbell, tmp_path, caplog):
    with RedisServer(tmp_path / "full", options=("--maxmemory", "1mb")) as server:
        door, inside = make_doorbell(url=server.url), make_doorbell("tone", url=server.url)
        with caplog.at_level(logging.WARNING, "voicecore"), Slots(inside) as slots:
            for number in range(10):
                door.ring(JobId(f"job_{number}"), "tone")
            assert until(lambda: "rings get lost (OutOfMemoryError)" in caplog.text)
            assert slots.woken == 0
            assert door.healthy


def test_a_redis_that_turns_read_only_and_back_ends_nothing_and_is_told_of_sparingly(make_doorbell, server, caplog):
    door, inside = make_doorbell(url=server.url), make_doorbell("tone", url=server.url)
    with (
        Redis.from_url(server.url) as redis,
        Slots(inside, 2) as slots,
        caplog.at_level(logging.WARNING, "voicecore"),
    ):
        assert rings_come_through(door, slots)
        redis.replicaof("127.0.0.1", "1")
        door.ring(JobId("job_1"), "tone")
        assert until(lambda: "rings get lost (ReadOnlyError)" in caplog.text)
        assert until(lambda: "the queue" in caplog.text)
        redis.replicaof("no", "one")
        assert until(lambda: rings_come_through(door, slots))
    assert len([record for record in caplog.records if "failed and is tried again" in record.message]) == 1


def test_a_redis_user_with_no_more_rights_than_the_manual_says_is_enough(make_doorbell, server, prefix, caplog):
    rights = [
        f"~{prefix}:*", *(f"~arq:{kind}:{prefix}:*" for kind in ("job", "in-progress", "retry", "result")), "~arq:abort",
        f"&{prefix}:*", "+@all", "-@admin", "-@dangerous", "+info",
    ]  # fmt: skip
    done = threading.Event()
    with Redis.from_url(server.url) as redis:
        redis.execute_command("ACL", "SETUSER", "voice", "on", ">pass", "resetchannels", *rights)
    url = f"redis://voice:pass@127.0.0.1:{server.port}/0"
    chore = ClockChore(name="tidy", do=done.set, every_s=1)
    with Slots(make_doorbell("tone", url=url, chores=[chore], poll_delay_s=0.2)) as slots:
        assert rings_come_through(make_doorbell(url=url), slots)
        assert done.wait(PATIENCE_S)
    assert caplog.text == ""
