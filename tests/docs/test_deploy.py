"""What `deploy/` holds works: settings that exist, commands that exist, a Redis that is fit, rights that suffice and no more."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import signal
import subprocess
import threading
import time
from datetime import timedelta
from pathlib import Path

import click
import pytest
import yaml
from tests.instruments.free_port import free_port
from tests.instruments.redis_server import RedisServer, redis_binary

from adapters.blobs.memory import MemoryBlobStore
from adapters.queues.arq import ArqDoorbell, ClockChore
from adapters.redisclient import ask, connect, persistence, problems
from adapters.relays.redis import RedisRelay
from adapters.stores.redis.catalog import RedisCatalog
from adapters.stores.redis.deployment import check_deployment
from adapters.stores.redis.jobs import RedisJobStore
from adapters.stores.redis.roster import RedisRoster
from entrypoints.cli.app import voicecore as command_line
from entrypoints.http.downloads import MAX_WAIT_S
from entrypoints.http.voices import BODY_PER_FILE
from entrypoints.settings import Settings, load
from voicecore.errors import StorageUnavailable
from voicecore.handling import Handling
from voicecore.job import JobStatus
from voicecore.ports import JobQuery
from voicecore.testing.contracts.relay import JOB, live_chunk, starts
from voicecore.testing.contracts.roster import worker_card
from voicecore.testing.fakes import START
from voicecore.testing.samples import audio_result, profile, queued_job, voice

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
OPERATIONS = (ROOT / "docs/operations.md").read_text("utf-8")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
OURS = ("api", "worker", "wyoming")
UNITS = sorted(path.name for path in (DEPLOY / "systemd").iterdir())
#: What stopping takes at most beyond the drain: a model that hangs 10 s, chores 5 s each, webhooks 2 s, open answers 5 s.
STOPPING_S = 30.0
LEASE, KEEP = timedelta(seconds=30), timedelta(hours=24)


def _understood(*words):
    """Whether the command line has such a command with such options; raises `click.UsageError` if not."""
    with click.Context(command_line) as context:
        command = command_line.get_command(context, words[0])
        assert command is not None, f"there is no command voicecore {words[0]}"
        command.make_context(words[0], list(words[1:]), parent=context)


def _settings(environment):
    """What voicecore reads of these variables; raises `InvalidInput` for a name that is no setting."""
    return load({name: value for name, value in environment.items() if name.startswith("VOICECORE_")})


# --- compose ----------------------------------------------------------------------------------------------------------
def _as_its_first_lines_say(folder):
    """The secrets that a person makes who follows the first lines of compose.yaml, by the shell."""
    comment = [
        line[4:] for line in (DEPLOY / "compose.yaml").read_text("utf-8").splitlines() if line.startswith("#   ")
    ]
    script = "\n".join(line for line in comment if not line.startswith("docker"))
    subprocess.run(["sh", "-e", "-c", script], cwd=folder, check=True)
    return folder / "deploy" / "secrets"


@pytest.fixture(scope="module")
def secrets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkout")
    (folder / "deploy").mkdir()
    return _as_its_first_lines_say(folder)


def _environment(service, secrets):
    """As a container gets it, where .env has nothing."""
    stated = {name: value for name, value in COMPOSE["services"][service]["environment"].items() if value is not None}
    return {name: value.replace("/run/secrets", str(secrets)) for name, value in stated.items()}


def test_the_secrets_are_in_files_that_containers_may_read_and_no_one_else(secrets):
    assert secrets.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in secrets.iterdir()} == {
        "redis_password": 0o444, "redis_url": 0o444
    }  # fmt: skip
    assert {name: entry["file"] for name, entry in COMPOSE["secrets"].items()} == {
        path.name: f"./secrets/{path.name}" for path in secrets.iterdir()
    }
    assert "deploy/secrets/" in (ROOT / ".gitignore").read_text("utf-8").splitlines()


@pytest.mark.parametrize("name", OURS)
def test_compose_gives_settings_that_exist_and_a_command_that_exists(name, secrets):
    settings = _settings(_environment(name, secrets))
    password = (secrets / "redis_password").read_text()
    assert len(password) == 48
    assert settings.redis_url == f"redis://:{password}@redis:6379/0"
    assert COMPOSE["services"][name]["secrets"] == ["redis_url"]
    assert COMPOSE["services"]["redis"]["networks"] == ["inside"], "the host name redis is only known there"
    _understood(*COMPOSE["services"][name]["command"])
    passed_on = {each for each, value in COMPOSE["services"][name]["environment"].items() if value is None}
    known = {f"VOICECORE_{each.upper()}" for each in Settings.__dataclass_fields__}
    assert {each for each in passed_on if each.startswith("VOICECORE_")} <= known
    grace = COMPOSE["services"][name]["stop_grace_period"]
    assert float(grace.removesuffix("s")) >= settings.drain_s + STOPPING_S


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_compose_gives_no_container_more_rights_than_it_needs(name):
    service = COMPOSE["services"][name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert service["pids_limit"] > 0
    assert not service.get("privileged")
    assert re.search(r":\d+\.\d+\.\d+-|^voicecore$", service["image"]), "a tag that moves is another image tomorrow"
    assert "healthcheck" in service or (
        name == "api" and "HEALTHCHECK" in (ROOT / "Containerfile").read_text("utf-8")
    ), "nobody looks whether it is well"


def test_compose_looks_at_a_worker_with_a_command_that_exists():
    check = COMPOSE["services"]["worker"]["healthcheck"]["test"][1]
    _understood(*shlex.split(check.partition("|")[0])[1:])


def test_the_redis_of_compose_wants_the_password_of_its_secret_and_is_fit_for_jobs(secrets, tmp_path):
    """Its command, run by the shell as in the container: only places, port and the server's path are those of the test."""
    port = free_port()
    line = COMPOSE["services"]["redis"]["command"][2].replace("$$", "$")
    for there, here in {
        "/run/secrets": secrets, "/usr/local/etc/redis/redis.conf": DEPLOY / "redis.conf", "/data": tmp_path,
        "redis-server -": f"{redis_binary()} - --port {port} --bind 127.0.0.1",
    }.items():  # fmt: skip
        assert there in line
        line = line.replace(there, str(here))
    password = (secrets / "redis_password").read_text()
    # A session of its own: the shell's end would leave the server behind.
    with subprocess.Popen(["sh", "-c", line], stdout=subprocess.DEVNULL, start_new_session=True) as server:
        try:
            with connect(f"redis://:{password}@127.0.0.1:{port}/0") as client:
                _until_it_answers(client)
                assert problems(client) == []
            with connect(f"redis://127.0.0.1:{port}/0") as client, pytest.raises(StorageUnavailable, match="password"):
                ask(client, "GET", "voicecore:schema")
        finally:
            os.killpg(server.pid, signal.SIGTERM)


def _until_it_answers(client):
    end = time.monotonic() + 60
    while True:
        try:
            ask(client, "PING")
        except StorageUnavailable:
            assert time.monotonic() < end
            time.sleep(0.05)
        else:
            return


# --- systemd ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", UNITS)
def test_a_unit_starts_a_command_that_exists_with_settings_that_exist(name):
    text = (DEPLOY / "systemd" / name).read_text("utf-8")
    unit = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    unit.optionxform = str
    unit.read_string(text)
    service = unit["Service"]
    program, *words = shlex.split(service["ExecStart"])
    assert Path(program).name == "voicecore"
    _understood(*words)
    # A name may be set again and again, of which the parser keeps the last.
    environment = dict(line.split("=", 1) for line in re.findall(r"^Environment=(.+)$", text, re.MULTILINE))
    settings = _settings(environment)
    assert float(service["TimeoutStopSec"]) >= settings.drain_s + STOPPING_S
    assert f"/var/lib/{service['StateDirectory']}" == str(settings.data_dir), "else ProtectSystem makes it read-only"
    assert service["KillMode"] == "mixed", "else systemd ends the decoders of uploads before the drain does"
    for right in ("NoNewPrivileges", "PrivateTmp", "ProtectHome", "RestrictNamespaces", "LockPersonality"):
        assert service[right] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert unit["Install"]["WantedBy"] == "multi-user.target"


def test_there_is_a_unit_for_each_way_to_run_it():
    assert UNITS == [
        "voicecore-api.service", "voicecore-worker@.service", "voicecore-wyoming.service", "voicecore.service",
    ]  # fmt: skip


# --- nginx ------------------------------------------------------------------------------------------------------------
def test_the_proxy_of_the_docs_lets_through_what_the_service_accepts():
    assert BODY_PER_FILE * Settings().max_upload_mb < int(re.search(r"client_max_body_size (\d+)m;", OPERATIONS)[1])
    assert int(re.search(r"proxy_read_timeout (\d+)s;", OPERATIONS)[1]) > MAX_WAIT_S, "a download may wait so long"
    assert "proxy_buffering off;" in OPERATIONS


# --- Redis ------------------------------------------------------------------------------------------------------------
def _server(folder, *files):
    """A server set up wrongly on purpose, so that it is these files that put it right."""
    port = free_port()
    includes = [word for file in files for word in ("--include", str(file))]
    own = ["--port", str(port), "--dir", str(folder), "--bind", "127.0.0.1"]  # again, since the file has its own
    return RedisServer(
        folder, port=port, appendonly=False, appendfsync="no", maxmemory_policy="allkeys-lru", options=[*includes, *own]
    )


def test_a_redis_with_our_configuration_is_fit_for_jobs(tmp_path):
    with _server(tmp_path, DEPLOY / "redis.conf") as server, connect(server.url) as client:
        assert problems(client) == []
        assert (
            persistence(client)
            == "appendfsync everysec: a killed Redis loses nothing, a power cut about the last second"
        )
        client.set("kept", "1")
        server.kill()
        server.start()
        assert client.get("kept") == b"1"


@pytest.fixture(scope="module")
def rights(tmp_path_factory):
    """The server of both files, and its URL for the user voicecore."""
    with _server(tmp_path_factory.mktemp("redis"), DEPLOY / "redis.conf", DEPLOY / "redis-acl.example") as server:
        yield server, f"redis://voicecore:change-this-password@127.0.0.1:{server.port}/0"


def _log_of_refusals(server, *words):
    with connect(f"redis://:change-this-administrators-password@127.0.0.1:{server.port}/0") as admin:
        return ask(admin, "ACL LOG", *words)


def _refused(server):
    """Commands that Redis refused. redis-py says its name and version, and does not mind if it may not."""
    return {entry["object"] for entry in _log_of_refusals(server, 1000)} - {"client"}


def _work_with_jobs(store):
    for number in range(3):
        job = queued_job(f"job_{number}", handling=Handling(webhook_url="https://example.org/hook"))
        store.add(job, idempotency_key=str(number), max_queued=9)
    first, second = (store.claim("w1", LEASE, max_tries=3, keep=KEEP, engines=["tone"]) for _ in range(2))
    first = store.renew(first, LEASE)
    store.finish(first.completed(audio_result(first), START, timedelta(0)))
    store.cancel(second.id, KEEP)
    assert [job.id for job in store.expired(9)] == [first.id]
    assert [notice.job.id for notice in store.due_notices(1, LEASE)] == [first.id]
    store.settle_notice(first.id, LEASE)
    assert store.waiting() == {"tone": 1}
    assert (store.page(JobQuery(limit=2)).total, store.counts()[JobStatus.CANCELLED]) == (3, 1)
    assert store.delete(first.id, tombstone=True)


def _work_with_the_catalog(catalog):
    catalog.voices.add(voice())
    catalog.voices.replace(voice(name="Bia"))
    assert [each.name for each in catalog.voices.all()] == ["Bia"]
    assert catalog.voices.get("voice_1").name == "Bia"
    assert catalog.voices.delete("voice_1")
    catalog.profiles.add(profile())
    catalog.set_default_profile("tone", "calm")
    assert catalog.default_profile("tone") == "calm"
    catalog.set_default_profile("tone", None)


def _listen(relay):
    heard = []
    chunks = relay.follow(JOB)
    listener = threading.Thread(target=lambda: heard.extend(starts(chunks)))
    listener.start()
    relay.publish(JOB, live_chunk(0))
    relay.end(JOB)
    listener.join()
    assert heard == [0]


def _ring(url):
    done = threading.Event()
    bell = ArqDoorbell(url, "voicecore", engines=["tone"], chores=[ClockChore(name="sweep", do=done.set, every_s=1)])
    try:
        bell.ring(JOB, "tone")
        assert bell.wait(60)
        assert done.wait(60), "the chore was never done"
    finally:
        bell.close()


def test_the_rights_of_the_example_are_enough_for_all_that_voicecore_does(rights):
    server, url = rights
    _log_of_refusals(server, "RESET")
    with connect(url) as client:
        assert problems(client) == []
        check_deployment(client, "voicecore", MemoryBlobStore())
        _work_with_jobs(RedisJobStore(client, "voicecore"))
        _work_with_the_catalog(RedisCatalog(client, "voicecore"))
        roster = RedisRoster(client, "voicecore")
        roster.announce(worker_card(), timedelta(seconds=30))
        assert list(roster.present()) == [worker_card()]
        roster.withdraw("w1")
        _listen(RedisRelay(client, "voicecore"))
        _ring(url)
    # What runs beside the caller hides its errors, and lives on without what it was refused.
    assert _refused(server) == set()


@pytest.mark.parametrize(
    "words",
    [
        ("GET", "other:schema"), ("SET", "other:schema", "9"), ("SET", "voicecore2:schema", "9"), ("GET", "voicecore"),
        ("GET", "arq:job:other:arq:tone:job_1"), ("DEL", "arq:queue"), ("PUBLISH", "other:arq:tone", ""),
        ("SUBSCRIBE", "other:arq:tone"), ("PSUBSCRIBE", "*"), ("EVAL", "return redis.call('GET', 'other:schema')", "0"),
        ("SCAN", "0"), ("KEYS", "*"), ("RANDOMKEY",), ("FLUSHALL",), ("FLUSHDB",), ("SWAPDB", "0", "1"),
        ("CONFIG SET", "maxmemory", "1"), ("SCRIPT FLUSH",), ("SHUTDOWN",), ("CLIENT LIST",), ("ACL LIST",),
        ("RESTORE", "voicecore:x", "0", ""), ("MONITOR",), ("DEBUG", "SLEEP", "0"), ("REPLICAOF", "NO", "ONE"),
    ],
)  # fmt: skip
def test_the_rights_of_the_example_reach_no_other_keys_and_no_command_that_harms_others(rights, words):
    _, url = rights
    with connect(url) as client, pytest.raises(StorageUnavailable, match="ACL"):
        ask(client, *words)


def test_the_rights_of_the_example_reach_no_other_deployment(rights):
    _, url = rights
    with connect(url) as client:
        with pytest.raises(StorageUnavailable, match="ACL"):
            RedisJobStore(client, "other")
        with pytest.raises(StorageUnavailable, match="ACL"):
            RedisCatalog(client, "other").voices.add(voice())
        with pytest.raises(StorageUnavailable, match="ACL"):
            check_deployment(client, "other", MemoryBlobStore())


def test_nobody_is_let_in_without_a_password(rights):
    server, _ = rights
    with connect(f"redis://127.0.0.1:{server.port}/0") as client, pytest.raises(StorageUnavailable, match="password"):
        ask(client, "GET", "voicecore:schema")


def test_the_docs_give_the_rights_of_the_example():
    line = re.search(r"^user voicecore on >\S+ (.+)$", (DEPLOY / "redis-acl.example").read_text("utf-8"), re.MULTILINE)
    assert line[1] in OPERATIONS
