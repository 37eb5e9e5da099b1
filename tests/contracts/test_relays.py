"""Every relay keeps the contract; and what one over a network does besides."""

from __future__ import annotations

import pytest
from tests.instruments.redis_server import fresh_prefix, shared_server
from tests.instruments.tcp_proxy import TcpProxy

from adapters.redisclient import ask, connect
from adapters.relays.memory import MemoryRelay
from adapters.relays.redis import RedisRelay
from voicecore.errors import StorageUnavailable
from voicecore.job import JobId
from voicecore.testing.contracts.relay import JOB, RelayContract, RelayEnds, first, live_chunk, starts


class TestMemoryRelay(RelayContract):
    def make_ends(self) -> RelayEnds:
        relay = MemoryRelay()
        return RelayEnds(relay, relay)


class TestRedisRelay(RelayContract):
    def make_ends(self) -> RelayEnds:
        prefix = fresh_prefix()
        client = connect(shared_server().url)
        return RelayEnds(RedisRelay(client, prefix), RedisRelay(client, prefix))


class TestRedisRelayInOneProcess(RelayContract):
    def make_ends(self) -> RelayEnds:
        relay = RedisRelay(connect(shared_server().url), fresh_prefix())
        return RelayEnds(relay, relay)


def keys(client, prefix):
    return sorted(key.decode() for key in ask(client, "KEYS", f"{prefix}:*"))


def test_publishing_to_nobody_leaves_no_key_and_asks_seldom(client, prefix):
    relay = RedisRelay(client, prefix)
    before = ask(client, "INFO", "commandstats").get("cmdstat_exists", {"calls": 0})["calls"]
    for start in range(500):
        relay.publish(JOB, live_chunk(start))
    relay.end(JOB)
    asked = ask(client, "INFO", "commandstats")["cmdstat_exists"]["calls"] - before
    assert asked < 50  # one in half a second, and one for the end; a slow machine may need seconds
    assert keys(client, prefix) == []


def test_nothing_stays_behind(client, prefix):
    relay = RedisRelay(client, prefix)
    chunks = relay.follow(JOB)
    relay.publish(JOB, live_chunk(0))
    relay.end(JOB)
    assert starts(chunks) == [0]
    for key in keys(client, prefix):
        assert 0 < ask(client, "PTTL", key) <= 60_000


def test_services_with_different_prefixes_do_not_hear_each_other(client, prefix):
    here, there = RedisRelay(client, prefix), RedisRelay(client, fresh_prefix())
    chunks = there.follow(JOB)
    here.publish(JOB, live_chunk(0))
    assert not here.followed(JOB)
    assert starts(chunks, 0.05) == []


def test_a_stream_of_large_chunks_stays_small(client, prefix):
    import numpy as np

    relay = RedisRelay(client, prefix)
    chunks = relay.follow(JOB)
    second = np.zeros(240_000, dtype=np.float32)
    for number in range(40):
        relay.publish(JOB, live_chunk(number * 240_000, second))
    assert ask(client, "MEMORY USAGE", f"{prefix}:live:{JOB}") < 20 << 20
    assert starts(chunks, 0)[-1] == 39 * 240_000


def test_entries_of_a_newer_program_are_skipped(client, prefix):
    relay = RedisRelay(client, prefix)
    chunks = relay.follow(JOB)
    relay.publish(JOB, live_chunk(0))
    ask(client, "XADD", f"{prefix}:live:{JOB}", "*", "v", "2", "opus", b"...")
    relay.publish(JOB, live_chunk(3))
    relay.end(JOB)
    assert starts(chunks) == [0, 3]


@pytest.mark.parametrize("trouble", ["cut", "black_hole"])
def test_a_broken_network_never_raises_out_of_a_publisher(prefix, trouble):
    with TcpProxy(shared_server().port) as proxy:
        url = f"redis://127.0.0.1:{proxy.port}"
        with connect(url, timeout_s=0.3, connect_timeout_s=0.3) as bad, connect(shared_server().url) as good:
            relay, chunks = RedisRelay(bad, prefix), RedisRelay(good, prefix).follow(JOB)
            RedisRelay(good, prefix).publish(JOB, live_chunk(0))
            relay.publish(JobId("job_8"), live_chunk(0))
            getattr(proxy, trouble)()
            relay.publish(JOB, live_chunk(3))
            relay.publish(JobId("job_9"), live_chunk(3))
            assert not relay.followed(JOB)
            relay.end(JOB)
            assert starts(chunks, 0)[:1] == [0]


def test_a_follower_goes_on_where_it_was_after_an_outage(prefix):
    with TcpProxy(shared_server().port) as proxy:
        url = f"redis://127.0.0.1:{proxy.port}"
        with connect(url, timeout_s=60, connect_timeout_s=60) as bad, connect(shared_server().url) as good:
            inlet = RedisRelay(good, prefix)
            chunks = RedisRelay(bad, prefix).follow(JOB)
            inlet.publish(JOB, live_chunk(0))
            assert first(chunks).start == 0
            proxy.cut()
            inlet.publish(JOB, live_chunk(3))
            proxy.heal()
            inlet.publish(JOB, live_chunk(6))
            inlet.end(JOB)
            assert starts(chunks) == [3, 6]


def test_following_without_redis_is_an_error_at_once(prefix):
    with connect("redis://127.0.0.1:1") as nowhere, pytest.raises(StorageUnavailable):
        RedisRelay(nowhere, prefix).follow(JOB)
