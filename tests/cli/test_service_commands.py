"""clone, voices, jobs and say with an enrolled voice: the same commands in this process and against a running service."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.cli.shell import PATIENCE_S, Result, Shell
from tests.instruments.free_port import free_port
from voicecore.audio import Audio

Command = Callable[..., Result]


@contextmanager
def serving(shell: Shell) -> Iterator[str]:
    """A service as `voicecore serve` runs it; its address. It owns the data folder of `shell`."""
    port = free_port()
    with shell.start("serve", "--port", str(port), stderr=subprocess.DEVNULL) as process:
        url = f"http://127.0.0.1:{port}"
        give_up = time.monotonic() + PATIENCE_S
        while not lives(url):
            assert process.poll() is None
            assert time.monotonic() < give_up
            time.sleep(0.05)
        yield url
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0


def lives(url: str) -> bool:
    """Whether a service answers there."""
    try:
        return httpx.get(f"{url}/live", timeout=PATIENCE_S).is_success
    except httpx.TransportError:
        return False


def followed(client: httpx.Client) -> bool:
    """Whether somebody has asked what became of a job."""
    asked = r'^voicecore_http_requests_total{method="GET",route="/jobs/{job_id}",status="200"} '
    return re.search(asked, client.get("/metrics").text, re.MULTILINE) is not None


@pytest.fixture
def service(shell: Shell) -> Iterator[str]:
    with serving(shell) as url:
        yield url


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    """Three seconds of 330 Hz, in which the tone engine hears a voice."""
    time_s = np.arange(3 * 16_000) / 16_000
    path = tmp_path / "reference.wav"
    Audio((0.3 * np.sin(2 * np.pi * 330 * time_s)).astype(np.float32), 16_000).write_wav(path)
    return path


def story(command: Command, reference: Path, *where: str) -> None:
    """The life of a voice, told by commands."""
    folder = reference.parent
    cloned = command(
        "clone", "Ana", str(reference), "--consent", "Ana said yes.", "--consent-by", "Ana", "--json", *where
    )
    assert (cloned.code, cloned.err) == (0, "")
    voice = cloned.json
    assert (voice["name"], voice["method"], voice["consent"]) == ("Ana", "tone matching", "Ana said yes.")

    listed = command("voices", "list", "--json", *where).json
    assert [each["id"] for each in listed["voices"]] == [voice["id"]]
    assert "female_generic" in [each["id"] for each in listed["presets"]]
    assert voice["id"].encode() in command("voices", "list", *where).out

    by_name = command("say", "Olá", "-v", "ana", "-o", str(folder / "name.wav"), "--json", *where)
    assert (by_name.code, by_name.err) == (0, "")
    command("say", "Olá", "-v", voice["id"], "-o", str(folder / "id.wav"), *where)
    preset = command("say", "Olá", "-o", str(folder / "preset.wav"), *where)
    assert preset.code == 0
    spoken, by_id, plain = (
        Audio.from_wav_bytes((folder / f"{name}.wav").read_bytes()) for name in ("name", "id", "preset")
    )
    assert np.array_equal(spoken.samples, by_id.samples)
    assert not np.array_equal(spoken.samples, plain.samples)
    assert by_name.json["duration_s"] == pytest.approx(spoken.duration_s)

    job = by_name.json["job_id"]
    jobs = command("jobs", "list", "--json", *where).json
    assert job in [each["id"] for each in jobs["jobs"]]
    found = command("jobs", "list", "--search", job.upper(), "--json", *where).json
    assert [each["id"] for each in found["jobs"]] == [job]
    assert command("jobs", "list", "--search", " ", *where).code == 2
    assert command("jobs", "show", job, "--json", *where).json["status"] == "completed"
    assert command("jobs", "wait", job, *where).code == 0
    assert command("jobs", "download", job, "-o", str(folder / "again.wav"), *where).code == 0
    assert (folder / "again.wav").read_bytes() == (folder / "name.wav").read_bytes()
    detected = command("detect", str(folder / "again.wav"), "--json", *where).json
    assert (detected["ours"], detected["by"], detected["job_id"]) == (True, ["mark", "digest"], job)
    assert b"unknown" in command("detect", str(reference), *where).out
    assert command("jobs", "cancel", job, *where).code == 1  # it is completed
    assert command("jobs", "delete", job, *where).code == 0
    assert command("jobs", "show", job, *where).code == 4

    mixed = command("voices", "mix", "Entre", "--part", "ana=3", "--part", "female_generic=1", "--json", *where)
    assert (mixed.code, mixed.err) == (0, "")
    assert mixed.json["notes"] == [f"A mix of: Ana ({voice['id']}) 75 %, female_generic 25 %."]
    assert command("say", "Olá", "-v", "entre", "-o", str(folder / "mixed.wav"), *where).code == 0
    assert (folder / "mixed.wav").read_bytes() != (folder / "name.wav").read_bytes()
    assert command("voices", "delete", "Entre", *where).code == 0

    assert command("voices", "sample", "Ana", "-o", str(folder / "sample.wav"), *where).code == 0
    assert (folder / "sample.wav").read_bytes().startswith(b"RIFF")
    assert command("voices", "rename", "ana", "Beatriz", "--json", *where).json["name"] == "Beatriz"
    assert command("voices", "show", "beatriz", "--json", *where).json["id"] == voice["id"]
    assert command("clone", "BEATRIZ", str(reference), "--consent-by", "Ana", *where).code == 1  # the name is taken
    assert command("voices", "delete", "Beatriz", *where).code == 0
    assert command("voices", "show", "Beatriz", *where).code == 4
    assert command("say", "Olá", "-v", "Beatriz", "-o", str(folder / "gone.wav"), *where).code == 4
    assert not (folder / "gone.wav").exists()


def cleaning(command: Command, *where: str) -> None:
    """What a cleanup would remove, and then does."""
    before = command("jobs", "list", "--json", *where).json
    assert before["total"] >= 1
    tried = command("cleanup", "--deep", "--dry-run", "--json", *where).json
    assert (tried["dry_run"], tried["jobs_removed"]) == (True, before["total"])
    assert tried["bytes_freed"] > 0
    assert b"would remove" in command("cleanup", "--dry-run", *where).out
    assert command("jobs", "list", "--json", *where).json == before
    done = command("cleanup", "--deep", "--json", *where).json
    assert {**done, "dry_run": True, "message": tried["message"]} == tried
    assert command("jobs", "list", "--json", *where).json["total"] == 0
    assert b"removed" in command("cleanup", *where).out


def test_a_voice_lives_in_this_process(command: Command, reference: Path) -> None:
    story(command, reference)
    cleaning(command)


def test_a_voice_lives_in_a_running_service(command: Command, service: str, reference: Path) -> None:
    story(command, reference, "--url", service)
    cleaning(command, "--url", service)


def test_the_address_of_the_service_may_come_from_the_environment(
    command: Command, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICECORE_URL", service)
    assert command("jobs", "list", "--json").json["total"] == 0
    assert command("jobs").code == 0  # without it, the folder's owner would be in the way
    assert command("voices").code == 0


def test_the_doctor_recognises_a_running_service(
    command: Command, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICECORE_PORT", service.rpartition(":")[2])
    line = next(each for each in command("doctor", "--json").json["findings"] if each["what"] == "service")
    assert line["state"] == "ok"
    assert "runs at" in line["detail"]


def test_waiting_for_a_job_may_have_an_end(shell: Shell, command: Command) -> None:
    with serving(shell.slow(hang_on="espera")) as url, httpx.Client(base_url=url, timeout=PATIENCE_S) as client:
        body = {"mode": "dubbing", "text": "Olá espera", "source_language": "pt-BR"}
        job = client.post("/jobs", json=body).json()["id"]
        done = command("jobs", "wait", job, "--timeout", "0.2", "--url", url)
        assert done.code == 1
        assert done.err.startswith(f"voicecore: Job {job} is still ")
        assert command("jobs", "cancel", job, "--url", url).code == 0
        assert command("jobs", "wait", job, "--url", url).code == 1


def test_a_data_folder_in_use_says_how_to_talk_to_its_owner(command: Command, service: str) -> None:
    done = command("voices", "list")
    assert done.code == 1
    assert done.err.startswith("voicecore: ")
    assert done.err.count("\n") == 1
    assert "--url http://127.0.0.1:8004" in done.err


def test_say_with_a_preset_does_not_need_the_data_folder(command: Command, service: str) -> None:
    assert command("say", "Olá", "-o", "ola.wav").code == 0


def test_serving_on_a_taken_port_ends_with_2(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = shell.run("serve", "--port", str(taken.getsockname()[1]))
    assert done.code == 2
    assert "Traceback" not in done.err


def test_a_clone_shows_its_method_and_prints_the_id(command: Command, reference: Path) -> None:
    done = command("clone", "Ana", str(reference), "--consent-by", "Ana")
    assert done.code == 0
    assert done.out.startswith(b"voice_")
    assert "tone matching" in done.err


def test_what_the_engine_says_of_a_reference_reaches_who_sent_it(command: Command, reference: Path) -> None:
    plan = {"reference_note": "The reference seems to hold two voices."}
    done = command("clone", "Ana", str(reference), "--consent-by", "Ana", plan=plan)
    assert done.code == 0
    assert "warning: The reference seems to hold two voices.\n" in done.err
    again = command("clone", "Bia", str(reference), "--consent-by", "Ana", "--json", plan=plan)
    assert again.json["warnings"] == [plan["reference_note"]]


def test_a_mix_shows_how_it_was_made_and_prints_the_id(command: Command) -> None:
    done = command("voices", "mix", "Meio", "--part", "female_generic=1", "--part", "male_deep=0.5")
    assert done.code == 0
    assert done.out.startswith(b"voice_")
    assert "Meio: made by mixing" in done.err


@pytest.mark.parametrize(
    ("parts", "code", "told"),
    [
        (["female_generic=1"], 2, "2 to 8"),
        (["female_generic=1", "female_generic=2"], 2, "twice"),
        (["female_generic=1", "male_deep"], 2, "VOICE=WEIGHT"),
        (["female_generic=1", "male_deep=much"], 2, "VOICE=WEIGHT"),
        (["female_generic=1", "male_deep=nan"], 2, "VOICE=WEIGHT"),
        (["female_generic=1", "=1"], 2, "VOICE=WEIGHT"),
        (["female_generic=1", "male_deep=0"], 2, "above 0"),
        (["female_generic=1", "nobody=1"], 4, "'nobody'"),
    ],
)
def test_a_mix_that_cannot_be_ends_with_one_sentence(command: Command, parts: list[str], code: int, told: str) -> None:
    done = command("voices", "mix", "Meio", *(word for part in parts for word in ("--part", part)))
    assert (done.code, done.out) == (code, b"")
    assert told in done.err
    assert done.err.count("\n") == 1


def test_a_reference_that_cannot_be_used_ends_with_2_and_makes_no_voice(command: Command, tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("this is not sound")
    silent = Audio(np.zeros(5 * 16_000, np.float32), 16_000)
    silent.write_wav(tmp_path / "silent.wav")
    for name in ("text.wav", "silent.wav"):
        done = command("clone", "Ana", str(tmp_path / name), "--consent-by", "Ana")
        assert done.code == 2
        assert done.err.count("\n") == 1
    assert command("voices", "list", "--json").json["voices"] == []


def test_a_failed_job_fails_the_command_with_the_jobs_reason(command: Command, reference: Path) -> None:
    command("clone", "Ana", str(reference), "--consent-by", "Ana")
    done = command("say", "Olá falha", "-v", "Ana", "-o", "falha.wav", plan={"fail_on": "falha"})
    assert done.code == 1
    assert "told to fail" in done.err
    assert not (reference.parent / "falha.wav").exists()


def test_interrupting_a_command_cancels_its_job(shell: Shell) -> None:
    with serving(shell.slow(hang_on="espera")) as url, httpx.Client(base_url=url, timeout=PATIENCE_S) as client:
        with shell.start("say", "Olá espera", "-o", "espera.wav", "--url", url) as process:
            # Only a command that has heard of its job can cancel it.
            while not followed(client):
                assert process.poll() is None
                time.sleep(0.05)
            (job,) = client.get("/jobs").json()["jobs"]
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 130, err
        assert client.get(f"/jobs/{job['id']}").json()["status"] == "cancelled"
    assert not (shell.home / "espera.wav").exists()


def test_what_names_a_job_cannot_lead_elsewhere(command: Command) -> None:
    for name in ("../voices", "a/b", "?status=failed", "nobody"):
        assert command("jobs", "show", name).code == 4


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.0 200 OK\r\n\r\nhello", b"HTTP/1.0 200 OK\r\n\r\n[1]", b"HTTP/1.0 500 No\r\n\r\n"]
)
def test_what_is_not_voicecore_is_called_so(command: Command, answer: bytes) -> None:
    # A one-answer server of its own process, which speaks just enough HTTP.
    program = (
        "import socket, sys\n"
        "with socket.create_server(('127.0.0.1', 0)) as door:\n"
        "    print(door.getsockname()[1], flush=True)\n"
        "    caller, _ = door.accept()\n"
        "    caller.recv(65536)\n"
        f"    caller.sendall({answer!r})\n"
        "    caller.close()\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as stranger:
        port = int(stranger.stdout.readline())
        done = command("jobs", "list", "--url", f"http://127.0.0.1:{port}")
    assert done.code == 1
    assert done.err.count("\n") == 1
    assert "Traceback" not in done.err


def test_a_script_without_a_consent_is_refused_with_a_sentence_and_where_none_is_needed_it_is_not(
    command: Command, reference: Path, shell: Shell
) -> None:
    refused = command("clone", "Ana", str(reference))
    assert refused.code == 2
    assert "--consent-by" in refused.err
    said = command(
        "clone", "Ana", str(reference), "--consent-by", "Ana", "--consent-recording", str(reference), "--json"
    )
    assert said.json["consents"][0]["recording"]["duration"] == 3.0
    shell.environment["VOICECORE_REQUIRE_CONSENT"] = "false"
    assert shell.run("clone", "Bia", str(reference)).code == 0


def test_subtitles_of_a_job_and_of_what_a_service_says(command: Command, reference: Path, tmp_path: Path) -> None:
    assert command("clone", "Ana", str(reference), "-l", "pt-BR", "--consent-by", "Ana").code == 0
    said = command("say", "Olá, mundo. Bom dia.", "-v", "ana", "-o", "dito.wav", "--subtitles", "dito.vtt", "--json")
    assert said.code == 0, said.err
    shown = (tmp_path / "dito.vtt").read_text()
    assert "Olá, mundo. Bom dia." in shown
    job = said.json["job_id"]
    assert command("jobs", "subtitles", job, "-f", "vtt").out.decode() == shown
    assert command("jobs", "subtitles", job, "-o", "dito.srt", "--words", "--max-chars", "20").code == 0
    words = (tmp_path / "dito.srt").read_bytes().decode().split("\r\n\r\n")
    assert [block.split("\r\n")[2] for block in words] == ["Olá,", "mundo.", "Bom", "dia."]
    assert command("jobs", "subtitles", job, "-o", "dito.txt").code == 2
    assert command("jobs", "subtitles", "job_none").code == 4
