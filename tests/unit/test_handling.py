"""How a job is treated: priorities, and addresses that can be told of its end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecore.errors import InvalidInput
from voicecore.handling import PLAIN, URL_LIMIT, Handling, Priority


def test_a_higher_priority_has_a_lower_rank() -> None:
    assert sorted(Priority, key=lambda priority: priority.rank) == [Priority.HIGH, Priority.NORMAL, Priority.LOW]
    assert [priority.rank for priority in Priority] == [0, 1, 2]


def test_who_says_nothing_gets_a_normal_turn_and_is_not_told() -> None:
    assert Handling() == PLAIN
    assert (PLAIN.priority, PLAIN.webhook_url) == (Priority.NORMAL, None)


@pytest.mark.parametrize("url", [
    "http://localhost", "http://localhost:8080/", "https://example.org/told", "HTTPS://Example.ORG/told",
    "https://example.org/told?job=1&of=%C3%A7", "http://127.0.0.1:65535/x", "http://[::1]:8000/x", "https://[2001:db8::1]",
    "https://xn--a-eka.example/", "https://example.org:/told", "https://example.org/a@b:c", "http://a.b/" + "x" * (URL_LIMIT - 11),
])  # fmt: skip
def test_an_absolute_web_address_is_kept_as_it_was_said(url: str) -> None:
    assert Handling(webhook_url=url).webhook_url == url


@pytest.mark.parametrize("url", [
    "", " ", "told", "/told", "//example.org/told", "example.org/told", "localhost:8080", "ftp://example.org",
    "file:///etc/passwd", "javascript:alert(1)", "data:text/plain,x", "unix:///run/x.sock", "http:", "http://",
    "https:///told", "http://?x", "http:example.org", "http://:80/", "http://me@example.org", "http://me:pw@example.org",
    "http://@example.org", "http://:@example.org", "http://example.org#told", "http://example.org/#told",
    "http://example.org:0/", "http://example.org:65536/", "http://example.org:-1/", "http://example.org:http/",
    "http://example.org:8 0/", "http://[::1", "http://::1]/", "http://[nonsense]/", "http://exa mple.org/",
    " http://example.org/", "http://example.org/ ", "http://example.org/a b", "http://example.org/\n",
    "http://example.org/\r\nHost: other", "http://exam\tple.org/", "http://example.org/\x00", "http://example.org/\x7f",
    "http://exämple.org/", "http://example.org/ç", "http://example。org/", "\ufeffhttp://example.org/",
    "http://example.org/\ud800",
])  # fmt: skip
def test_what_is_no_address_that_can_be_called_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="absolute http:// or https:// address") as refusal:
        Handling(webhook_url=url)
    assert refusal.value.field == "webhook_url"


def test_an_address_that_is_too_long_is_refused_with_the_limit() -> None:
    with pytest.raises(InvalidInput, match=f"{URL_LIMIT + 1} characters; give at most {URL_LIMIT}") as refusal:
        Handling(webhook_url="http://a.b/" + "x" * (URL_LIMIT - 10))
    assert refusal.value.field == "webhook_url"


PIECES = st.sampled_from(
    ["http", "https", "://", ":", "/", "//", "@", "#", "?", "[", "]", "::1", "example.org", "80", "%", "\\", " "]
)
URLS = st.text() | st.lists(PIECES | st.text(max_size=3)).map("".join) | st.text(max_size=30).map("http://{}".format)


@given(URLS)
def test_any_text_is_kept_or_refused_as_invalid_input(url: str) -> None:
    try:
        kept = Handling(webhook_url=url).webhook_url
    except InvalidInput as refusal:
        assert refusal.field == "webhook_url"  # noqa: PT017 - either it is kept, or refused with this error
    else:
        assert kept == url
        assert url.isascii()
        assert url.lower().startswith(("http://", "https://"))
