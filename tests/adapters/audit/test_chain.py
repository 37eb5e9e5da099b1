"""The audit log keeps the contract, and whoever changes a line of it is found out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.audit import FILE_NAME, FileAuditLog, chain, entries, verify
from adapters.audit.chain import HEAD_NAME
from voicecore.errors import DiskFull, StorageUnavailable
from voicecore.ports import Act, Clock
from voicecore.testing.contracts.audit_log import ACT, AuditLogContract
from voicecore.testing.fakes import FakeClock, FullDisk


class TestFileAuditLog(AuditLogContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "data"

    def make_log(self, clock: Clock) -> FileAuditLog:
        return FileAuditLog(self.folder, clock)

    def acts(self) -> Sequence[Act]:
        assert verify(self.folder).problem is None
        lines = [entry.line for entry in entries(self.folder)]
        return [Act(what=one["what"], who=one["who"], objects=one["objects"], details=one["details"]) for one in lines]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    log = FileAuditLog(tmp_path, FakeClock())
    for number in range(5):
        log.record(Act(what=f"act.{number}", who="key_1"))
    return tmp_path


def lines_of(folder: Path) -> list[bytes]:
    return (folder / FILE_NAME).read_bytes().splitlines(keepends=True)


def test_no_log_is_an_empty_one(tmp_path: Path):
    assert verify(tmp_path) == verify(tmp_path / "nowhere")
    assert (verify(tmp_path).lines, verify(tmp_path).problem) == (0, None)
    assert list(entries(tmp_path)) == []


def test_a_whole_chain_holds_and_only_its_owner_may_read_it(written: Path):
    assert (verify(written).lines, verify(written).problem) == (5, None)
    assert {(written / name).stat().st_mode & 0o777 for name in (FILE_NAME, HEAD_NAME)} == {0o600}
    first, second = (json.loads(line) for line in lines_of(written)[:2])
    assert (first["n"], first["prev"]) == (1, "0" * 64)
    assert len(second["prev"]) == 64


@pytest.mark.parametrize("number", range(5))
def test_a_removed_line_is_found(written: Path, number: int):
    lines = lines_of(written)
    (written / FILE_NAME).write_bytes(b"".join(lines[:number] + lines[number + 1 :]))
    verdict = verify(written)
    assert verdict.problem is not None
    assert verdict.lines == number if number < 4 else "removed" in verdict.problem


def test_a_log_that_was_emptied_or_removed_is_found(written: Path):
    (written / FILE_NAME).write_bytes(b"")
    assert "had 5" in (verify(written).problem or "")
    (written / FILE_NAME).unlink()
    assert "had 5" in (verify(written).problem or "")


def test_lines_that_were_swapped_or_doubled_are_found(written: Path):
    first, second, *rest = lines_of(written)
    for changed in ([second, first, *rest], [first, first, second, *rest], [first, second, *rest, rest[-1]]):
        (written / FILE_NAME).write_bytes(b"".join(changed))
        assert verify(written).problem is not None


@settings(max_examples=60, deadline=None, database=None)
@given(place=st.integers(0, 4), column=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_any_bit_that_is_changed_is_found(tmp_path_factory: pytest.TempPathFactory, place: int, column: int, bit: int):
    folder = tmp_path_factory.mktemp("log")
    log = FileAuditLog(folder, FakeClock())
    for number in range(5):
        log.record(Act(what=f"act.{number}", who="key_1"))
    lines = [bytearray(line) for line in lines_of(folder)]
    lines[place][column % len(lines[place])] ^= 1 << bit
    (folder / FILE_NAME).write_bytes(b"".join(lines))
    assert verify(folder).problem is not None


def test_a_changed_last_line_with_a_head_to_match_its_number_is_found(written: Path):
    lines = lines_of(written)
    lines[-1] = lines[-1].replace(b"key_1", b"key_2")
    (written / FILE_NAME).write_bytes(b"".join(lines))
    assert verify(written).problem is not None


def test_a_line_that_was_half_written_was_never_there(written: Path):
    whole = (written / FILE_NAME).read_bytes()
    with (written / FILE_NAME).open("ab") as log:
        log.write(b'{"v":1,"n":6,"ti')
    assert verify(written).problem is None
    FileAuditLog(written, FakeClock()).record(ACT)
    assert (written / FILE_NAME).read_bytes().startswith(whole)
    assert (verify(written).lines, verify(written).problem) == (6, None)


def test_a_process_that_ended_before_it_wrote_the_head_is_no_problem(written: Path):
    head = (written / HEAD_NAME).read_bytes()
    FileAuditLog(written, FakeClock()).record(ACT)
    (written / HEAD_NAME).write_bytes(head)
    assert verify(written).problem is None
    FileAuditLog(written, FakeClock()).record(ACT)
    assert (verify(written).lines, verify(written).problem) == (7, None)


def test_a_second_process_that_ends_before_it_wrote_the_head_leaves_a_chain_that_holds(written: Path, monkeypatch):
    for _ in range(2):
        record_and_end_before_the_head(written, monkeypatch)
    assert (verify(written).lines, verify(written).problem) == (7, None)


def record_and_end_before_the_head(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines, write = verify(folder).lines, chain._write_head

    def killed(folder: Path, head: chain._Head) -> None:
        if head.lines > lines:
            raise KeyboardInterrupt
        write(folder, head)

    with monkeypatch.context() as patch:
        patch.setattr(chain, "_write_head", killed)
        with pytest.raises(KeyboardInterrupt):
            FileAuditLog(folder, FakeClock()).record(ACT)


def test_a_process_that_ended_when_it_had_made_the_first_head_leaves_a_chain_that_holds(tmp_path: Path, monkeypatch):
    record_and_end_before_the_head(tmp_path, monkeypatch)
    (tmp_path / HEAD_NAME).touch()
    assert verify(tmp_path).problem is None
    FileAuditLog(tmp_path, FakeClock()).record(ACT)
    assert (verify(tmp_path).lines, verify(tmp_path).problem) == (2, None)


def test_a_log_whose_end_was_removed_is_not_gone_on_with_or_nobody_would_find_out(written: Path):
    (written / FILE_NAME).write_bytes(b"".join(lines_of(written)[:-1]))
    for _ in range(2):
        with pytest.raises(StorageUnavailable, match="had 5: the last ones were removed"):
            FileAuditLog(written, FakeClock()).record(ACT)
    (written / HEAD_NAME).unlink()
    with pytest.raises(StorageUnavailable, match="is missing"):
        FileAuditLog(written, FakeClock()).record(ACT)
    assert len(lines_of(written)) == 4


def test_a_log_that_grows_meanwhile_is_verified_as_it_was(written: Path):
    code = (
        "import sys; from pathlib import Path; from adapters.audit import FileAuditLog; from voicecore.ports import Act\n"
        "from voicecore.system import SystemClock\n"
        "log = FileAuditLog(Path(sys.argv[1]), SystemClock())\n"
        "while True: log.record(Act(what='a', who='key_2'))"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(written)]) as writer:
        try:
            while (verdict := verify(written)).lines < 60:
                assert verdict.problem is None
        finally:
            writer.kill()


def test_on_a_full_disk_nothing_is_written_and_the_act_may_not_be_done(written: Path, monkeypatch):
    whole = (written / FILE_NAME).read_bytes()
    write = os.pwrite
    disk = FullDisk(20, write=os.write)
    monkeypatch.setattr(os, "pwrite", lambda log, data, place: write(log, data[: _room(disk, data)], place))
    with pytest.raises(DiskFull, match="nothing was done"):
        FileAuditLog(written, FakeClock()).record(ACT)
    monkeypatch.setattr(os, "pwrite", write)
    assert (written / FILE_NAME).read_bytes() == whole
    FileAuditLog(written, FakeClock()).record(ACT)
    assert verify(written).lines == 6


def _room(disk: FullDisk, data: bytes) -> int:
    import errno

    if disk.room <= 0:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    fits = min(disk.room, len(data))
    disk.room -= fits
    return fits


@pytest.mark.parametrize("rubbish", [b"hello\n", b"[]\n", b'{"n":"x"}\n', b"x" * 70_000])
def test_a_file_that_is_no_log_is_not_written_to(tmp_path: Path, rubbish: bytes):
    (tmp_path / FILE_NAME).write_bytes(rubbish)
    with pytest.raises(StorageUnavailable):
        FileAuditLog(tmp_path, FakeClock()).record(ACT)
    assert (tmp_path / FILE_NAME).read_bytes() == rubbish


def test_writers_that_are_killed_leave_a_chain_that_holds(tmp_path: Path):
    code = (
        "import sys; from pathlib import Path; from adapters.audit import FileAuditLog; from voicecore.ports import Act\n"
        "from voicecore.system import SystemClock\n"
        "log = FileAuditLog(Path(sys.argv[1]), SystemClock())\n"
        "print('there', flush=True)\n"
        "while True: log.record(Act(what='a', who=sys.argv[2]))"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(number)], stdout=subprocess.PIPE)
        for number in range(3)
    ]
    for writer in writers:
        assert writer.stdout is not None
        writer.stdout.readline()
    for writer in writers:
        while not any(entry.line["who"] == str(writers.index(writer)) for entry in entries(tmp_path)):
            pass
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
    assert verify(tmp_path).problem is None
    FileAuditLog(tmp_path, FakeClock()).record(ACT)
    assert verify(tmp_path).problem is None
    assert {entry.line["who"] for entry in entries(tmp_path)} == {"0", "1", "2", "key_1"}
