"""Every Python example in the documentation runs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from tests.http.server_process import serving

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SHELL = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)
#: Whose examples speak to a running service at this address; their curl lines are run, too.
SERVED, ADDRESS = ("docs/openai.md", "docs/streaming.md"), "http://127.0.0.1:8004"
DOCUMENTS = {str(path.relative_to(ROOT)): path for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]}


@pytest.mark.parametrize("name", [name for name, path in DOCUMENTS.items() if _BLOCK.search(path.read_text("utf-8"))])
def test_the_examples_of_this_document_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = DOCUMENTS[name].read_text("utf-8")
    if name not in SERVED:
        run_examples(text, name)
        return
    with serving(tmp_path) as server:
        text = text.replace(ADDRESS, server.url)
        for variable, value in re.findall(r"\b(OPENAI_[A-Z_]+)=(\S+)", text):
            monkeypatch.setenv(variable, value)
        run_examples(text, name)
        run_curl(text)


def run_examples(text, name):
    namespace: dict = {"__name__": "example"}
    for block in _BLOCK.finditer(text):
        # The line number makes a failure point into the document.
        line = text[: block.start(1)].count("\n")
        exec(compile("\n" * line + block[1], name, "exec"), namespace)


def run_curl(text):
    """Those without a name that only the reader has (`…`, `@file`)."""
    blocks = [block[1].replace("\\\n", " ").splitlines() for block in _SHELL.finditer(text)]
    lines = [line for block in blocks for line in block if line.startswith("curl") and not re.search(r"…|=@", line)]
    assert lines
    for line in lines:
        subprocess.run(
            ["bash", "-c", line.replace("curl -s", "curl -sf", 1)], check=True, timeout=60, capture_output=True
        )


@pytest.mark.parametrize("name", list(DOCUMENTS))
def test_every_link_to_a_file_leads_somewhere(name):
    path = DOCUMENTS[name]
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text("utf-8"))
    broken = [each for each in targets if "://" not in each and not (path.parent / each).exists()]
    assert broken == []
