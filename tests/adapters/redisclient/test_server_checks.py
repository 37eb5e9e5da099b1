"""What is wrong with a real server is said before it has jobs."""

from __future__ import annotations

import pytest

from adapters.redisclient import ask, connect, persistence, problems
from tests.instruments.redis_server import RedisServer, shared_server
from voicecore.errors import StorageUnavailable


def found(server, url=None):
    with connect(url or server.url) as client:
        return [(problem.grade, problem.sentence) for problem in problems(client)]


def test_a_server_fit_for_jobs_has_no_problems():
    assert found(shared_server()) == []


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-lru", "volatile-ttl", "allkeys-random"])
def test_a_server_that_deletes_keys_is_refused_with_the_line_that_mends_it(tmp_path, policy):
    with RedisServer(tmp_path, maxmemory_policy=policy) as server:
        [(grade, sentence)] = found(server)
        assert grade == "error"
        assert f"maxmemory-policy is {policy}" in sentence
        with connect(server.url) as client:
            ask(client, *sentence[sentence.index("CONFIG SET") :].split(",")[0].split(" "))
        assert found(server) == []


def test_without_an_append_only_file_the_loss_is_named_with_the_line_that_mends_it(tmp_path):
    with RedisServer(tmp_path, appendonly=False) as server:
        [(grade, sentence)] = found(server)
        assert grade == "warning"
        assert "are lost" in sentence
        with connect(server.url) as client:
            assert "appendonly no" in persistence(client)
            ask(client, *sentence[sentence.index("CONFIG SET") :].split(",")[0].split(" "))
        assert found(server) == []


@pytest.mark.parametrize(("fsync", "lost", "warned"), [
    ("always", "a power cut nothing", 0), ("everysec", "a power cut about the last second", 0),
    ("no", "a power cut up to about 30 s", 1),
])  # fmt: skip
def test_what_a_power_cut_loses_is_stated(tmp_path, fsync, lost, warned):
    with RedisServer(tmp_path, appendfsync=fsync) as server:
        assert [grade for grade, _ in found(server)] == ["warning"] * warned
        with connect(server.url) as client:
            assert persistence(client).startswith(f"appendfsync {fsync}: ")
            assert persistence(client).endswith(lost)


def test_a_replica_is_refused_and_its_primary_named(tmp_path):
    with (
        RedisServer(tmp_path / "primary") as primary,
        RedisServer(tmp_path / "replica", options=("--replicaof", "127.0.0.1", str(primary.port))) as replica,
    ):
        [(grade, sentence)] = found(replica)
        assert grade == "error"
        assert f"127.0.0.1:{primary.port}" in sentence
        assert found(primary) == []


def test_errors_come_before_warnings(tmp_path):
    with RedisServer(tmp_path, appendonly=False, maxmemory_policy="allkeys-lfu") as server:
        assert [grade for grade, _ in found(server)] == ["error", "warning"]


@pytest.mark.parametrize(("rights", "unchecked"), [
    (("+info",), ["CONFIG GET"]), (("+config|get",), ["INFO"]), ((), ["INFO", "CONFIG GET"]), (("+info", "+config|get"), []),
])  # fmt: skip
def test_a_user_who_may_not_ask_is_a_warning_that_names_the_right(tmp_path, rights, unchecked):
    with RedisServer(tmp_path) as server:
        with connect(server.url) as admin:
            ask(admin, "ACL SETUSER", "few", "on", ">few", "~voicecore:*", "+@connection", *rights)
        warnings = found(server, f"redis://few:few@127.0.0.1:{server.port}")
    assert [grade for grade, _ in warnings] == ["warning"] * len(unchecked)
    assert all(f"may not use {command}" in sentence for command, (_, sentence) in zip(unchecked, warnings, strict=True))


@pytest.mark.parametrize(("version", "grades"), [
    ("6.2.0", []), ("6.0.20", ["error"]), ("5.0.14", ["error"]), ("7.4.1", []), ("10.0.0", []), ("255.255.255", []),
])  # fmt: skip
def test_the_version_decides(version, grades):
    with connect(shared_server().url) as client:
        client.set_response_callback("INFO", lambda answer: {"redis_version": version, "role": "master"})
        assert [problem.grade for problem in problems(client)] == grades


def test_a_hosted_server_without_the_command_is_a_warning(tmp_path):
    with RedisServer(tmp_path, options=("--rename-command", "CONFIG", "")) as server:
        [(grade, sentence)] = found(server)
        assert (grade, "CONFIG GET" in sentence) == ("warning", True)
        with connect(server.url) as client:
            assert persistence(client).startswith("unknown")


def test_a_server_that_is_away_is_no_list_of_problems(tmp_path):
    server = RedisServer(tmp_path)
    with connect(server.url) as client, pytest.raises(StorageUnavailable):
        problems(client)


def test_a_memory_that_is_nearly_full_is_told_before_it_is(tmp_path):
    with RedisServer(tmp_path, options=("--maxmemory", "600kb")) as server:
        [(grade, sentence)] = found(server)
        assert grade == "warning"
        assert "raise maxmemory" in sentence
        with connect(server.url) as client:
            client.config_set("maxmemory", "1gb")
            assert problems(client) == []


@pytest.mark.parametrize(
    ("off_s", "direction"), [(7200, "behind"), (-7200, "ahead of"), (40, "behind"), (5, None), (-5, None)]
)
def test_a_clock_that_differs_from_that_of_redis_is_told_with_its_difference(off_s, direction):
    with connect(shared_server().url) as client:
        client.set_response_callback("TIME", lambda answer: (int(answer[0]) + off_s, int(answer[1])))
        warnings = [problem.sentence for problem in problems(client)]
    if direction is None:
        assert warnings == []
    else:
        [sentence] = warnings
        assert f" s {direction} that of Redis: set both right (NTP)" in sentence
        assert abs(int(sentence.split(" is ")[1].split()[0]) - abs(off_s)) <= 1
