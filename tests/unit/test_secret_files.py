"""Secrets that orchestrators mount as files are settings like those of the environment."""

from __future__ import annotations

import pytest

from entrypoints.settings import load
from voicecore.errors import InvalidInput

URL = "redis://:hunter2@redis:6379/0"


def test_a_secret_may_come_by_a_file_with_or_without_a_line_end(tmp_path):
    for content in (URL, URL + "\n", f"  {URL}\r\n"):
        (tmp_path / "redis_url").write_text(content)
        settings = load({"VOICECORE_REDIS_URL_FILE": str(tmp_path / "redis_url")})
        assert settings.redis_url == URL
        assert "hunter2" not in repr(settings)


def test_a_secret_that_comes_twice_is_refused(tmp_path):
    (tmp_path / "redis_url").write_text(URL)
    with pytest.raises(InvalidInput, match="Both VOICECORE_REDIS_URL and VOICECORE_REDIS_URL_FILE"):
        load({"VOICECORE_REDIS_URL_FILE": str(tmp_path / "redis_url"), "VOICECORE_REDIS_URL": URL})


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe", b"a" * 9000])
def test_a_file_that_holds_no_secret_is_refused_by_name_and_its_content_is_not_told(tmp_path, content):
    (tmp_path / "secret").write_bytes(content)
    with pytest.raises(InvalidInput, match="VOICECORE_WEBHOOK_SECRET_FILE") as caught:
        load({"VOICECORE_WEBHOOK_SECRET_FILE": str(tmp_path / "secret")})
    assert "aaa" not in caught.value.message


@pytest.mark.parametrize("path", ["", "/nowhere/at/all", "/", "a\0b"])
def test_a_file_that_cannot_be_read_is_refused_by_name(path):
    with pytest.raises(InvalidInput, match="VOICECORE_REDIS_URL_FILE"):
        load({"VOICECORE_REDIS_URL_FILE": path})


def test_what_is_no_secret_does_not_come_by_file(tmp_path):
    (tmp_path / "port").write_text("9000")
    with pytest.raises(InvalidInput, match="VOICECORE_PORT_FILE"):
        load({"VOICECORE_PORT_FILE": str(tmp_path / "port")})
