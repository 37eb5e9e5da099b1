"""API keys and callers as values, and as records that stay readable."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecore.access import (
    NO_LIMITS,
    NOBODY,
    ApiKey,
    Caller,
    KeyId,
    KeyLimits,
    Scope,
    key_text,
    new_secret,
    read_key,
    scopes_of,
    secret_digest,
)
from voicecore.errors import Forbidden, InvalidInput, StorageUnavailable
from voicecore.key_records import dump_key, load_key
from voicecore.system import RandomIds
from voicecore.testing.fakes import START
from voicecore.testing.samples import api_key

HOUR = timedelta(hours=1)
# Written by version 1, and never to be edited.
GOLDEN_KEY = (
    '{"v":1,"kind":"key","id":"key_1","name":"Ana\'s phone","digest":"sha256:00ff","scopes":["clone","speak"],'
    '"limits":{"requests_per_minute":60,"characters_per_day":0,"voices":null,"streams":null},'
    '"created_at":"2026-01-02T03:04:05.678901+00:00","previous_digest":"hmac-sha256:ff00",'
    '"expires_at":null,"rotated_at":"2026-01-02T03:04:05.678901+00:00",'
    '"previous_until":"2026-01-02T04:04:05.678901+00:00","revoked_at":null}'
)
GOLDEN_VALUE = ApiKey(
    id=KeyId("key_1"),
    name="Ana's phone",
    digest="sha256:00ff",
    scopes=frozenset({Scope.SPEAK, Scope.CLONE}),
    created_at=START,
    limits=KeyLimits(requests_per_minute=60, characters_per_day=0),
    rotated_at=START,
    previous_digest="hmac-sha256:ff00",
    previous_until=START + HOUR,
)


def test_a_golden_record_of_a_key_is_still_read_and_written():
    assert load_key(GOLDEN_KEY) == GOLDEN_VALUE
    assert dump_key(GOLDEN_VALUE) == GOLDEN_KEY


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("v", 2),
        ("kind", "voice"),
        ("scopes", ["all"]),
        ("scopes", []),
        ("limits", {}),
        ("digest", None),
        ("secret", "x"),
    ],
)
def test_a_record_of_a_key_that_we_did_not_write_is_refused(field: str, value: object):
    with pytest.raises(StorageUnavailable):
        load_key(json.dumps(json.loads(GOLDEN_KEY) | {field: value}))


def test_a_new_key_is_read_back_and_no_two_are_alike():
    key_id, secret = KeyId(RandomIds().new("key")), new_secret()
    text = key_text(key_id, secret)
    assert text.startswith("vk_")
    assert len(text) == len("vk__") + 20 + 32
    assert read_key(text) == (key_id, secret)
    assert len({new_secret() for _ in range(100)}) == 100


@given(st.text())
def test_what_is_no_key_is_never_taken_for_one(text: str):
    assert read_key(text) is None


@pytest.mark.parametrize(
    "change", [str.upper, lambda text: text + " ", lambda text: text[:-1], lambda text: text + "\n"]
)
def test_a_key_is_read_exactly_or_not_at_all(change):
    assert read_key(change(key_text(KeyId("key_" + "a" * 20), "b" * 32))) is None


@pytest.mark.parametrize("pepper", [None, "salt and pepper"])
def test_a_key_opens_with_its_secret_and_with_no_other(pepper):
    key = replace(api_key(), digest=secret_digest("a" * 32, pepper))
    assert key.opens_with("a" * 32, pepper, START)
    assert not key.opens_with("a" * 31 + "b", pepper, START)
    assert not key.opens_with("", pepper, START)


def test_a_key_that_was_made_with_a_pepper_needs_it_and_one_without_goes_on():
    key = replace(api_key(), digest=secret_digest("a" * 32, "pepper"))
    assert not key.opens_with("a" * 32, None, START)
    assert not key.opens_with("a" * 32, "another", START)
    older = replace(api_key(), digest=secret_digest("a" * 32, None))
    assert older.opens_with("a" * 32, "pepper", START)


def test_after_a_rotation_the_old_secret_is_good_for_the_grace_and_one_before_it_no_longer():
    first = replace(api_key(), digest=secret_digest("a" * 32, None))
    second = first.rotated(secret_digest("b" * 32, None), START, START + HOUR)
    for secret in ("a" * 32, "b" * 32):
        assert second.opens_with(secret, None, START)
    assert not second.opens_with("a" * 32, None, START + HOUR)
    assert second.opens_with("b" * 32, None, START + HOUR)
    third = second.rotated(secret_digest("c" * 32, None), START, START + HOUR)
    assert [third.opens_with(letter * 32, None, START) for letter in "abc"] == [False, True, True]


def test_a_key_is_usable_until_it_expires_or_is_revoked():
    key = replace(api_key(), expires_at=START + HOUR)
    assert key.usable(START)
    assert not key.usable(START + HOUR)
    assert not replace(key, revoked_at=START).usable(START)


def test_limits_of_a_key_stand_over_the_defaults_and_zero_is_none():
    defaults = KeyLimits(requests_per_minute=600, characters_per_day=1_000, voices=10, streams=2)
    own = KeyLimits(characters_per_day=0, streams=5)
    assert own.over(defaults) == KeyLimits(requests_per_minute=600, characters_per_day=0, voices=10, streams=5)
    for wrong in (-1, 10**13):
        with pytest.raises(InvalidInput) as refusal:
            KeyLimits(voices=wrong)
        assert refusal.value.field == "voices"


def test_admin_implies_every_scope_and_sees_everything():
    admin = Caller("key_a", frozenset({Scope.ADMIN}))
    assert all(admin.may(scope) for scope in Scope)
    assert admin.sees("key_b")
    assert admin.sees("")
    assert admin.shown is None


def test_a_caller_sees_his_own_and_not_what_is_nobodys():
    ana = Caller("key_a", frozenset({Scope.SPEAK}))
    assert [ana.sees(owner) for owner in ("key_a", "key_b", "")] == [True, False, False]
    assert ana.shown == "key_a"
    ana.must(Scope.SPEAK)
    with pytest.raises(Forbidden, match="scopes speak, and this needs clone"):
        ana.must(Scope.CLONE)


def test_a_caller_without_a_key_is_trusted_or_is_none():
    assert NOBODY.admin
    assert NOBODY.limits == NO_LIMITS
    with pytest.raises(InvalidInput):
        Caller("", frozenset({Scope.SPEAK}))


def test_an_unknown_scope_is_refused_with_those_that_there_are():
    assert scopes_of(["speak", "admin"]) == {Scope.SPEAK, Scope.ADMIN}
    with pytest.raises(InvalidInput, match="speak, clone, convert, admin"):
        scopes_of(["Speak"])
