"""A decoder child may do what it likes: the parent lives, and says what happened."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from adapters.audio.sandbox import DECODE_CHILD, Sandbox
from adapters.audio.sniff import AudioFormat
from adapters.audio.wire import Reception
from tests.instruments.processes import runs
from voicecore.errors import InvalidAudio, QueueFull, VoiceCoreError
from voicecore.ports import AudioLimits

SAY = "import sys, os, time, struct, json, signal; out = sys.stdout.buffer; f = lambda k, b: out.write(struct.pack('<cI', k, len(b)) + b);"
TELL = SAY + "t = lambda m: f(b'E', json.dumps({'code': 'invalid_audio', 'message': m}).encode());"


def decode(code: str, *, wall_s: float = 60.0, sandbox: Sandbox | None = None) -> Reception:
    """Let a child of ours run `code` in place of the decoder."""
    sandbox = sandbox or misbehaving(code)
    with tempfile.TemporaryFile() as upload:
        upload.write(b"the upload")
        upload.flush()
        return sandbox.decode(upload, AudioFormat.WAV, AudioLimits(max_wall_s=wall_s, max_duration_s=10))


def misbehaving(code: str, *, max_children: int = 2) -> Sandbox:
    program = [sys.executable, "-c", code]
    return Sandbox(max_children=max_children, max_memory_bytes=2**29, program=program)


def test_a_child_that_keeps_the_protocol_is_heard() -> None:
    code = SAY + "f(b'R', struct.pack('<I', 8000)); f(b'S', struct.pack('<2f', .5, -.5)); f(b'Z', struct.pack('<Q', 2))"
    reception = decode(code)
    assert (reception.sample_rate_hz, reception.samples().tolist()) == (8000, [0.5, -0.5])


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (SAY + "os.kill(os.getpid(), signal.SIGSEGV)", "signal 11"),
        (SAY + "os.abort()", "signal 6"),
        (SAY + "os._exit(3)", "status 3"),
        (SAY + "os._exit(0)", "status 0"),
        (SAY + "os.kill(os.getpid(), signal.SIGXCPU)", "took longer"),
        (SAY + "time.sleep(100)", "took longer than 0.4 s"),
        (SAY + "out.close(); os.close(1); os.close(2); time.sleep(100)", "took longer than 0.4 s"),
        (SAY + "\nwhile True: sys.stderr.write('x' * 100000)", "took longer than 0.4 s"),
        (SAY + "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(100)", "took longer than 0.4 s"),
        (SAY + "out.write(b'nonsense of any kind')", "decoder fail"),
        (SAY + "f(b'S', bytes(4))", "decoder fail"),
        (SAY + "f(b'R', struct.pack('<I', 1))", "decoder fail"),
        (SAY + "f(b'R', struct.pack('<I', 8000)); f(b'Z', struct.pack('<Q', 0))", "decoder fail"),
        (SAY + "f(b'R', struct.pack('<I', 8000)); f(b'R', struct.pack('<I', 8000))", "decoder fail"),
        (SAY + "f(b'R', struct.pack('<I', 8000)); f(b'S', bytes(3))", "decoder fail"),
        (SAY + "f(b'R', struct.pack('<I', 8000)); f(b'S', bytes(4)); f(b'Z', struct.pack('<Q', 2))", "decoder fail"),
        (SAY + "f(b'R', struct.pack('<I', 8000)); out.write(struct.pack('<cI', b'S', 2**32 - 1))", "decoder fail"),
        (SAY + "f(b'R', struct.pack('<I', 8000)); f(b'S', bytes(4))", "status 0"),
        (SAY + "f(b'E', b'not json')", "decoder fail"),
        (SAY + "f(b'E', json.dumps({'code': 'gone', 'message': ''}).encode())", "decoder fail"),
        (SAY + "f(b'E', json.dumps({'code': ['x'], 'message': ''}).encode())", "decoder fail"),
        (SAY + "f(b'E', json.dumps(7).encode())", "decoder fail"),
        (SAY + "f(b'R', struct.pack('<I', 8000))\nwhile True: f(b'S', bytes(65536))", "longer than 10 s"),
        (TELL + "t('a' * 100000)", "^a{500}$"),
        (TELL + "t('a' * 300000)", "decoder fail"),
        (TELL + "t('\\x1b[31mred\\n')", r"^\[31mred$"),
    ],
)
def test_whatever_a_child_does_is_one_refused_upload(code: str, message: str) -> None:
    # Another test's server may be a child of this process, too.
    before = psutil.Process().children()
    with pytest.raises(InvalidAudio, match=message):
        decode(code, wall_s=0.4 if "0.4" in message else 60.0)
    assert set(psutil.Process().children()) <= set(before)


def test_a_child_sees_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICECORE_REDIS_URL", "redis://:secret@host")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with pytest.raises(InvalidAudio) as told:
        decode(TELL + "t(json.dumps([sorted(os.environ), os.getcwd(), sorted(os.listdir('/dev/fd'))]))")
    names, folder, descriptors = json.loads(told.value.message)
    assert set(names) <= {
        "PYTHONPATH",
        "PYTHONUTF8",
        "OPENBLAS_NUM_THREADS",
        "OMP_NUM_THREADS",
        "LC_CTYPE",
        "LD_LIBRARY_PATH",
    }
    assert folder == "/"
    assert len(descriptors) == 4  # three pipes, and the one that lists them


def test_the_decoder_gives_up_files_sockets_and_memory_before_it_reads() -> None:
    code = """
import json, resource, socket, sys
from adapters.confinement import confine, leave_with_parent
leave_with_parent()
confine(max_cpu_s=5, max_memory_bytes=2**29)
done = {}
for name, deed in {
    "file": lambda: open("/etc/hosts"),
    "socket": lambda: socket.socket(),
    "memory": lambda: bytearray(2**30),
    "limit": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (9, 9)) if __import__("os").geteuid() else open("/etc/hosts"),
}.items():
    try:
        deed()
        done[name] = "allowed"
    except (OSError, MemoryError, ValueError) as error:
        done[name] = type(error).__name__
done["core"] = resource.getrlimit(resource.RLIMIT_CORE)
done["fsize"] = resource.getrlimit(resource.RLIMIT_FSIZE)
done["cpu"] = resource.getrlimit(resource.RLIMIT_CPU)
print(json.dumps(done))
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    done = json.loads(ended.stdout)
    assert "allowed" not in done.values()
    assert (done["core"], done["fsize"], done["cpu"]) == ([0, 0], [0, 0], [5, 5])


@pytest.mark.skipif(sys.platform != "linux", reason="prctl and /proc are Linux's")
def test_on_linux_a_child_can_gain_no_privilege() -> None:
    code = "from adapters.confinement import leave_with_parent as f; f(); print(open('/proc/self/status').read())"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "NoNewPrivs:\t1" in ended.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_a_child_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    child = f"""
import os, time
from adapters.confinement import leave_with_parent
leave_with_parent()
open({str(note)!r}, "w").write(str(os.getpid()))
time.sleep(60)
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"]
    )
    while not (note.exists() and note.read_text()):
        time.sleep(0.01)
    orphan = psutil.Process(int(note.read_text()))
    parent.kill()
    parent.wait()
    until(lambda: not runs(orphan))


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)


def test_no_more_children_run_at_once_than_allowed() -> None:
    sandbox = misbehaving(TELL + "a = time.monotonic(); time.sleep(.15); t(json.dumps([a, time.monotonic()]))")

    def span(_: int) -> list[float]:
        with pytest.raises(InvalidAudio) as told:
            decode("", sandbox=sandbox)
        return list(json.loads(told.value.message))

    with ThreadPoolExecutor(6) as pool:
        spans = list(pool.map(span, range(6)))
    assert max(sum(a <= start < b for a, b in spans) for start, _ in spans) <= 2


def test_who_waits_too_long_for_a_slot_is_told_to_come_again() -> None:
    sandbox = misbehaving(SAY + "time.sleep(100)", max_children=1)
    errors: list[VoiceCoreError] = []
    before = psutil.Process().children()
    first = threading.Thread(target=lambda: errors.append(caught(sandbox, wall_s=100.0)))
    first.start()
    until(lambda: set(psutil.Process().children()) - set(before))
    assert isinstance(caught(sandbox, wall_s=0.2), QueueFull)
    for child in set(psutil.Process().children()) - set(before):
        child.kill()
    first.join()
    assert isinstance(errors[0], InvalidAudio)


def caught(sandbox: Sandbox, *, wall_s: float) -> VoiceCoreError:
    with pytest.raises(VoiceCoreError) as told:
        decode("", sandbox=sandbox, wall_s=wall_s)
    return told.value


def test_the_child_starts_without_the_directory_it_is_called_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "struct.py").write_text("raise SystemExit('the wrong module')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    reception_of = Sandbox(max_children=1, max_memory_bytes=2**29, program=DECODE_CHILD)
    with tempfile.TemporaryFile() as upload:
        upload.write(b"RIFF\0\0\0\0WAVE")
        upload.flush()
        with pytest.raises(InvalidAudio, match="truncated"):
            reception_of.decode(upload, AudioFormat.WAV, AudioLimits())


def test_a_file_that_needs_more_memory_than_allowed_is_refused() -> None:
    sandbox = Sandbox(max_children=1, max_memory_bytes=60 * 2**20)
    with tempfile.TemporaryFile() as upload:
        upload.write(b"RIFF\0\0\0\0WAVE" + os.urandom(100))
        upload.flush()
        with pytest.raises(InvalidAudio):
            sandbox.decode(upload, AudioFormat.WAV, AudioLimits())
