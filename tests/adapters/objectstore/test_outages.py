"""The server dies, freezes and comes back; what was stored is there, and what was not is not."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from adapters.blobs.objectstore import ObjectStoreBlobStore, connection
from tests.adapters.objectstore.refusing_front import RefusingFront
from tests.instruments.s3_server import S3Server, fresh_url
from tests.instruments.tcp_proxy import TcpProxy
from voicecore.errors import StorageUnavailable
from voicecore.testing.contracts.blob_store import broken_source, read

#: Three parts and a bit.
LARGE = bytes(range(256)) * 65_536


def test_an_outage_is_said_and_over_when_the_server_is_back(connect, private_server: S3Server) -> None:
    store = connect(private_server)
    store.put("a/b", [b"kept"])
    private_server.kill()
    for use in (
        lambda: store.put("a/c", [b"new"]),
        lambda: read(store, "a/b"),
        lambda: store.stat("a/b"),
        lambda: store.delete("a/b"),
        lambda: list(store.list()),
    ):
        with pytest.raises(StorageUnavailable, match="cannot be reached"):
            use()
    assert "cannot be reached" in store.problems()[0]
    private_server.start()
    assert read(store, "a/b") == b"kept"
    assert store.stat("a/c") is None
    assert store.put("a/c", [b"new"]).size == 3
    assert store.problems() == []


def test_a_restart_within_the_patience_is_not_noticed(connect, private_server: S3Server) -> None:
    store = connect(private_server, patience_s=120.0)
    store.put("a", [b"kept"])
    private_server.kill()
    back = threading.Thread(target=private_server.start)
    back.start()
    try:
        assert read(store, "a") == b"kept"
    finally:
        back.join()


def test_a_server_killed_amid_a_put_keeps_the_old_blob(connect, private_server: S3Server) -> None:
    puts = [0]

    def kill(method: str, path: str, _size: int) -> None:
        if method == "PUT" and "partNumber" in path:
            puts[0] += 1
            if puts[0] == 2:
                private_server.kill()

    with RefusingFront(private_server.port, kill) as front:
        store = connect(private_server, port=front.port)
        store.put("old", [b"old"])
        with pytest.raises(StorageUnavailable):
            store.put("old", [LARGE])
        private_server.start()
        assert [stat.key for stat in store.list()] == ["old"]
        assert read(store, "old") == b"old"
        front.rule = lambda *_: None
        store.put("new", [LARGE])
        assert read(store, "new") == LARGE


WRITER = """
import itertools, sys
from adapters.blobs.objectstore import ObjectStoreBlobStore, connection
store = ObjectStoreBlobStore(sys.argv[1], patience_s=0.1)
for number in itertools.count():
    try:
        store.put(f"a/{number:05}", [bytes([number % 256]) * 100_000])
    except Exception as error:
        print("last", flush=True)
        break
    print(number, flush=True)
"""


def test_what_a_put_confirmed_outlives_kill_9_of_the_server(connect, private_server: S3Server) -> None:
    url = fresh_url()
    store = connect(private_server, url)
    with subprocess.Popen([sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        confirmed = []
        for line in writer.stdout:
            if line.strip() == "last":
                break
            confirmed.append(int(line))
            if len(confirmed) == 40:
                private_server.kill()
    private_server.start()
    for number in confirmed:
        assert read(store, f"a/{number:05}") == bytes([number % 256]) * 100_000
    for stat in store.list():
        assert stat.size == 100_000
        assert len(read(store, stat.key)) == 100_000


def test_a_server_that_falls_silent_is_given_up(connect, server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with TcpProxy(server.port) as proxy:
        url = fresh_url()
        store = connect(server, url, port=proxy.port)
        store.put("a", [b"kept"])
        proxy.black_hole()
        monkeypatch.setattr(connection, "_REQUEST_S", 1)
        # The client's own limit ends it; without one this test would never end.
        with pytest.raises(StorageUnavailable, match=r"did not answer|cannot be reached"):
            connect(server, url, port=proxy.port).stat("a")
        proxy.heal()
        assert read(store, "a") == b"kept"


@pytest.mark.parametrize(
    ("status", "code"), [(403, "AccessDenied"), (500, "InternalError"), (507, "XMinioStorageFull")]
)
@pytest.mark.parametrize("refused", ["partNumber=1", "partNumber=2", "partNumber=4", "complete"])
def test_a_put_that_fails_half_way_leaves_no_parts(
    refused: str, status: int, code: str, connect, server: S3Server
) -> None:
    def rule(method: str, path: str, _size: int) -> tuple[int, str] | None:
        completes = method == "POST" and "uploadId=" in path
        return (status, code) if (completes if refused == "complete" else refused in path) else None

    with RefusingFront(server.port, rule) as front:
        store = connect(server, port=front.port, patience_s=0.1)
        before = server.unfinished_uploads()
        with pytest.raises(StorageUnavailable):
            store.put("a", [LARGE])
        assert server.unfinished_uploads() == before
        assert list(store.list()) == []


def test_a_source_that_fails_sends_nothing_at_all(connect, server: S3Server) -> None:
    def source():
        yield LARGE
        yield from broken_source()

    with RefusingFront(server.port, lambda *_: None) as front:
        store = connect(server, port=front.port)
        with pytest.raises(ZeroDivisionError):
            store.put("a", source())
        assert front.seen == []


def test_a_reader_never_mixes_two_versions(connect, server: S3Server) -> None:
    store: ObjectStoreBlobStore = connect(server)
    store.put("a", [LARGE])
    with store.open("a") as replaced:
        assert replaced.read(10) == LARGE[:10]
        store.put("a", [bytes(len(LARGE))])
        with pytest.raises(StorageUnavailable, match="open it again"):
            replaced.read()
    with store.open("a", start=5_000_000) as deleted:
        store.delete("a")
        with pytest.raises(StorageUnavailable, match="open it again"):
            deleted.read()
