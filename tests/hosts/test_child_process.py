"""The process that owns the models: what happens when it dies, hangs, or is told to stop."""

from __future__ import annotations

import io
import json
import os
import signal
import threading
import time

import numpy as np
import psutil
import pytest
from tests.instruments.processes import runs
from tests.instruments.shifting import eventually

from adapters.hosts import ChildProcessHost
from adapters.hosts.frames import Frame, read_frame, write_frame
from voicecore.engine import Utterance
from voicecore.errors import EngineCrashed, EngineFailed, InvalidInput, NotFound
from voicecore.language import Language
from voicecore.testing.tone import PLAN_VARIABLE
from voicecore.voice import VoicePrint

PT = Language("pt", "BR")


@pytest.fixture
def host():
    host = ChildProcessHost()
    yield host
    host.close()


def plan(monkeypatch, **fields):
    monkeypatch.setenv(PLAN_VARIABLE, json.dumps(fields))


def utter(text, name="u"):
    return Utterance(id=name, text=text, language=PT, voice="female_generic", parameters={"speed": 1.0})


def test_no_process_runs_before_an_engine_is_asked_for(host):
    assert host.pid is None
    assert host.alive()


def test_a_process_that_dies_at_work_is_an_engine_crash_and_the_next_engine_works(host, monkeypatch):
    plan(monkeypatch, exit_on="morre")
    engine = host.engine("tone")
    first = host.pid
    with pytest.raises(EngineCrashed, match="exit status 9"):
        engine.admit(utter("ele morre agora"))
    assert host.pid is None
    # It can take work all the same: a service that called itself unwell until its next job would never get one.
    assert host.alive()
    again = host.engine("tone")
    assert host.pid != first
    again.admit(utter("bom dia"))
    assert len(again.step()[0].samples) > 0


def test_an_engine_of_a_dead_process_says_so_at_every_call(host):
    engine = host.engine("tone")
    os.kill(host.pid, signal.SIGKILL)
    for _ in range(2):
        with pytest.raises(EngineCrashed):
            engine.measure("x", PT)


def test_a_hung_call_ends_within_two_seconds_of_an_interrupt_and_the_host_lives_on(host, monkeypatch):
    plan(monkeypatch, hang_on="trava")

    def took_s():
        engine, ended = host.engine("tone"), []

        def hang():
            with pytest.raises(EngineCrashed):
                engine.admit(utter("isto trava"))
            ended.append(time.monotonic())

        thread = threading.Thread(target=hang)
        thread.start()
        eventually(lambda: host._under_way is not None)
        told = time.monotonic()
        host.interrupt()
        thread.join(60)
        return ended[0] - told

    # Where all stands still just then, another time shows it.
    assert any(took_s() < 2.0 for _ in range(5))
    host.engine("tone").admit(utter("bom dia"))


def test_an_interrupt_with_nothing_under_way_changes_nothing(host):
    host.engine("tone")
    pid = host.pid
    host.interrupt()
    assert host.pid == pid


def test_a_call_that_ends_by_itself_soon_after_the_interrupt_keeps_the_process(host, monkeypatch, tmp_path):
    monkeypatch.setattr("adapters.hosts.process.INTERRUPT_GRACE_S", 60.0)
    gate = tmp_path / "go on"
    plan(monkeypatch, hang_on="bom", hang_until=str(gate))
    engine = host.engine("tone")
    pid = host.pid
    work = threading.Thread(target=lambda: engine.admit(utter("bom dia")))
    work.start()
    eventually(lambda: host._under_way is not None)
    interrupt = threading.Thread(target=host.interrupt)
    interrupt.start()
    eventually(lambda: host._state._waiters)
    gate.touch()
    for thread in (work, interrupt):
        thread.join(60)
    assert len(engine.step()) == 1
    assert host.pid == pid


def test_errors_of_the_engine_arrive_as_themselves(host, monkeypatch):
    plan(monkeypatch, fail_on="falha")
    engine = host.engine("tone")
    with pytest.raises(EngineFailed, match="told to fail"):
        engine.admit(utter("isto falha"))
    with pytest.raises(InvalidInput, match="limit is 200"):
        engine.admit(utter("a" * 201))


def test_an_unknown_engine_is_not_found(host):
    with pytest.raises(NotFound, match="tone"):
        host.engine("nobody")


def test_the_process_leaves_when_the_service_is_killed(tmp_path):
    import subprocess
    import sys

    code = (
        "from adapters.hosts import ChildProcessHost\nimport sys, time\nh = ChildProcessHost()\nh.engine('tone')\n"
        "print(h.pid, flush=True)\ntime.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    with parent:
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        parent.wait()
        eventually(lambda: not runs(child))


def test_closing_ends_the_process_and_may_be_done_twice(host):
    host.engine("tone")
    child = psutil.Process(host.pid)
    host.close()
    host.close()
    assert not child.is_running()
    assert host.pid is None


def test_what_a_library_prints_in_the_process_does_not_break_the_protocol(host, monkeypatch, capfd):
    plan(monkeypatch, print_at_steps=True)
    engine = host.engine("tone")
    for number in range(20):
        engine.admit(utter("a" * 100, f"u{number}"))
        assert engine.step()[0].utterance_id == f"u{number}"
    # Before it ends: one that is killed has no time to say what it kept for the end.
    heard = capfd.readouterr()
    assert heard.out == ""
    assert heard.err.count("careless library") == 20


def test_what_lies_in_the_working_directory_is_not_imported_by_the_process(host, monkeypatch, tmp_path):
    for name in ("adapters", "voicecore"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise ImportError('a stranger in the working directory')\n")
    monkeypatch.chdir(tmp_path)
    assert host.engine("tone").measure("bom dia", PT) == 7


def test_a_sigterm_to_the_whole_group_leaves_the_process_to_the_service(host):
    engine = host.engine("tone")
    os.kill(host.pid, signal.SIGTERM)
    for _ in range(20):
        assert engine.measure("bom dia", PT) == 7
        time.sleep(0.01)


def test_a_defect_in_an_engine_leaves_its_traceback_in_the_log(host, monkeypatch, capfd):
    engine = host.engine("tone")
    with pytest.raises(EngineFailed, match="KeyError"):
        engine.admit(Utterance(id="u", text="oi", language=PT, voice=VoicePrint("tone", "0" * 64, {})))
    host.close()
    assert "Traceback" in capfd.readouterr().err


@pytest.mark.parametrize("dtype", ["int8", "uint16", "uint32", "uint64", ">f4", "<f8", "bool"])
def test_every_numeric_array_that_a_voice_print_may_hold_passes_the_pipe(dtype):
    sent = Frame({}, {"hz": np.array([0, 1], dtype=dtype), "none": np.zeros((0, 3), dtype=dtype)})
    pipe = io.BytesIO()
    write_frame(pipe, sent)
    pipe.seek(0)
    got = read_frame(pipe).arrays
    assert got["hz"].tolist() == sent.arrays["hz"].tolist()
    assert got["none"].shape == (0, 3)


def test_the_next_engine_after_an_interrupt_by_force_is_a_fresh_one_however_soon(host, monkeypatch):
    plan(monkeypatch, hang_on="trava")
    engine = host.engine("tone")
    first = host.pid

    def hang():
        with pytest.raises(EngineCrashed):
            engine.admit(utter("isto trava"))

    thread = threading.Thread(target=hang)
    thread.start()
    eventually(lambda: host._under_way is not None)
    host.interrupt()
    # No waiting for the thread: whoever comes next must not get the process that is about to end.
    assert host.engine("tone").measure("oi", PT) == 2
    assert host.pid != first
    thread.join(60)
