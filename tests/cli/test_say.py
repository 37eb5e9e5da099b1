from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import time
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from adapters.audio import SandboxedCodec
from tests.cli.shell import PATIENCE_S, Result, Shell
from voicecore import __version__
from voicecore.audio import Audio
from voicecore.marks import Marker, Origin, info_texts
from voicecore.ports import AudioLimits
from voicecore.testing.tone import ToneProvider
from voicecore.wavfile import wav_header

Command = Callable[..., Result]
#: Four segments for a tone engine with this limit.
FOUR = "Um dois. Tres quatro. Cinco seis. Sete oito."
SMALL = {"segment_limit": 14, "batch_size": 1}

_MARK = Marker(f"voicecore/{__version__}", None).line(
    Origin(job_id="-", engine="tone", model_digest=ToneProvider().card().model_digest, created_at=None), None
)
#: Bytes before the samples.
HEADER = len(wav_header(16_000, 0, info_texts(_MARK)))


def pcm_of(data: bytes) -> bytes:
    with wave.open(io.BytesIO(data)) as stream:
        return stream.readframes(10**6)


def read_wav(path: Path) -> Audio:
    return Audio.from_wav_bytes(path.read_bytes())


def test_says_a_sentence_into_a_wav_file_and_nothing_to_stdout(command: Command, tmp_path: Path) -> None:
    done = command("say", "Olá, mundo!", "-o", "ola.wav")
    assert (done.code, done.out, done.err) == (0, b"", "")
    audio = read_wav(tmp_path / "ola.wav")
    assert audio.sample_rate_hz == 16_000
    assert audio.duration_s == pytest.approx(0.44)
    assert audio.peak > 0.2


@pytest.mark.parametrize("audio_format", ["wav", "mp3", "ogg", "flac", "m4a", "opus"])
def test_the_extension_chooses_the_format(command: Command, tmp_path: Path, audio_format: str) -> None:
    assert command("say", "Olá, mundo, de novo!", "-o", f"ola.{audio_format}").code == 0
    with (tmp_path / f"ola.{audio_format}").open("rb") as file:
        audio = SandboxedCodec().decode(file, AudioLimits())
    assert audio.duration_s == pytest.approx(0.8, abs=0.15)
    assert audio.peak > 0.1


def test_the_format_option_beats_the_extension(command: Command, tmp_path: Path) -> None:
    command("say", "Olá", "-o", "ola.bin", "--format", "flac")
    assert (tmp_path / "ola.bin").read_bytes().startswith(b"fLaC")


def test_the_text_comes_from_stdin_where_it_is_a_dash_or_missing(shell: Shell) -> None:
    shell.run("say", "Olá, mundo!", "-o", "argument.wav")
    shell.run("say", "-", "-o", "dash.wav", stdin="Olá, mundo!".encode())
    shell.run("say", "-o", "missing.wav", stdin="Olá, mundo!".encode())
    argument, dash, missing = ((shell.home / f"{name}.wav").read_bytes() for name in ("argument", "dash", "missing"))
    assert argument == dash == missing


def test_stdout_carries_a_wav_that_players_read_to_its_end(shell: Shell) -> None:
    done = shell.run("say", "Olá, mundo!", "-o", "-")
    assert done.code == 0
    with wave.open(io.BytesIO(done.out)) as stream:
        sound = stream.readframes(10**6)
    shell.run("say", "Olá, mundo!", "-o", "ola.wav")
    assert sound == pcm_of((shell.home / "ola.wav").read_bytes())


def test_a_pipe_gets_sound_without_being_asked_for_it(shell: Shell) -> None:
    assert shell.run("say", "Olá").out.startswith(b"RIFF")


def test_stdout_that_is_a_file_gets_a_header_with_the_true_length(shell: Shell) -> None:
    with (shell.home / "redirected.wav").open("wb") as file:
        assert shell.run("say", "Olá, mundo!", stdout=file).code == 0
    shell.run("say", "Olá, mundo!", "-o", "ola.wav")
    assert (shell.home / "redirected.wav").read_bytes() == (shell.home / "ola.wav").read_bytes()


def test_stdout_that_appends_to_a_file_leaves_what_was_there(shell: Shell) -> None:
    log = shell.home / "log.bin"
    log.write_bytes(b"before")
    with log.open("ab") as file:
        assert shell.run("say", "Olá", stdout=file).code == 0
    data = log.read_bytes()
    assert data.startswith(b"beforeRIFF")
    assert data.count(b"RIFF") == 1


def test_pcm_is_the_samples_and_nothing_else(command: Command, tmp_path: Path) -> None:
    pcm = command("say", "Olá, mundo!", "--format", "pcm").out
    command("say", "Olá, mundo!", "-o", "ola.wav")
    assert pcm == pcm_of((tmp_path / "ola.wav").read_bytes())


def test_json_tells_what_was_made(command: Command, tmp_path: Path) -> None:
    report = command("say", FOUR, "-o", "four.wav", "--json", "--seed", "7", plan=SMALL).json
    audio = read_wav(tmp_path / "four.wav")
    assert report["path"] == "four.wav"
    assert report["format"] == "wav"
    assert report["bytes"] == (tmp_path / "four.wav").stat().st_size
    assert report["sample_rate_hz"] == audio.sample_rate_hz == 16_000
    assert report["duration_s"] == pytest.approx(audio.duration_s)
    assert (report["engine"], report["language"], report["voice"], report["seed"]) == (
        "tone",
        "pt-BR",
        "female_generic",
        7,
    )
    assert report["real_time_factor"] == pytest.approx(report["speak_s"] / report["duration_s"])
    segments = report["segments"]
    assert [each["text"] for each in segments] == ["Um dois.", "Tres quatro.", "Cinco seis.", "Sete oito."]
    assert [each["index"] for each in segments] == [0, 1, 2, 3]
    assert segments[0]["start"] == 0
    assert segments[-1]["end"] == len(FOUR)
    assert [each["end"] for each in segments[:-1]] == [each["start"] for each in segments[1:]]
    ends = [each["start_s"] + each["duration_s"] for each in segments]
    assert ends[:-1] == pytest.approx([each["start_s"] for each in segments[1:]])
    assert ends[-1] == pytest.approx(report["duration_s"])


def test_json_goes_to_stderr_where_stdout_carries_the_sound(command: Command, tmp_path: Path) -> None:
    done = command("say", "Olá", "-o", "-", "--json")
    assert done.out.startswith(b"RIFF")
    assert json.loads(done.err)["path"] == "-"


def test_voice_speed_and_profile_are_heard(command: Command, tmp_path: Path) -> None:
    sounds = {}
    for name, options in {
        "plain": (), "voice": ("-v", "male_deep"), "speed": ("--speed", "2"), "profile": ("--profile", "audiobook"),
        "language": ("-l", "en"),
    }.items():  # fmt: skip
        assert command("say", "Olá, mundo!", "-o", f"{name}.wav", *options).code == 0
        sounds[name] = read_wav(tmp_path / f"{name}.wav")
    assert sounds["speed"].duration_s == pytest.approx(sounds["plain"].duration_s / 2)
    assert sounds["profile"].duration_s > sounds["plain"].duration_s
    assert not np.array_equal(sounds["voice"].samples, sounds["plain"].samples)
    assert np.array_equal(sounds["language"].samples, sounds["plain"].samples)


def wait_until(condition, process: subprocess.Popen[bytes]) -> None:
    """Until it holds, while the process runs."""
    give_up = time.monotonic() + PATIENCE_S
    while not condition():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < give_up
        time.sleep(0.01)


def test_a_pipe_has_the_first_segment_while_the_last_is_not_made(shell: Shell) -> None:
    # The engine hangs on the last segment for ever, so what is read here was sent before it could be made.
    shell = shell.slow(**SMALL, hang_on="Sete")
    with shell.start("say", FOUR, "-o", "-") as process:
        first = process.stdout.read(HEADER + 2 * 8 * 640)  # the header, and eight letters of 40 ms at 16 kHz
        assert process.poll() is None
        process.kill()
    assert first.startswith(b"RIFF")
    assert np.abs(np.frombuffer(first[HEADER:], "<i2")).max() > 3000


@pytest.mark.parametrize("extension", ["wav", "pcm", "ogg", "opus"])
def test_a_file_grows_while_the_last_segment_is_not_made(shell: Shell, extension: str) -> None:
    long = "Palavra palavra. " * 60 + "Fim."
    shell = shell.slow(segment_limit=17, batch_size=1, hang_on="Fim")
    path = shell.home / f"long.{extension}"
    with shell.start("say", long, "-o", path.name) as process:
        wait_until(lambda: path.exists() and path.stat().st_size > 2000, process)
        process.kill()


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_interrupting_removes_the_unfinished_file(shell: Shell, signal_number: int) -> None:
    shell = shell.slow(**SMALL, hang_on="Sete")
    path = shell.home / "four.wav"
    with shell.start("say", FOUR, "-o", path.name) as process:
        wait_until(lambda: path.exists() and path.stat().st_size > HEADER, process)
        process.send_signal(signal_number)
        _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert err.decode().strip() == "voicecore: interrupted"
    assert list(shell.home.iterdir()) == []


def test_an_unfinished_file_does_not_look_like_a_short_one(shell: Shell) -> None:
    shell = shell.slow(**SMALL, hang_on="Sete")
    path = shell.home / "four.wav"
    with shell.start("say", FOUR, "-o", path.name) as process:
        wait_until(lambda: path.exists() and path.stat().st_size > HEADER, process)
        process.kill()
    assert path.read_bytes()[:HEADER].endswith(b"data\xff\xff\xff\xff")


def test_a_failing_engine_leaves_no_file(command: Command, tmp_path: Path) -> None:
    done = command("say", FOUR, "-o", "four.wav", plan={**SMALL, "fail_on": "Sete"})
    assert done.code == 1
    assert done.err == "voicecore: The tone engine was told to fail on this text.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_failure_before_any_sound_leaves_the_older_file(command: Command, tmp_path: Path) -> None:
    (tmp_path / "four.wav").write_bytes(b"older")
    assert command("say", FOUR, "-o", "four.wav", plan={"fail_on": "Sete"}).code == 1
    assert (tmp_path / "four.wav").read_bytes() == b"older"


def test_a_failing_engine_empties_a_redirected_stdout(shell: Shell) -> None:
    shell = shell.slow(**SMALL, fail_on="Sete")
    with (shell.home / "redirected.wav").open("wb") as file:
        assert shell.run("say", FOUR, stdout=file).code == 1
    assert (shell.home / "redirected.wav").read_bytes() == b""


def test_a_reader_that_goes_away_ends_it_without_a_traceback(shell: Shell) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = shell.run("say", "Olá, mundo! " * 200, "-o", "-", stdout=writer)
    finally:
        os.close(writer)
    assert done.code == 1
    assert "Traceback" not in done.err


def test_a_pipe_with_a_name_is_written_and_stays(shell: Shell) -> None:
    os.mkfifo(shell.home / "pipe.wav")
    with shell.start("say", "Olá", "-o", "pipe.wav") as process:
        data = (shell.home / "pipe.wav").read_bytes()
        process.communicate(timeout=PATIENCE_S)
    assert data.startswith(b"RIFF")
    assert process.returncode == 0
    assert (shell.home / "pipe.wav").is_fifo()


def test_a_text_of_the_limit_is_spoken_and_a_longer_one_refused(shell: Shell) -> None:
    most = ("palavra " * 1250).strip() + "s"
    assert len(most) == 10_000
    fast = ("--speed", "2", "--format", "pcm")
    assert shell.run("say", *fast, "-o", "most.pcm", stdin=most.encode()).code == 0
    done = shell.run("say", *fast, "-o", "more.pcm", stdin=(most + "s").encode())
    assert done.code == 2
    assert "10000" in done.err
    assert not (shell.home / "more.pcm").exists()


def test_endless_input_is_refused_without_reading_all_of_it(shell: Shell) -> None:
    with Path("/dev/zero").open("rb") as zeros:
        done = shell.run("say", "-o", "zero.wav", stdin=zeros)
    assert done.code == 2
    assert done.err == "voicecore: The text has more than 10000 characters; split it into several calls.\n"


@pytest.mark.parametrize("ending", ["srt", "vtt"])
def test_subtitles_of_what_is_said_are_written_beside_it(command: Command, tmp_path: Path, ending: str) -> None:
    done = command("say", FOUR, "-o", "dito.wav", "--subtitles", f"dito.{ending}", plan=SMALL)
    assert (done.code, done.err) == (0, "")
    shown = (tmp_path / f"dito.{ending}").read_bytes().decode()
    assert shown.startswith("WEBVTT" if ending == "vtt" else "1\r\n00:00:00,000 --> ")
    assert " ".join(line for line in shown.splitlines() if line[:1].isalpha() and line != "WEBVTT") == FOUR


@pytest.mark.parametrize(
    ("name", "word"), [("dito.txt", ".srt"), ("-", "file of their own"), ("nowhere/dito.srt", "folder")]
)
def test_subtitles_that_cannot_be_written_are_refused_before_anything_is_spoken(
    command: Command, tmp_path: Path, name: str, word: str
) -> None:
    done = command("say", "Olá", "-o", "dito.wav", "--subtitles", name)
    assert done.code == 2
    assert word in done.err
    assert not (tmp_path / "dito.wav").exists()


def test_a_failure_leaves_neither_sound_nor_subtitles(command: Command, tmp_path: Path) -> None:
    plan = SMALL | {"fail_on": "Sete"}
    assert command("say", FOUR, "-o", "dito.wav", "--subtitles", "dito.srt", plan=plan).code == 1
    assert not list(tmp_path.glob("dito.*"))
