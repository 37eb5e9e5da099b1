"""Every door takes or refuses what is in the corpus, and what comes of wounding it. `nox -s fuzz` looks further."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fuzz.doors import DOORS, knock
from tests.fuzz.test_decode_fuzz import mutated

from voicecore.errors import VoiceCoreError

CORPUS = Path(__file__).parent / "corpus"
SEEDS = {name: [path.read_bytes() for path in sorted((CORPUS / name).iterdir())] for name in DOORS}
#: Of each door, one that is let in: else the fuzzer would only ever see refusals.
LET_IN = [("audio", "pcm16"), ("multipart", "file"), ("archive", "good"), ("index", "inverted"), ("byte_range", "r2")]


@pytest.mark.parametrize(("door", "name"), LET_IN)
def test_the_corpus_of_each_door_has_something_that_is_let_in(door, name):
    DOORS[door]((CORPUS / door / name).read_bytes())


@pytest.mark.parametrize(("door", "name"), [("audio", "flac"), ("multipart", "cut"), ("archive", "leads_out")])
def test_and_something_that_is_refused(door, name):
    data = (CORPUS / door / name).read_bytes()
    if door == "audio":
        knock(DOORS[door], data[:3])
    else:
        with pytest.raises(VoiceCoreError):
            DOORS[door](data)


@pytest.mark.parametrize("door", sorted(DOORS))
def test_whatever_is_in_the_corpus_is_taken_or_refused(door):
    assert len(SEEDS[door]) >= 3
    for data in SEEDS[door]:
        knock(DOORS[door], data)


@pytest.mark.parametrize("door", sorted(DOORS))
def test_what_comes_of_wounding_it_is_taken_or_refused(door):
    @given(st.sampled_from(SEEDS[door]), st.integers(0, 2**32))
    @settings(deadline=None, max_examples=150)
    def wounded(data, seed):
        knock(DOORS[door], mutated(data, random.Random(seed)))

    wounded()


@pytest.mark.parametrize("door", sorted(DOORS))
@given(data=st.binary(max_size=200))
@settings(deadline=None, max_examples=60)
def test_any_bytes_are_taken_or_refused(door, data):
    knock(DOORS[door], data)
