"""Locks of models that were turned into another form: a damaged one is a finding, never the end of the list."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapters.modelfiles.locked import LOCK, is_present, verdicts
from adapters.modelfiles.manifest import Model

STORED = Model(name="xtts", title="XTTS", licence="none", origin="here", files=(), stored="xtts")


def locked(models_dir: Path, text: str) -> None:
    (models_dir / "xtts").mkdir()
    (models_dir / "xtts" / LOCK).write_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", '{"files": {}}', '{"files": {"a": {"size": 1e400, "sha256": "x"}}}', "[" * 100_000,
        '{"files": {"a": {}}}', '{"files": {"../a": {"size": 1, "sha256": "x"}}}',
        '{"files": {"..": {"size": 1, "sha256": "x"}}}', '{"files": {"": {"size": 1, "sha256": "x"}}}',
    ],
)  # fmt: skip
@pytest.mark.parametrize("reading", [True, False])
def test_a_lock_that_cannot_be_read_is_said_to_be_with_the_way_to_mend_it(
    tmp_path: Path, text: str, *, reading: bool
) -> None:
    locked(tmp_path, text)
    assert is_present(STORED, tmp_path)
    [verdict] = verdicts(STORED, tmp_path, reading=reading)
    assert "does not read" in verdict.problem
    assert "voicecore models pull xtts" in verdict.problem


def test_an_absent_model_has_nothing_to_be_said_of(tmp_path: Path) -> None:
    assert not is_present(STORED, tmp_path)
    assert verdicts(STORED, tmp_path, reading=True) == []


def test_a_file_is_compared_with_what_its_lock_says(tmp_path: Path) -> None:
    locked(tmp_path, json.dumps({"files": {"a": {"size": 1, "sha256": "0" * 64}}}))
    (tmp_path / "xtts" / "a").write_bytes(b"x")
    assert [each.problem for each in verdicts(STORED, tmp_path, reading=False)] == [""]
    [verdict] = verdicts(STORED, tmp_path, reading=True)
    assert "expected 0000" in verdict.problem
