"""Which text is the name of a span."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecore.traceparent import traceparent_of

GOOD = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_traceparent_is_kept_as_it_is():
    assert traceparent_of(GOOD) == GOOD


@pytest.mark.parametrize("text", [
    None, "", GOOD + "\n", " " + GOOD, GOOD.upper(), GOOD + "-00", "ff" + GOOD[2:], "01" + GOOD[2:], GOOD[:-1],
    f"00-{'0' * 32}-b7ad6b7169203331-01", f"00-0af7651916cd43dd8448eb211c80319c-{'0' * 16}-01", "canary", "x" * 100_000,
])  # fmt: skip
def test_anything_else_is_none(text):
    assert traceparent_of(text) is None


@given(st.text(max_size=80) | st.from_regex(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", fullmatch=True))
def test_no_stranger_gets_words_of_their_own_through(text):
    kept = traceparent_of(text)
    assert kept is None or (kept == text and len(text) == 55 and set(text) <= set("0123456789abcdef-"))
