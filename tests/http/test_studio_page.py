"""`/`: the studio for browsers, an index for programs; and what the page may do."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from entrypoints.http import studio
from entrypoints.http.server import say_if_there_is_no_studio

from .room import Room, refused

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
INDEX = '<script src="/studio/main-1.js"></script><meta name="csp-nonce" content="__NONCE__">'


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page of two files."""
    (tmp_path / "index.html").write_text(INDEX)
    (tmp_path / "main-1.js").write_text("1")
    (tmp_path / "main-1.js.gz").write_bytes(gzip.compress(b"1"))
    (tmp_path / "sources.txt").write_text("digest")
    page = studio.page_of(tmp_path)
    monkeypatch.setattr(studio, "_page", lambda: page)
    return tmp_path


def test_the_log_says_at_the_start_that_there_is_no_page_and_nothing_where_there_is_one(
    built: Path, monkeypatch, caplog
):
    def told() -> list[str]:
        return [record.getMessage() for record in caplog.records if record.name == "voicecore.http"]

    say_if_there_is_no_studio()
    assert told() == []
    monkeypatch.setattr(studio, "_page", dict)
    say_if_there_is_no_studio()
    (line,) = told()
    assert "no studio" in line
    assert "says how to get it" in line


def test_a_program_gets_the_index_and_a_browser_the_page(shared: Room, built: Path):
    assert shared.client.get("/").json()["openapi"] == "/openapi.json"
    page = shared.client.get("/", headers=BROWSER)
    assert page.headers["content-type"].startswith("text/html")
    assert "main-1.js" in page.text
    assert page.headers["vary"] == "Accept"
    assert page.headers["cache-control"] == "private, no-store"


def test_the_page_may_load_nothing_from_elsewhere_and_run_nothing_that_stands_in_it(shared: Room, built: Path):
    page = shared.client.get("/", headers=BROWSER)
    policy = dict(each.split(" ", 1) for each in page.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "http" not in page.headers["content-security-policy"]
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"


def test_each_page_has_a_nonce_of_its_own_for_the_waveforms_style(shared: Room, built: Path):
    found = set()
    for _ in range(2):
        page = shared.client.get("/", headers=BROWSER)
        (nonce,) = re.findall(r'content="([\w-]{20,})"', page.text)
        assert f"style-src 'self' 'nonce-{nonce}'" in page.headers["content-security-policy"]
        found.add(nonce)
    assert len(found) == 2


def test_its_files_are_kept_for_ever_and_sent_compressed_to_who_reads_that(shared: Room, built: Path):
    plain = shared.client.get("/studio/main-1.js", headers={"Accept-Encoding": "identity"})
    assert (plain.content, plain.headers["content-type"].split(";")[0]) == (b"1", "text/javascript")
    assert "immutable" in plain.headers["cache-control"]
    assert "content-encoding" not in plain.headers
    small = shared.client.get("/studio/main-1.js", headers={"Accept-Encoding": "br;q=0, gzip"})
    assert (small.headers["content-encoding"], small.content) == ("gzip", b"1")
    assert small.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "name", ["none.js", "index.html", "sources.txt", "main-1.js.gz", "..%2fstudio.py", "%2e%2e", ".", "%00"]
)
def test_nothing_but_its_files_is_there(shared: Room, built: Path, name: str):
    refused(shared.client.get(f"/studio/{name}"), 404)


def test_an_installation_without_the_page_says_how_to_get_it(
    shared: Room, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr(studio, "_page", lambda: studio.page_of(tmp_path))
    page = shared.client.get("/", headers=BROWSER)
    assert page.status_code == 200
    assert "pip install" in page.text
    assert "<script" not in page.text
