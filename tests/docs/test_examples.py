"""Every Python example in the documentation runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.http.server_process import serving

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
#: Whose examples speak to a running service at this address; test_curl.py runs the lines for curl of every page.
SERVED, ADDRESS = ("docs/openai.md", "docs/elevenlabs.md", "docs/streaming.md"), "http://127.0.0.1:8004"
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


def run_examples(text, name):
    namespace: dict = {"__name__": "example"}
    for block in _BLOCK.finditer(text):
        # The line number makes a failure point into the document.
        line = text[: block.start(1)].count("\n")
        exec(compile("\n" * line + block[1], name, "exec"), namespace)


@pytest.mark.parametrize("name", list(DOCUMENTS))
def test_every_link_to_a_file_leads_somewhere(name):
    path = DOCUMENTS[name]
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text("utf-8"))
    broken = [each for each in targets if "://" not in each and not (path.parent / each).exists()]
    assert broken == []
