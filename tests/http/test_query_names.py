"""The sentence about a query parameter, whatever somebody called it."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote_from_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entrypoints.http.query_names import QueryNames, shown
from entrypoints.http.route_rules import is_strict
from voicecore.errors import InvalidInput

NAMES = QueryNames(frozenset({"deep", "dry_run", "ids"}), frozenset({"ids"}))
unhurried = settings(deadline=None)
queries = st.binary(max_size=200).map(quote_from_bytes) | st.binary(max_size=200).map(
    lambda each: each.decode("latin-1")
)


def one_line(text: str, most: int) -> bool:
    return text.isprintable() and len(text) <= most


@unhurried
@given(queries)
def test_whatever_is_sent_the_refusal_is_one_bounded_line(query: str):
    pairs = parse_qsl(query, keep_blank_values=True)
    refusal = None
    try:
        NAMES.check(pairs)
    except InvalidInput as error:
        refusal = error
    if {name for name, _ in pairs} <= {"ids"}:
        assert refusal is None
    elif refusal is not None:
        # Each of 61 characters may need ten for its escape.
        assert one_line(refusal.message, 900)
        assert one_line(refusal.field or "", 700)


@unhurried
@given(st.text(max_size=200).filter(lambda each: each not in NAMES.names), st.text(min_size=1))
def test_an_unknown_name_is_refused_wherever_it_stands(name: str, value: str):
    for pairs in ([(name, value)], [("deep", "1"), (name, value)], [(name, value), ("deep", "1"), ("deep", "1")]):
        with pytest.raises(InvalidInput, match="This route has no query parameter"):
            NAMES.check(pairs)


@unhurried
@given(st.lists(st.sampled_from(["deep", "dry_run", "ids", "ids"])))
def test_only_lists_may_be_sent_more_than_once(names: list[str]):
    twice = [name for name in ("deep", "dry_run") if names.count(name) > 1]
    if not twice:
        NAMES.check([(name, "1") for name in names])
        return
    with pytest.raises(InvalidInput, match="send it once") as caught:
        NAMES.check([(name, "1") for name in names])
    assert caught.value.field in twice


@unhurried
@given(st.text())
def test_what_is_shown_is_printable(text: str):
    assert one_line(shown(text), 650)


@pytest.mark.parametrize("path", [
    "/jobs", "/jobs/{job_id:str}", "/admin/cleanup", "/ws/speak", "/v1/audio/detect", "/consent-statements", "/segments", "/studios",
    "/healthy", "/v3/voices",
])  # fmt: skip
def test_our_own_addresses_are_strict(path: str):
    assert is_strict(path)


@pytest.mark.parametrize("path", [
    "/v1/audio/speech", "/v1/models", "/v1/models/{model_id:str}", "/v1/text-to-speech/{voice_id:str}/stream", "/v2/voices",
    "/v1/user/subscription", "/", "/studio/{name:str}", "/health", "/live", "/ready", "/metrics", "/openapi.json",
])  # fmt: skip
def test_dialects_pages_and_probes_are_not(path: str):
    assert not is_strict(path)


def test_a_list_is_a_parameter():
    with pytest.raises(ValueError, match="parameter"):
        QueryNames(frozenset({"a"}), frozenset({"b"}))
