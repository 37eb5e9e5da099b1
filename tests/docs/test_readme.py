"""The README's two lines are the ones that are run."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _lines():
    return re.findall(
        r"^```bash\n(python3 -m venv [^\n]*)\n```$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE
    )


def test_the_readme_has_exactly_two_set_up_lines():
    assert len(_lines()) == 2
    assert 'voicecore say "Olá, mundo! Este é um teste." -o ola.wav' in _lines()[0]


def test_ci_calls_the_second_line_word_for_word():
    assert _lines()[1] in (ROOT / ".ci" / "run").read_text("utf-8").splitlines()


def test_operations_lists_every_setting_with_its_default():
    from dataclasses import MISSING, fields

    from entrypoints.settings import Settings

    rows = dict(
        re.findall(
            r"^\| `(VOICECORE_[A-Z_]+)` \| `?([^|`]*?)`? \|",
            (ROOT / "docs/operations.md").read_text("utf-8"),
            re.MULTILINE,
        )
    )
    for setting in fields(Settings):
        name = "VOICECORE_" + setting.name.upper()
        assert name in rows, f"docs/operations.md does not list {name}"
        if setting.default is not MISSING and setting.default is not None:
            assert rows[name] == str(setting.default), name
    assert {name.removeprefix("VOICECORE_").lower() for name in rows} - {"config", "url", "api_key"} == {
        s.name for s in fields(Settings)
    }
