"""XTTS from the command line, without a service: the self-test, `say`, `clone`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from adapters.engines.xtts.checkpoint import FOLDER
from adapters.engines.xtts.selftest import FILE
from entrypoints.cli.app import run
from tests.adapters.xtts.conditioning.babble import babble
from tests.cli.shell import Result
from voicecore.audio import Audio


@pytest.fixture
def own_folder(tiny_folder, tmp_path):
    """A folder of models in which nothing was spoken yet."""
    shutil.copytree(tiny_folder / FOLDER, tmp_path / "models" / FOLDER)
    (tmp_path / "models" / FOLDER / FILE).unlink(missing_ok=True)
    return tmp_path / "models"


@pytest.fixture
def command(own_folder, tmp_path, monkeypatch, capfdbinary):
    """Commands in this process, where torch is loaded already, with settings as an operator has them."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("VOICECORE_")]:
        monkeypatch.delenv(name)
    settings = {
        "DATA_DIR": tmp_path / "data",
        "MODELS_DIR": own_folder,
        "ACCEPT_LICENCES": "xtts",
        "DEVICE": "cpu",
        "THREADS": 1,
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"VOICECORE_{name}", str(value))

    def call(*arguments):
        code = run(arguments)
        out, err = capfdbinary.readouterr()
        return Result(code, out, err.decode())

    return call


# --- models self-test -------------------------------------------------------------------------------------------------
def test_the_first_self_test_writes_down_and_the_next_compares(command, own_folder):
    first, second = command("models", "self-test", "xtts", "--json"), command("models", "self-test", "xtts", "--json")
    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert first.json.keys() == {"engine", "model_digest", "ok", "problem", "compared", "of", "digest", "made_with"}
    assert (first.json["compared"], second.json["compared"]) == (False, True)
    assert first.json["digest"] == second.json["digest"]
    assert first.json["of"].startswith(first.json["model_digest"])
    assert {"torch", "transformers", "coqui-tts"} <= first.json["made_with"].keys()
    assert json.loads((own_folder / FOLDER / FILE).read_text())[first.json["of"]]["digest"] == first.json["digest"]
    told = command("models", "self-test", "xtts")
    assert told.code == 0
    assert told.out.decode().startswith("xtts speaks as it did with torch ")


def test_each_precision_is_compared_with_itself_and_bf16_only_on_processors_that_add_up_alike(command, monkeypatch):
    exact = command("models", "self-test", "xtts", "--json").json
    monkeypatch.setenv("VOICECORE_PRECISION", "bf16")
    own = command("models", "self-test", "xtts", "--json").json
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: {"new_bf16": True, "old_bf16": False, "avx512_f": True})
    elsewhere = command("models", "self-test", "xtts", "--json").json
    assert [each["compared"] for each in (exact, own, elsewhere)] == [False] * 3
    assert elsewhere["of"].endswith("+new_bf16/bf16")
    assert command("models", "self-test", "xtts", "--json").json["compared"] is True
    monkeypatch.setenv("VOICECORE_PRECISION", "exact")
    assert command("models", "self-test", "xtts", "--json").json["of"] == exact["of"]


def test_what_speaks_otherwise_ends_with_1_until_it_is_renewed(command, own_folder):
    command("models", "self-test", "xtts")
    path = own_folder / FOLDER / FILE
    path.write_text(path.read_text().replace('"digest": "', '"digest": "not '))
    done = command("models", "self-test", "xtts")
    assert (done.code, done.out) == (1, b"")
    assert done.err.startswith("voicecore: XTTS does not speak as it did before")
    assert done.err.count("\n") == 1
    in_json = command("models", "self-test", "xtts", "--json")
    assert (in_json.code, in_json.json["ok"]) == (1, False)
    assert "--renew" in in_json.json["problem"]
    assert command("say", "--engine", "xtts", "Olá", "-o", "x.wav").code == 3
    assert command("models", "self-test", "xtts", "--renew").code == 0
    assert command("models", "self-test", "xtts", "--json").json["compared"] is True


def test_what_cannot_be_read_is_mended_by_renewing(command, own_folder):
    (own_folder / FOLDER / FILE).write_text("{")
    assert command("models", "self-test", "xtts").code == 3
    assert command("models", "self-test", "xtts", "--renew").code == 0


def test_without_weights_or_licence_nothing_is_forgotten_and_the_engine_says_what_it_needs(
    command, own_folder, monkeypatch
):
    command("models", "self-test", "xtts")
    monkeypatch.delenv("VOICECORE_ACCEPT_LICENCES")
    done = command("models", "self-test", "xtts", "--renew")
    assert done.code == 3
    assert "VOICECORE_ACCEPT_LICENCES=xtts" in done.err
    assert (own_folder / FOLDER / FILE).is_file()
    shutil.rmtree(own_folder)
    done = command("models", "self-test", "xtts")
    assert done.code == 3
    assert "voicecore models pull xtts" in done.err


def test_an_engine_without_a_self_test_is_not_found(command):
    done = command("models", "self-test", "kokoro")
    assert done.code == 4
    assert "xtts" in done.err


def test_the_command_is_listed_without_torch_being_there():
    code = (
        "import sys\n"
        "sys.modules['torch'] = None\n"
        "from entrypoints.cli.app import run\n"
        "assert run(['models', '--help']) == 0 and run(['models', 'self-test', '--help']) == 0\n"
        "assert not {'TTS', 'transformers'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "self-test" in done.stdout
    assert "--renew" in done.stdout


# --- say, clone -------------------------------------------------------------------------------------------------------
def test_says_a_sentence_in_a_studio_voice_the_same_for_the_same_seed(command, tmp_path):
    for name in ("one", "two"):
        done = command("say", "--engine", "xtts", "--seed", "3", "Olá, mundo!", "-o", f"{name}.wav")
        assert (done.code, done.out) == (0, b""), done.err
    heard = Audio.from_wav_bytes((tmp_path / "one.wav").read_bytes())
    assert heard.sample_rate_hz == 24_000
    assert heard.peak > 0.01
    assert (tmp_path / "one.wav").read_bytes() == (tmp_path / "two.wav").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("-l", "sw", "Habari"), 2, "pt-BR"),
        (("-l", "ru", "これは日本語の文です。今日はとても良い天気ですね。"), 2, "script"),
        (("-v", "nobody", "Olá"), 4, "female_generic"),
        (("--profile", "loudest", "Olá"), 4, "loudest"),
    ],
)
def test_what_it_cannot_say_ends_with_a_sentence_and_no_file(command, tmp_path, arguments, code, word):
    done = command("say", "--engine", "xtts", "-o", "x.wav", *arguments)
    assert done.code == code, done.err
    assert word in done.err
    assert not (tmp_path / "x.wav").exists()


def test_a_cloned_voice_is_spoken_with_by_its_name(command, tmp_path):
    (tmp_path / "ana.wav").write_bytes(babble(8.0).wav_bytes())
    learned = command("clone", "Ana", "ana.wav", "--consent-by", "Ana", "--engine", "xtts", "--json")
    assert learned.code == 0, learned.err
    assert learned.json["method"] == "cloning"
    assert any("more alike" in each for each in learned.json["warnings"])
    done = command("say", "-v", "ana", "--engine", "xtts", "Olá, sou eu.", "-o", "eu.wav", "--json")
    assert done.code == 0, done.err
    assert Audio.from_wav_bytes((tmp_path / "eu.wav").read_bytes()).sample_rate_hz == 24_000
    short = command("clone", "Bia", "eu.wav", "--consent-by", "Ana", "--engine", "xtts")
    assert short.code == 2
    assert "5 to 300 s" in short.err
