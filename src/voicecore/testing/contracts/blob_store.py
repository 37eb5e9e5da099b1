"""What every `BlobStore` does."""

from __future__ import annotations

import hashlib
import threading
import wave
from collections.abc import Iterator
from datetime import timedelta
from typing import BinaryIO

import pytest

from voicecore.audio import Audio, silence
from voicecore.errors import BlobCorrupt, DiskFull, InvalidInput, NotFound
from voicecore.ports import BlobStore, Clock
from voicecore.testing.fakes import FakeClock

CONTENT = bytes(range(256)) * 4_000 + b"the end"
BAD_KEYS = [
    "", "/", ".", "..", "/a", "a/", "a//b", "../a", "a/../b", "a/./b", "a/.b", ".a", "a\\b", "a b", "a\x00b", "a\n", "A",
    "é", "a/É", "\u2024\u2024/a", "\uff5e", "C:a", "a" * 81, "a/" + "b" * 81, "a/b/c/d/e/f/g", "a/" * 5_000, "*", "a?b", "%2e%2e/a",
]  # fmt: skip
GOOD_KEYS = [
    "a",
    "0",
    "-",
    "_",
    "a..b",
    "a-._",
    "a" * 80,
    "/".join(["b" * 80] * 6),
    "con",
    "a.",
    "a/b",
    "a+b".replace("+", "-"),
]


class BlobStoreContract:
    """Subclass it, override the two hooks, run pytest.

    Attributes:
        lists_time_of_server: a listing has the server's time of a put, not that of the clock given (`stat` has the latter).
    """

    lists_time_of_server = False

    def make_store(self, clock: Clock, *, room: int | None = None) -> BlobStore:
        """A new, empty store whose disk has space for about `room` bytes more, or for plenty if None."""
        raise NotImplementedError

    def damage(self, store: BlobStore, key: str, content: bytes) -> None:
        """Put `content` in the place of a stored blob's bytes, behind the store's back, as a failing disk would."""
        raise NotImplementedError

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def store(self, clock: FakeClock) -> BlobStore:
        return self.make_store(clock)

    def test_what_was_put_is_read_back(self, store: BlobStore, clock: FakeClock) -> None:
        stat = store.put("jobs/a/audio.wav", [CONTENT[:10], b"", CONTENT[10:]])
        assert (stat.key, stat.size) == ("jobs/a/audio.wav", len(CONTENT))
        assert (stat.sha256, stat.modified_at) == (hashlib.sha256(CONTENT).hexdigest(), clock.now())
        assert store.stat("jobs/a/audio.wav") == stat
        assert read(store, "jobs/a/audio.wav") == CONTENT

    def test_an_empty_blob_is_a_blob(self, store: BlobStore) -> None:
        assert store.put("empty", []).size == 0
        assert read(store, "empty") == b""
        assert store.stat("empty") is not None

    @pytest.mark.parametrize("key", GOOD_KEYS)
    def test_every_key_of_the_grammar_works(self, store: BlobStore, key: str) -> None:
        store.put(key, [b"1"])
        assert [stat.key for stat in store.list()] == [key]
        assert read(store, key) == b"1"
        assert store.delete(key)

    @pytest.mark.parametrize("key", BAD_KEYS)
    def test_any_other_key_is_refused(self, store: BlobStore, key: str) -> None:
        for use in (
            lambda: store.put(key, [b"1"]),
            lambda: store.open(key),
            lambda: store.stat(key),
            lambda: store.delete(key),
        ):
            with pytest.raises(InvalidInput):
                use()
        assert list(store.list()) == []

    def test_a_key_may_also_begin_another_key(self, store: BlobStore) -> None:
        for key in ("a/b", "a", "a/b/c"):
            store.put(key, [key.encode()])
        assert [stat.key for stat in store.list()] == ["a", "a/b", "a/b/c"]
        assert store.delete("a")
        assert read(store, "a/b") == b"a/b"

    def test_what_is_not_there_is_absent(self, store: BlobStore) -> None:
        store.put("a/b", [b"1"])
        for key in ("a", "b", "a/c", "a/b/c"):
            assert store.stat(key) is None
            assert not store.delete(key)
            with pytest.raises(NotFound):
                store.open(key)

    def test_a_deleted_blob_is_absent(self, store: BlobStore) -> None:
        store.put("a/b", [b"1"])
        assert store.delete("a/b")
        assert store.stat("a/b") is None
        assert not store.delete("a/b")
        assert list(store.list()) == []
        store.put("a/b", [b"2"])
        assert read(store, "a/b") == b"2"

    def test_putting_again_replaces_the_whole(self, store: BlobStore, clock: FakeClock) -> None:
        store.put("a", [CONTENT])
        later = clock.advance(timedelta(seconds=1))
        store.put("a", [b"short"])
        assert read(store, "a") == b"short"
        assert [(stat.key, stat.size) for stat in store.list()] == [("a", 5)]
        listed = next(store.list())
        assert listed.sha256 in {"", hashlib.sha256(b"short").hexdigest()}
        assert self.lists_time_of_server or listed.modified_at == later
        stat = store.stat("a")
        assert stat is not None
        assert stat.modified_at == later

    def test_a_reader_keeps_what_it_opened(self, store: BlobStore) -> None:
        store.put("a", [CONTENT])
        with store.open("a") as replaced:
            store.put("a", [b"other"])
            assert replaced.read() == CONTENT
        with store.open("a") as deleted:
            store.delete("a")
            assert deleted.read() == b"other"

    @pytest.mark.parametrize(
        ("start", "end"), [(0, 1), (1, 1), (5, 300), (1_024_000, None), (0, None), (7, 10**12), (1_024_007, None)]
    )
    def test_a_range_is_a_slice(self, store: BlobStore, start: int, end: int | None) -> None:
        store.put("a", [CONTENT])
        assert read(store, "a", start=start, end=end) == CONTENT[start:end]

    @pytest.mark.parametrize(("start", "end"), [(-1, None), (2, 1), (1_024_008, None), (-5, -1)])
    def test_a_range_that_is_none_is_refused(self, store: BlobStore, start: int, end: int | None) -> None:
        store.put("a", [CONTENT])
        with pytest.raises(InvalidInput):
            store.open("a", start=start, end=end)

    def test_a_reader_seeks(self, store: BlobStore) -> None:
        store.put("a", [CONTENT])
        with store.open("a", start=100, end=1_000) as reader:
            assert reader.seek(-10, 2) == 890
            assert reader.read() == CONTENT[990:1_000]
            reader.seek(1)
            assert reader.read(2) == CONTENT[101:103]
            assert reader.tell() == 3
            reader.seek(5_000)
            assert reader.read() == b""

    def test_a_wav_file_can_be_opened_from_it(self, store: BlobStore) -> None:
        store.put("a.wav", [Audio(silence(1.0, 24_000), 24_000).wav_bytes()])
        with store.open("a.wav") as reader, wave.open(reader) as file:
            assert (file.getframerate(), file.getnframes()) == (24_000, 24_000)

    def test_blobs_are_listed_in_the_order_of_their_keys(self, store: BlobStore) -> None:
        keys = [
            "b",
            "a/b",
            "a-b",
            "a.b",
            "a/b.c",
            "a0",
            "a/b/c",
            "a",
            "a/a/z",
            "a_",
            "jobs/1/x",
            "jobs/10/x",
            "jobs/1-0",
        ]
        for key in keys:
            store.put(key, [b"1"])
        assert [stat.key for stat in store.list()] == sorted(keys)
        for prefix in ("a", "a/", "a/b", "a/b/", "jobs/1", "jobs/1/", "x", "jobs/10/x", "A", "..", "/"):
            assert [stat.key for stat in store.list(prefix)] == sorted(key for key in keys if key.startswith(prefix))

    def test_blobs_may_be_deleted_while_they_are_listed(self, store: BlobStore) -> None:
        keys = [f"jobs/{number:02}/audio.wav" for number in range(20)]
        for key in keys:
            store.put(key, [b"1"])
        assert [store.delete(stat.key) for stat in store.list("jobs/")] == [True] * 20
        assert list(store.list()) == []

    def test_a_source_that_fails_leaves_nothing(self, store: BlobStore) -> None:
        store.put("old", [b"old"])
        for key in ("new", "old"):
            with pytest.raises(ZeroDivisionError):
                store.put(key, broken_source())
        assert [stat.key for stat in store.list()] == ["old"]
        assert read(store, "old") == b"old"

    def test_a_full_disk_leaves_nothing(self, clock: FakeClock) -> None:
        store = self.make_store(clock, room=200_000)
        store.put("old", [b"old"])
        for key in ("new", "old"):
            with pytest.raises(DiskFull):
                store.put(key, (bytes(10_000) for _ in range(1_000)))
        assert [stat.key for stat in store.list()] == ["old"]
        assert read(store, "old") == b"old"

    def test_a_flipped_byte_is_found_by_whoever_reads_the_end(self, store: BlobStore) -> None:
        store.put("a", [CONTENT])
        self.damage(store, "a", CONTENT[:500] + b"!" + CONTENT[501:])
        with store.open("a") as reader, pytest.raises(BlobCorrupt):
            reader.read()
        with store.open("a") as reader, pytest.raises(BlobCorrupt):
            drain(reader)
        with store.open("a") as reader:
            reader.seek(-1, 2)
            with pytest.raises(BlobCorrupt):
                reader.read(1)
        assert read(store, "a", start=600, end=700) == CONTENT[600:700]

    def test_a_torn_blob_is_found(self, store: BlobStore) -> None:
        store.put("a", [CONTENT])
        self.damage(store, "a", CONTENT[: len(CONTENT) // 2])
        with pytest.raises(BlobCorrupt), store.open("a") as reader:
            drain(reader)

    def test_a_damaged_blob_can_be_deleted_and_made_again(self, store: BlobStore) -> None:
        store.put("a", [CONTENT])
        self.damage(store, "a", b"")
        assert [stat.key for stat in store.list()] == ["a"]
        store.put("a", [CONTENT])
        assert read(store, "a") == CONTENT
        self.damage(store, "a", b"x")
        assert store.delete("a")
        assert store.stat("a") is None

    def test_writers_of_one_key_leave_one_of_their_blobs(self, store: BlobStore) -> None:
        together = threading.Barrier(8)
        errors: list[Exception] = []

        def write(letter: bytes) -> None:
            together.wait()
            try:
                for _ in range(10):
                    store.put("a/b/c", [letter * 5_000, letter * 5_000])
                    assert read(store, "a/b/c") in [bytes([each]) * 10_000 for each in b"abcdefgh"]
                    store.put(f"x/{letter.decode()}", [letter])
                    store.delete(f"x/{letter.decode()}")
            except Exception as error:  # noqa: BLE001 - whatever it is, the test shall show it
                errors.append(error)

        threads = [threading.Thread(target=write, args=(bytes([letter]),)) for letter in b"abcdefgh"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert [stat.key for stat in store.list()] == ["a/b/c"]


def read(store: BlobStore, key: str, *, start: int = 0, end: int | None = None) -> bytes:
    """All that the reader gives."""
    with store.open(key, start=start, end=end) as reader:
        return reader.read()


def drain(reader: BinaryIO) -> None:
    """Read in small pieces to the end."""
    while reader.read(1_000):
        pass


def broken_source() -> Iterator[bytes]:
    """A source that gives some bytes and then fails."""
    yield bytes(100_000)
    yield bytes([1 // 0])
