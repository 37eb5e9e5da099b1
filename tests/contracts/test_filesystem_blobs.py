"""What only blobs on a disk can get wrong."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from itertools import repeat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.blobs.filesystem import FilesystemBlobStore
from voicecore.errors import BlobCorrupt, DiskFull, InvalidInput, StorageUnavailable
from voicecore.testing.fakes import FullDisk


def files(root: Path) -> list[str]:
    """Everything under the root but the folder for unfinished files itself."""
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.name != ".unfinished")


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
@pytest.mark.parametrize("room", [0, 1, 4_999, 5_000, 5_055])
def test_a_disk_that_fills_at_any_byte_leaves_nothing_and_recovers(tmp_path: Path, room: int, error: int) -> None:
    disk = FullDisk(room, error=error)
    store = FilesystemBlobStore(tmp_path, write=disk)
    with pytest.raises(DiskFull):
        store.put("a/b", repeat(bytes(500), 10))
    assert files(tmp_path) == []
    disk.free(10_000)
    store.put("a/b", repeat(bytes(500), 10))
    with store.open("a/b") as reader:
        assert reader.read() == bytes(5_000)


def test_another_disk_error_is_not_called_a_full_disk(tmp_path: Path) -> None:
    store = FilesystemBlobStore(tmp_path, write=FullDisk(10, error=errno.EIO))
    with pytest.raises(StorageUnavailable) as failure:
        store.put("a", [bytes(100)])
    assert not isinstance(failure.value, DiskFull)
    assert files(tmp_path) == []


LIMITED = """
import resource, sys
from adapters.blobs.filesystem import FilesystemBlobStore
from voicecore.errors import DiskFull
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
store = FilesystemBlobStore(sys.argv[1])
try:
    store.put("a/b", (bytes(1_000) for _ in range(1_000)))
except DiskFull as error:
    store.put("small", [b"fits"])
    print(error.code, [stat.key for stat in store.list()])
"""


def test_the_kernel_refusing_to_write_is_a_full_disk(tmp_path: Path) -> None:
    # -B: a module that it compiles would be cut off at the limit, too, and kept so for everybody (gh-126606 of CPython).
    done = subprocess.run([sys.executable, "-B", "-c", LIMITED, tmp_path], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "disk_full ['small']"
    assert files(tmp_path) == ["small"]


def test_deleting_the_last_blob_leaves_no_empty_folders(tmp_path: Path) -> None:
    store = FilesystemBlobStore(tmp_path)
    store.put("jobs/1/audio.wav", [b"1"])
    store.put("jobs/2/audio.wav", [b"1"])
    store.delete("jobs/1/audio.wav")
    assert files(tmp_path) == ["jobs+", "jobs+/2+", "jobs+/2+/audio.wav"]
    store.delete("jobs/2/audio.wav")
    assert files(tmp_path) == []


def test_a_start_sweeps_what_dead_writers_left_but_not_what_is_being_written(tmp_path: Path) -> None:
    first = FilesystemBlobStore(tmp_path)
    (tmp_path / ".unfinished" / "0123").write_bytes(b"left by a dead writer")

    def second_store_starts_meanwhile() -> list[bytes]:
        FilesystemBlobStore(tmp_path)
        return [b"end"]

    first.put("a", (chunk for chunks in ([b"begin "], second_store_starts_meanwhile()) for chunk in chunks))
    assert files(tmp_path) == ["a"]
    with first.open("a") as reader:
        assert reader.read() == b"begin end"


@pytest.mark.parametrize("place", ["secret", "folder+"])
def test_a_planted_link_is_no_way_out(tmp_path: Path, place: str) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    FilesystemBlobStore(outside).put("secret", [b"secret"])
    store = FilesystemBlobStore(root)
    (root / place).symlink_to(outside / "secret" if place == "secret" else outside)
    key = "secret" if place == "secret" else "folder/secret"
    for use in (lambda: store.open(key), lambda: store.stat(key)):
        with pytest.raises(StorageUnavailable):
            use()
    if place == "folder+":
        for change in (lambda: store.put(key, [b"x"]), lambda: store.delete(key)):
            with pytest.raises(StorageUnavailable):
                change()
        assert list(store.list()) == []
    assert (outside / "secret").read_bytes().startswith(b"secret")


def test_a_put_over_a_planted_link_replaces_the_link(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"not yours")
    store = FilesystemBlobStore(tmp_path / "root")
    (tmp_path / "root" / "a").symlink_to(target)
    store.put("a", [b"mine"])
    assert target.read_bytes() == b"not yours"


def test_strange_files_in_the_root_are_not_blobs(tmp_path: Path) -> None:
    store = FilesystemBlobStore(tmp_path)
    for name in ("README", ".hidden", "a b", "é"):
        (tmp_path / name).write_bytes(b"1")
    (tmp_path / "lost+found").mkdir()
    (tmp_path / "LOST+").mkdir()
    assert list(store.list()) == []


@settings(max_examples=40, deadline=None)
@given(key=st.text(max_size=30) | st.text(alphabet="ab./\\\x00~", max_size=30))
def test_no_key_reaches_outside_the_root(tmp_path_factory: pytest.TempPathFactory, key: str) -> None:
    above = tmp_path_factory.mktemp("above")
    store = FilesystemBlobStore(above / "root")
    try:
        store.put(key, [b"1"])
    except InvalidInput:
        assert files(above / "root") == []
    else:
        assert [stat.key for stat in store.list()] == [key]
    assert [path.name for path in above.iterdir()] == ["root"]


@pytest.mark.parametrize("cut", [1, 30, 56, 60])
def test_a_file_cut_by_others_is_found_listed_and_deletable(tmp_path: Path, cut: int) -> None:
    store = FilesystemBlobStore(tmp_path)
    store.put("a", [b"12345"])
    os.truncate(tmp_path / "a", 61 - cut)
    with pytest.raises(BlobCorrupt):
        store.stat("a")
    with pytest.raises(BlobCorrupt):
        store.open("a")
    assert [(stat.key, stat.sha256) for stat in store.list()] == [("a", "")]
    assert store.delete("a")


def test_the_order_on_the_disk_is_write_sync_rename_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recorder stands between us and the system; every call is still made."""
    done: list[str] = []

    def recorded(name: str):
        true = getattr(os, name)

        def call(*args, **kwargs):
            if name != "fsync" or done[-1:] != ["fsync"]:
                done.append(name)
            return true(*args, **kwargs)

        return call

    store = FilesystemBlobStore(tmp_path)
    store.put("jobs/0", [b"1"])  # so that the folder is there already
    for name in ("fsync", "rename"):
        monkeypatch.setattr(os, name, recorded(name))
    store._write = lambda descriptor, data: (done.append("write"), os.write(descriptor, data))[1]
    store.put("jobs/a", [b"12345"])
    assert done == ["write", "write", "fsync", "rename", "fsync"]


WRITER = """
import sys
from adapters.blobs.filesystem import FilesystemBlobStore
store = FilesystemBlobStore(sys.argv[1])
print("ready", flush=True)
turn = 0
while True:
    turn += 1
    key = f"jobs/{turn % 3}/audio.wav"
    store.put(key, (bytes([turn % 256]) * 10_000 for _ in range(20)))
    print(key, turn % 256, flush=True)
    store.put("short/lived", [bytes([turn % 256]) * 200_000])
    store.delete("short/lived")
"""


def test_kill_nine_while_writing_leaves_only_whole_blobs(tmp_path: Path) -> None:
    chance = random.Random(1)
    unfinished_seen = turns = 0
    # At most sixty: by chance the first eight may all be between two blobs.
    while turns < 8 or (not unfinished_seen and turns < 60):
        turns += 1
        process = subprocess.Popen([sys.executable, "-c", WRITER, tmp_path], stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(chance.uniform(0.0, 0.1))
        process.send_signal(signal.SIGKILL)
        told = process.stdout.read().decode().splitlines()
        process.stdout.close()
        process.wait()
        unfinished_seen += len(list((tmp_path / ".unfinished").iterdir()))
        store = FilesystemBlobStore(tmp_path)
        assert list((tmp_path / ".unfinished").iterdir()) == []
        stored = {}
        for stat in store.list():
            with store.open(stat.key) as reader:  # raises BlobCorrupt if it is torn
                content = reader.read()
            assert content == content[:1] * 200_000
            stored[stat.key] = content[0]
        if told:  # what was acknowledged last of a key is there
            key, value = told[-1].rsplit(" ", 1)
            assert stored[key] == int(value)
    assert unfinished_seen > 0
