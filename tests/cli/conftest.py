from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from entrypoints.cli.app import run
from tests.cli.shell import Result, Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Commands as processes."""
    return Shell(tmp_path)


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Callable[..., Result]:
    """Commands in this process, with the same environment: fast, for what needs no process of its own."""
    monkeypatch.chdir(tmp_path)
    for name, value in Shell(tmp_path).environment.items():
        if name.startswith("VOICECORE_"):
            monkeypatch.setenv(name, value)

    def call(*arguments: str, plan: Mapping[str, object] | None = None) -> Result:
        monkeypatch.setenv("VOICECORE_TESTING_TONE", json.dumps(plan or {}))
        code = run(arguments)
        out, err = capfdbinary.readouterr()
        return Result(code, out, err.decode())

    return call
