"""Each failure of a real server has a sentence with its cause and its setting."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from contextlib import ExitStack

import pytest
import redis

from adapters.redisclient import Lua, ask, connect, translated
from tests.instruments.free_port import free_port
from tests.instruments.redis_server import RedisServer, shared_server
from voicecore.errors import InvalidInput, StorageUnavailable


def sentence_of(client, *words):
    with pytest.raises(StorageUnavailable) as caught:
        ask(client, *words)
    assert caught.value.message.endswith(".")
    return caught.value.message


def test_nobody_listens():
    with connect(f"redis://127.0.0.1:{free_port()}") as client:
        assert "Nobody listens at the host and port of VOICECORE_REDIS_URL" in sentence_of(client, "PING")


def test_no_such_host():
    with connect("redis://redis.invalid") as client:
        assert "host in VOICECORE_REDIS_URL is not known" in sentence_of(client, "PING")


def test_a_password_is_wanted(tmp_path):
    with RedisServer(tmp_path, password="s3cret") as server, connect(f"redis://127.0.0.1:{server.port}") as client:
        assert "wants a password: put it into VOICECORE_REDIS_URL" in sentence_of(client, "PING")


def test_a_wrong_password(tmp_path):
    with RedisServer(tmp_path, password="s3cret") as server, connect(f"redis://:no@127.0.0.1:{server.port}") as client:
        assert "does not accept the user or password" in sentence_of(client, "PING")


def test_a_password_for_a_server_that_has_none_opens_it_only_with_the_default_user():
    with connect(f"redis://someone:else@127.0.0.1:{shared_server().port}") as client:
        assert "does not accept the user or password" in sentence_of(client, "PING")


def test_a_user_with_too_few_rights(tmp_path):
    with RedisServer(tmp_path) as server:
        with connect(server.url) as admin:
            ask(
                admin,
                "ACL SETUSER",
                "few",
                "on",
                ">few",
                "~voicecore:*",
                "+@connection",
                "+get",
                "+evalsha",
                "+script|load",
            )
        with connect(f"redis://few:few@127.0.0.1:{server.port}") as client:
            for words in (("SET", "voicecore:x", "1"), ("GET", "other:x")):
                assert "widen its ACL" in sentence_of(client, *words)
            with pytest.raises(StorageUnavailable, match="widen its ACL"):
                Lua("return redis.call('SET', KEYS[1], '1')")(client, ["voicecore:x"])


def test_a_replica(tmp_path):
    with (
        RedisServer(tmp_path / "primary") as primary,
        RedisServer(tmp_path / "replica", options=("--replicaof", "127.0.0.1", str(primary.port))) as replica,
        connect(replica.url) as client,
    ):
        # Until then it may say that it reads its data.
        while client.info("replication")["master_link_status"] != "up":
            time.sleep(0.01)
        assert "read-only replica" in sentence_of(client, "SET", "x", "1")
        with pytest.raises(StorageUnavailable, match="read-only replica"):
            Lua("return redis.call('SET', KEYS[1], '1')")(client, ["x"])


def test_a_full_memory(tmp_path):
    with RedisServer(tmp_path, options=("--maxmemory", "20mb")) as server, connect(server.url) as client:
        ask(client, "SET", "x", b"x" * 2_000_000)
        ask(client, "CONFIG SET", "maxmemory", "2mb")
        assert "Redis is full" in sentence_of(client, "SET", "x", "1")
        with pytest.raises(StorageUnavailable, match="Redis is full"):
            Lua("return redis.call('SET', KEYS[1], '1')")(client, ["x"])


def test_a_full_disk(tmp_path):
    with RedisServer(tmp_path / "data") as server, connect(server.url) as client:
        ask(client, "CONFIG SET", "save", "1 1")
        # A folder in the place of the file makes every snapshot fail, as a full disk does, root or not.
        (tmp_path / "data" / "dump.rdb" / "x").mkdir(parents=True)
        ask(client, "SET", "x", "1")
        with pytest.raises(StorageUnavailable, match="cannot write to its disk"):
            _until_refused(client)


def _until_refused(client):
    if not client.info("persistence")["rdb_bgsave_in_progress"]:
        ask(client, "BGSAVE")
    for _ in range(3_000):
        ask(client, "SET", "x", "1")
        time.sleep(0.02)


def test_a_server_that_is_loading(tmp_path):
    with RedisServer(tmp_path) as server, connect(server.url) as client:
        batch = client.pipeline(transaction=False)
        for number in range(5_000):
            batch.set(f"x{number}", number)
        batch.execute()
    # In microseconds a key: it loads for a second, and looks at the network now and then.
    slowly = ("--key-load-delay", "200")
    # Who looked away for that second sees it another time.
    assert any("Redis is reading its data" in " ".join(_sentences_of_a_start(server, slowly)) for _ in range(5))


def _sentences_of_a_start(server, options):
    slow = RedisServer(server.folder, port=server.port, options=options)
    starter = threading.Thread(target=slow.start)
    starter.start()
    try:
        with connect(slow.url) as client:
            return _sentences_until_ready(client)
    finally:
        starter.join()
        slow.kill()


def _sentences_until_ready(client):
    sentences = set()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            ask(client, "GET", "x1")
        except StorageUnavailable as error:
            sentences.add(error.message)
        else:
            break
    return sentences


class Web(socketserver.StreamRequestHandler):
    def handle(self):
        self.rfile.readline()
        self.wfile.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


class HangUp(socketserver.StreamRequestHandler):
    def handle(self):
        self.rfile.readline()


@pytest.fixture
def stranger(request):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), request.param) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.mark.parametrize("stranger", [Web], indirect=True)
def test_not_a_redis_at_all(stranger):
    with connect(f"redis://127.0.0.1:{stranger}") as client:
        assert "is not a Redis: see to its host and port" in sentence_of(client, "PING")


@pytest.mark.parametrize("stranger", [HangUp], indirect=True)
def test_a_server_that_hangs_up(stranger):
    with connect(f"redis://127.0.0.1:{stranger}") as client:
        assert "rediss://" in sentence_of(client, "PING")


def test_tls_to_a_server_without_it():
    with connect(f"rediss://127.0.0.1:{shared_server().port}") as client:
        assert "rediss:// only if that port speaks TLS" in sentence_of(client, "PING")


def test_a_host_that_does_not_answer():
    # A full backlog: the kernel lets further connections wait.
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        others = [socket.socket() for _ in range(4)]
        for other in others:
            other.setblocking(False)
            other.connect_ex(listener.getsockname())
        url = f"redis://127.0.0.1:{listener.getsockname()[1]}"
        with connect(url, timeout_s=0.3, connect_timeout_s=0.3) as client:
            assert "did not answer in time" in sentence_of(client, "PING")
        for other in others:
            other.close()


def test_keys_of_another_program():
    with connect(shared_server().url) as client:
        ask(client, "SET", "words", "text")
        assert "choose another prefix" in sentence_of(client, "LPUSH", "words", "x")


def test_too_many_connections(tmp_path):
    with RedisServer(tmp_path, options=("--maxclients", "3")) as server, ExitStack() as stack:
        clients = [stack.enter_context(connect(server.url)) for _ in range(4)]
        sentences = [_sentence_or_none(client) for client in clients]
        assert "maxclients" in sentences[-1]


def _sentence_or_none(client):
    try:
        ask(client, "PING")
    except StorageUnavailable as error:
        return error.message
    return None


def test_an_error_of_a_pipeline_does_not_repeat_what_a_user_said():
    with connect(shared_server().url) as client:
        ask(client, "SET", "words", "text")
        with pytest.raises(StorageUnavailable) as caught, translated():
            client.pipeline().lpush("words", "my secret diary").execute()
    assert "diary" not in caught.value.message
    assert caught.value.__suppress_context__


def test_words_of_an_error_that_only_look_like_a_code_are_none():
    with connect(shared_server().url) as client:
        assert "Redis refused a command" in sentence_of(client, "NOSUCH")


def test_half_a_character_is_the_callers_fault():
    with connect(shared_server().url) as client, pytest.raises(InvalidInput, match="half a character"):
        ask(client, "SET", "x", "\ud83d")


def test_a_plain_error_of_the_network_is_translated_too():
    with pytest.raises(StorageUnavailable), translated():
        raise ConnectionResetError(104, "Connection reset by peer")


def test_other_errors_pass():
    with pytest.raises(ZeroDivisionError), translated():
        raise ZeroDivisionError
    with pytest.raises(redis.RedisError):
        raise redis.RedisError


def test_a_database_that_the_server_does_not_have():
    with connect(f"redis://127.0.0.1:{shared_server().port}/9999") as client:
        assert "no database of this number: correct the one at the end of VOICECORE_REDIS_URL" in sentence_of(
            client, "PING"
        )


def test_what_a_user_may_not_do_inside_a_script_is_said_without_the_script(tmp_path):
    script = Lua("redis.call('SET', KEYS[1], '1') return redis.call('ZADD', KEYS[1], 1, 'a')")
    with RedisServer(tmp_path) as server:
        with connect(server.url) as admin:
            ask(admin, "ACL SETUSER", "few", "on", ">few", "~voicecore:*", "+@all", "-zadd")
        with connect(f"redis://few:few@127.0.0.1:{server.port}") as client:
            for key, cause in (("voicecore:x", "widen its ACL"), ("other:x", "the keys under VOICECORE_REDIS_PREFIX")):
                with pytest.raises(StorageUnavailable) as caught:
                    script(client, [key], [])
                assert cause in caught.value.message
                assert "user_script" not in caught.value.message
