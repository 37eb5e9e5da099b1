"""The intake as its callers see it: a process that reads one model, may do nothing else, and may be lost."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import psutil
import pytest

from adapters.converters.rvc import stored
from adapters.converters.rvc.intake import IntakeLimits, RvcIntake, take_in
from adapters.converters.rvc.intake.sandbox import stored_form
from adapters.converters.rvc.stored import pack_voice
from tests.adapters.rvc.intake.checkpoints import Hashes, Wants, read, rezipped, saved, voice, with_code
from tests.adapters.rvc.intake.indexes import as_bytes, flat, inverted, on_disk, vectors
from tests.instruments.tiny_rvc import checkpoint, make_index, make_voice
from voicecore.errors import (
    Conflict,
    InvalidInput,
    MissingDependency,
    ModelCorrupt,
    QueueFull,
    StorageUnavailable,
    TooLarge,
    VoiceCoreError,
)
from voicecore.ports import ModelIntake, ModelParts


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good voice."""
    return make_voice(tmp_path_factory.mktemp("voice"))


def placed(folder: Path, data: bytes, name: str = "sent.pth") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def refused(weights: Path, index: Path | None = None, limits: IntakeLimits | None = None) -> VoiceCoreError:
    with pytest.raises(VoiceCoreError) as caught:
        RvcIntake(limits).take_in(weights, index)
    return caught.value


# --- good models -------------------------------------------------------------------------------------------------


def test_a_model_and_its_index_become_two_safe_files_and_are_left_as_they_are(model: Path, tmp_path: Path) -> None:
    index = make_index(tmp_path, 768, 300)
    before = [each.read_bytes() for each in (model, index)]
    intake: ModelIntake = RvcIntake(scratch=tmp_path)
    facts, parts = intake.take_in(model, index)
    assert (facts.version, facts.f0, facts.sample_rate_hz, facts.vectors, facts.notes) == ("v2", True, 40_000, 300, ())
    assert facts == stored.describe(parts)
    opened = stored.open_voice(parts)
    assert opened.digest == facts.digest
    weight = checkpoint()["weight"]
    assert all(np.array_equal(each, weight[name].numpy()) for name, each in opened.tensors.items())
    assert opened.vectors is not None
    assert np.array_equal(opened.vectors, vectors(300, 768).astype(np.float16))
    assert [each.read_bytes() for each in (model, index)] == before
    assert sorted(each.name for each in tmp_path.iterdir()) == [index.name]


def test_the_same_model_has_the_same_digest_and_another_has_another(model: Path, tmp_path: Path) -> None:
    first = stored.describe(ModelParts(pack_voice(read(model.read_bytes()))))
    document = checkpoint() | {"epoch": 7}
    again, _ = RvcIntake().take_in(placed(tmp_path, saved(document, as_zip=False)), None)
    assert again.digest == first.digest
    document["weight"]["emb_g.weight"] += 1
    other = stored.describe(ModelParts(pack_voice(read(saved(document)))))
    assert other.digest != first.digest


def test_a_voice_that_another_program_packed_again_is_taken_in(tmp_path: Path) -> None:
    """Names and bytes in it are in encodings that Python loads when it first meets them, which the child then could not."""
    again = rezipped(saved(voice(model_hash=b"\xff", author="João")))
    facts, _ = RvcIntake().take_in(placed(tmp_path, again), None)
    assert facts == stored.describe(ModelParts(pack_voice(read(again))))


def test_a_v1_voice_takes_an_index_of_256_and_no_other(tmp_path: Path) -> None:
    weights = make_voice(tmp_path, "v1", f0=False, sample_rate=32_000)
    narrow = placed(tmp_path, as_bytes(inverted(vectors(20, 256), 3)), "narrow.index")
    facts, _ = RvcIntake().take_in(weights, narrow)
    assert (facts.version, facts.f0, facts.sample_rate_hz, facts.vectors) == ("v1", False, 32_000, 20)
    wide = placed(tmp_path, as_bytes(flat(vectors(20, 768))), "wide.index")
    error = refused(weights, wide)
    assert isinstance(error, ModelCorrupt)
    assert "vectors of 768 numbers, the model hears 256" in error.message


def test_a_folder_holds_a_voice_whole_or_not_at_all(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "mary"
    facts = take_in(model, None, folder)
    assert sorted(each.name for each in folder.iterdir()) == ["voice.json", "voice.safetensors"]
    assert stored.describe(stored.read(folder)) == facts
    with pytest.raises(Conflict):
        take_in(model, None, folder)
    assert [each.name for each in (tmp_path / "models").iterdir()] == ["mary"]


# --- hostile ones, through the child -----------------------------------------------------------------------------


def test_a_pickle_with_code_is_refused_and_the_canary_does_not_appear(tmp_path: Path) -> None:
    canary = tmp_path / "it-ran"
    error = refused(placed(tmp_path, with_code(canary)["in a zip"]))
    assert isinstance(error, ModelCorrupt)
    assert "nothing of it was run" in error.message
    assert not canary.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the address space")
def test_a_small_file_that_wants_to_be_large_is_stopped_by_its_memory(tmp_path: Path) -> None:
    error = refused(placed(tmp_path, saved(voice(info=Wants(4 << 30)))))
    assert type(error) is InvalidInput
    assert "more memory" in error.message


def test_an_index_that_names_another_file_is_refused_by_the_child_too(model: Path, tmp_path: Path) -> None:
    index = placed(tmp_path, on_disk(vectors(40, 768), 3, tmp_path / "secret"), "sent.index")
    before = (tmp_path / "secret").stat()
    error = refused(model, index)
    assert "names another file" in error.message
    assert (tmp_path / "secret").stat().st_mtime_ns == before.st_mtime_ns


def test_files_beyond_the_caps_are_refused_before_a_process_starts(model: Path, tmp_path: Path) -> None:
    sparse = tmp_path / "large"
    with sparse.open("wb") as file:
        file.truncate((200 << 20) + 1)
    error = refused(sparse)
    assert isinstance(error, TooLarge)
    assert error.message == "The model has 210 MB; the limit is 210 MB."
    with sparse.open("wb") as file:
        file.truncate((640 << 20) + 1)
    assert isinstance(refused(model, sparse), TooLarge)


def test_more_vectors_than_allowed_are_refused(model: Path, tmp_path: Path) -> None:
    index = placed(tmp_path, as_bytes(flat(vectors(21, 768))), "sent.index")
    error = refused(model, index, IntakeLimits(max_vectors=20))
    assert type(error) is InvalidInput
    assert "21 vectors; the limit is 20" in error.message


def test_files_that_are_not_there_are_said_so(model: Path, tmp_path: Path) -> None:
    assert isinstance(refused(tmp_path / "gone.pth"), StorageUnavailable)
    assert isinstance(refused(model, tmp_path / "gone.index"), StorageUnavailable)


def test_without_torch_the_answer_names_the_extra(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    error = refused(model)
    assert isinstance(error, MissingDependency)
    assert "voicecore[rvc]" in error.message


# --- the process -------------------------------------------------------------------------------------------------

SAY = "import json, os, signal, sys, time; say = lambda answer: print(json.dumps(answer)); order = json.loads(sys.argv[1]);"


def run(code: str, weights: Path, **limits: float) -> ModelParts:
    """Let a child of ours run `code` in place of the reader."""
    return stored_form(weights, None, IntakeLimits(**limits), program=[sys.executable, "-c", SAY + code])


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", ModelCorrupt, "signal 11"),
        ("os.abort()", ModelCorrupt, "signal 6"),
        ("os._exit(3)", ModelCorrupt, "status 3"),
        ("os._exit(0)", ModelCorrupt, "status 0"),
        ("os.kill(os.getpid(), signal.SIGXCPU)", InvalidInput, "60 s of processor time"),
        ("time.sleep(100)", InvalidInput, "longer than 0.5 s"),
        ("os.close(1); os.close(2); time.sleep(100)", InvalidInput, "longer than 0.5 s"),
        ("signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(100)", InvalidInput, "longer than 0.5 s"),
        ("print('nonsense of any kind')", ModelCorrupt, "status 0"),
        ("say(7)", ModelCorrupt, "status 0"),
        ("say({'done': 1.0, 'more': 2})", ModelCorrupt, "status 0"),
        ("say({'error': 'gone', 'message': 'x'})", ModelCorrupt, "status 0"),
        ("say({'error': ['model_corrupt'], 'message': 'x'})", ModelCorrupt, "status 0"),
        ("say({'error': 'model_corrupt', 'message': 7})", ModelCorrupt, "status 0"),
        ("print('[' * 4000)", ModelCorrupt, "status 0"),
        ("say({'error': 'model_corrupt', 'message': 'a' * 10000})", ModelCorrupt, "status 0"),
        ("say({'error': 'invalid_input', 'message': '\\x1b[31mred'})", InvalidInput, "[31mred"),
    ],
)  # fmt: skip
def test_whatever_a_child_does_is_one_refused_model(
    code: str, kind: type[VoiceCoreError], said: str, model: Path
) -> None:
    before = psutil.Process().children()
    with pytest.raises(kind) as caught:
        run(code, model, max_wall_s=0.5 if "0.5" in said else 180)
    assert said in caught.value.message
    assert psutil.Process().children() == before


def test_what_a_child_wrote_is_judged_by_the_parent(model: Path) -> None:
    parts = run("os.write(order['voice_out'], b'not safetensors'); say({'done': True})", model)
    with pytest.raises(ModelCorrupt):
        stored.describe(parts)


def test_a_child_sees_none_of_our_secrets_and_only_its_files(
    model: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("VOICECORE_REDIS_URL", "redis://:secret@host")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    tell = (
        "seen = [sorted(os.environ), os.getcwd(), len(os.listdir('/dev/fd'))];"
        "say({'error': 'invalid_input', 'message': json.dumps(seen)})"
    )
    with pytest.raises(InvalidInput) as told:
        run(tell, model)
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
    assert descriptors == 3 + 3 + 1  # the standard ones, the model, two to write to, and the one that lists them
    with caplog.at_level(logging.WARNING), pytest.raises(ModelCorrupt):
        run("print('why it died', file=sys.stderr, flush=True); os._exit(1)", model)
    assert "why it died" in caplog.text


def test_the_reader_gives_up_files_sockets_and_memory_before_it_reads() -> None:
    code = """
import json, os, resource, socket, tempfile
from adapters.confinement import confine, leave_with_parent
leave_with_parent()
out = tempfile.TemporaryFile()
confine(max_cpu_s=5, max_memory_bytes=2**28, max_file_bytes=1000, from_now=True)
def write():
    out.write(bytes(2000))
    out.flush()
done = {}
for name, deed in {
    "file": lambda: open("/etc/hosts"),
    "socket": lambda: socket.socket(),
    "memory": lambda: bytearray(2**29),
    "more": write,
}.items():
    try:
        deed()
        done[name] = "allowed"
    except (OSError, MemoryError, ValueError) as error:
        done[name] = type(error).__name__
some = bytearray(2**27)
done["core"] = resource.getrlimit(resource.RLIMIT_CORE)
done["cpu"] = resource.getrlimit(resource.RLIMIT_CPU)[1]
print(json.dumps(done))
os._exit(0)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    done = json.loads(ended.stdout)
    assert "allowed" not in done.values()
    assert done["core"] == [0, 0]
    assert 5 < done["cpu"] <= 9


def test_a_file_that_takes_for_ever_is_stopped_by_its_processor_time(tmp_path: Path) -> None:
    weights = placed(tmp_path, saved(voice(info=Hashes())))
    error = refused(weights, None, IntakeLimits(max_cpu_s=1))
    assert type(error) is InvalidInput
    assert "1 s of processor time" in error.message


def test_one_model_is_read_at_a_time_and_who_waits_too_long_may_come_again(model: Path) -> None:
    intake = RvcIntake(IntakeLimits(max_wall_s=0.3))
    held = threading.Event()
    go_on = threading.Event()

    def hold() -> None:
        with intake._turn:
            held.set()
            go_on.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    with pytest.raises(QueueFull):
        intake.take_in(model, None)
    go_on.set()
    holder.join()


def test_importing_the_intake_loads_neither_torch_nor_faiss() -> None:
    code = (
        "import sys, adapters.converters.rvc.intake, adapters.converters.rvc.stored,"
        "adapters.converters.rvc.intake.faiss_index; print(sorted({'torch', 'faiss', 'pickle'} & set(sys.modules)))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert ended.stdout.strip() in ("[]", "['pickle']")  # numpy loads pickle


def test_a_voice_of_full_size_in_full_precision_is_taken_in(tmp_path: Path) -> None:
    document = checkpoint(full=True)
    document["weight"] = {name: each.float() for name, each in document["weight"].items()}
    facts, parts = RvcIntake().take_in(placed(tmp_path, saved(document)), None)
    assert facts.sample_rate_hz == 40_000
    assert len(parts.voice) > 100e6
