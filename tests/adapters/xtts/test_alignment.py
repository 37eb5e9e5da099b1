"""The alignment of attention to words: on attention that is made up, so that the truth is known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.engines.xtts.alignment import Alignment, following_heads, monotone_path, prices
from adapters.engines.xtts.words import Reading, heard_words, matched, reading_of
from voicecore.timing import TimeSource, words_of

TEXT_IDS, TOKENS = 30, 120


def truth(rng: np.random.Generator, tokens: int = TOKENS, ids: int = TEXT_IDS) -> np.ndarray:
    """The id that each token speaks: every id once, for some tokens."""
    edges = np.sort(rng.choice(np.arange(1, tokens), ids - 1, replace=False))
    return np.searchsorted(edges, np.arange(tokens), side="right")


def looking_at(places: np.ndarray, ids: int, rng: np.random.Generator, *, width: float, noise: float) -> np.ndarray:
    """A head that looks at these ids, and around."""
    far = np.abs(np.arange(ids) - places[:, None])
    looks = np.exp(-0.5 * (far / width) ** 2) + noise * rng.random((len(places), ids))
    return (looks / looks.sum(axis=1, keepdims=True)).astype(np.float32)


def heads(rng: np.random.Generator, places: np.ndarray, *, following: int, others: int) -> np.ndarray:
    """Shape (heads, tokens, ids): the first ones follow, of the others some look anywhere, some always at the same id."""
    ids = int(places.max()) + 1
    good = [looking_at(places, ids, rng, width=0.8, noise=0.3) for _ in range(following)]
    lost = [looking_at(rng.integers(0, ids, len(places)), ids, rng, width=1.0, noise=0.3) for _ in range(others // 2)]
    stuck = [
        looking_at(np.full(len(places), rng.integers(ids)), ids, rng, width=0.3, noise=0.1) for _ in range(others // 2)
    ]
    return np.stack([*good, *lost, *stuck])


@pytest.mark.parametrize("seed", range(4))
def test_the_path_is_found_among_many_heads_that_follow_nothing(seed):
    rng = np.random.default_rng(seed)
    places = truth(rng)
    attention = heads(rng, places, following=8, others=60)
    order = rng.permutation(len(attention))
    alignment = Alignment()
    for token in range(TOKENS):
        alignment.add(torch.from_numpy(attention[order, token]).half())
    path = alignment.path(TOKENS)
    assert np.median(np.abs(np.array(path) - places)) <= 1
    assert np.mean(np.abs(np.array(path) - places) <= 2) > 0.9


def test_heads_that_follow_come_before_those_that_are_lost_or_stuck():
    rng = np.random.default_rng(1)
    chosen = following_heads(heads(rng, truth(rng), following=4, others=20), 4)
    assert set(chosen) == {0, 1, 2, 3}


def test_a_short_utterance_is_aligned_by_what_there_is():
    alignment = Alignment()
    assert alignment.path(5) == []
    for place in (0, 0, 1, 2):
        alignment.add(torch.nn.functional.one_hot(torch.tensor(place), 3)[None].half())
    assert alignment.path(4) == [0, 0, 1, 2]
    assert alignment.path(2) == [0, 0]
    assert alignment.path(0) == []


@given(st.integers(1, 40), st.integers(1, 20), st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_a_path_has_an_id_for_each_token_and_never_goes_back(tokens, ids, seed):
    attention = np.random.default_rng(seed).dirichlet(np.ones(ids), tokens).astype(np.float32)
    path = monotone_path(attention)
    assert len(path) == tokens
    assert all(0 <= at < ids for at in path)
    assert all(one <= other for one, other in pairwise(path))


@given(st.integers(1, 12), st.integers(1, 6), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=40)
def test_no_other_path_is_cheaper(tokens, ids, seed):
    attention = np.random.default_rng(seed).dirichlet(np.ones(ids), tokens).astype(np.float32)

    cost = prices(attention)

    def cheapest(token, at):
        here = cost[token, at:]
        if token == tokens - 1:
            return float(here.min())
        return min(float(here[step]) + known(token + 1, at + step) for step in range(ids - at))

    cache = {}

    def known(token, at):
        if (token, at) not in cache:
            cache[token, at] = cheapest(token, at)
        return cache[token, at]

    path = monotone_path(attention)
    assert sum(cost[token, at] for token, at in enumerate(path)) == pytest.approx(known(0, 0), abs=1e-4)


def test_attention_that_says_nothing_is_a_steady_pace():
    path = monotone_path(np.full((20, 10), 0.1, np.float32))
    assert (path[0], path[-1]) == (0, 9)
    assert max(other - one for one, other in pairwise(path)) == 1


# --- words ------------------------------------------------------------------------------------------------------------
def reading(read: str, size: int = 2) -> Reading:
    """Ids of two letters each, blanks by themselves."""
    marked = "[pt]" + read.replace(" ", "[SPACE]")
    offsets = [(0, 4)]
    at = 4
    for number, word in enumerate(read.split(" ")):
        if number:
            offsets.append((at, at + 7))
            at += 7
        offsets += [(at + step, min(at + step + size, at + len(word))) for step in range(0, len(word), size)]
        at += len(word)
    return reading_of(marked, "[pt]", "[SPACE]", offsets)


def test_ids_belong_to_words_and_the_language_and_blanks_to_none():
    found = reading("bom dia")
    assert found.words == ("bom", "dia")
    assert found.owners == (-1, 0, 0, -1, 1, 1)


def told(text: str, read: str, path: list[int] | None = None, token_s: float = 0.1) -> list[tuple[str, float, float]]:
    found = reading(read)
    path = list(range(len(found.owners))) if path is None else path
    times = heard_words(text, found, path, token_s=token_s, duration_s=99.0)
    return [(text[w.start : w.end], round(w.start_s, 3), round(w.end_s, 3)) for w in times.words]


def test_words_are_heard_from_the_first_to_the_last_token_of_their_ids():
    assert told("Bom dia!", "bom dia") == [("Bom", 0.1, 0.3), ("dia", 0.4, 0.6)]
    assert told("Bom dia!", "bom dia", [0, 1, 1, 2, 2, 3, 4]) == [("Bom", 0.1, 0.5), ("dia", 0.6, 0.7)]


def test_numbers_that_are_read_as_words_are_heard_at_their_characters():
    assert [word for word, _, _ in told("Paguei R$ 25,50 ontem.", "paguei vinte e cinco reais ontem")] == [
        "Paguei", "R$ 25,50", "ontem",
    ]  # fmt: skip
    assert [word for word, _, _ in told("São 2 casas", "são duas casas")] == ["São", "2", "casas"]


def test_a_word_that_no_token_speaks_goes_with_its_neighbours():
    assert [word for word, _, _ in told("um dois três", "um dois três", [0, 1, 5, 6])] == ["um", "dois três"]
    assert [word for word, _, _ in told("um dois três", "um dois três", [0, 1, 3, 4])] == ["um", "dois três"]
    assert told("um dois", "um dois", [0, 0]) == []


_WORDS = st.lists(st.sampled_from(["a", "casa", "Á", "2", "dois", "três", "e"]), min_size=0, max_size=8)


@given(_WORDS, _WORDS)
def test_stretches_of_words_leave_nothing_out_on_either_side(written, read):
    found = list(matched(written, read))
    assert [at for (a, b), _ in found for at in range(a, b)] == list(range(len(written)))
    assert [at for _, (a, b) in found for at in range(a, b)] == list(range(len(read)))


@given(_WORDS, _WORDS.filter(bool), st.data())
def test_whatever_the_path_words_are_in_order_and_hold_all_that_was_written(written, read, data):
    text, found = " ".join(written), reading(" ".join(read))
    ids = len(found.owners)
    path = sorted(data.draw(st.lists(st.integers(0, ids - 1), max_size=20)))
    times = heard_words(text, found, path, token_s=0.05, duration_s=0.7)
    assert all(one.end <= other.start and one.end_s <= other.start_s for one, other in pairwise(times.words))
    if times.words:
        assert times.source is TimeSource.ATTENTION
        assert all(any(w.start <= a and b <= w.end for w in times.words) for a, b in words_of(text))
        assert times.words[-1].end_s <= 0.7
