from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from entrypoints.cli.finding import Finding, State, judged
from tests.cli.shell import Result
from voicecore.errors import MissingDependency
from voicecore.testing.shifter import PLAN_VARIABLE

Command = Callable[..., Result]


def findings(done: Result) -> dict[str, dict[str, str]]:
    return {each["what"]: each for each in done.json["findings"]}


def test_a_speaking_installation_ends_with_0_and_names_what_it_saw(command: Command) -> None:
    done = command("doctor", "--json")
    assert done.code == 0
    assert done.json["speaks"] is True
    found = findings(done)
    assert found["speaking (tone)"]["state"] == "ok"
    for extra in ("kokoro", "audio", "service", "cli"):
        assert f"extra {extra}" in found
    assert found["extra cli"]["state"] == "ok"
    assert found["import names"]["state"] == "ok"
    assert found["SQLite"]["detail"].startswith("3.")
    for audio_format in ("wav", "mp3", "ogg", "flac", "m4a", "opus"):
        assert audio_format in found["audio formats"]["detail"]
    assert {each["state"] for each in found.values()} <= {"ok", "off", "warning", "error"}


def test_the_table_says_how_to_turn_on_what_is_off(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICECORE_PORT", "1")  # nobody listens there
    done = command("doctor")
    assert done.code == 0
    assert any(line.startswith(b"service\toff") and line.endswith(b"voicecore serve") for line in done.out.splitlines())


def test_an_installation_that_cannot_speak_ends_with_1(command: Command) -> None:
    done = command("doctor", "--json", plan={"fail_on": "Ol"})
    assert done.code == 1
    assert done.json["speaks"] is False


def test_an_unknown_engine_is_a_finding(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICECORE_ENGINE", "nothing")
    done = command("doctor", "--json")
    assert done.code == 1
    assert "nothing" in findings(done)["speaking"]["detail"]


def test_a_wrong_model_file_is_a_finding_with_a_way_to_mend_it(command: Command, tmp_path: Path) -> None:
    wrong = tmp_path / "data" / "models" / "kokoro" / "model.onnx"
    wrong.parent.mkdir(parents=True)
    wrong.write_bytes(b"not a model")
    found = findings(command("doctor", "--json"))["model kokoro"]
    assert found["state"] == "error"
    assert str(wrong) in found["detail"]
    assert "models pull kokoro" in found["mend"]


def test_a_data_folder_that_cannot_be_one_is_a_finding(command: Command, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"a file")
    found = findings(command("doctor", "--json"))["data folder"]
    assert found["state"] == "warning"
    assert "VOICECORE_DATA_DIR" in found["mend"]


def test_looking_makes_no_folder(command: Command, tmp_path: Path) -> None:
    command("doctor")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "error", [MissingDependency("It needs x."), RuntimeError("broken wheel"), OSError("no library")]
)
def test_a_check_that_breaks_is_a_finding_and_not_the_end(error: Exception) -> None:
    found: list[Finding] = []
    with judged("codec", found.append, otherwise=State.OFF):
        raise error
    assert [(each.what, each.state) for each in found] == [("codec", State.OFF)]
    assert str(error) in found[0].detail


def test_conversion_that_cannot_be_used_is_off_with_the_way_to_mend_it(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert findings(command("doctor", "--json"))["voice conversion (RVC)"]["state"] == "ok"
    monkeypatch.setenv(PLAN_VARIABLE, '{"methods_off": ["rmvpe"]}')
    found = findings(command("doctor", "--json"))
    assert (found["voice conversion (RVC)"]["state"], found["pitch tracker rmvpe"]["state"]) == ("ok", "off")
    assert "voicecore models pull" in found["pitch tracker rmvpe"]["detail"]
    monkeypatch.setenv(PLAN_VARIABLE, '{"problem": "No weights: voicecore models pull contentvec."}')
    off = findings(command("doctor", "--json"))["voice conversion (RVC)"]
    assert (off["state"], off["detail"]) == ("off", "No weights: voicecore models pull contentvec.")
