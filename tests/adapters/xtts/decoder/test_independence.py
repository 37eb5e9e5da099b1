"""Whoever else is in the batch, whenever they came: a row's tokens are its own."""

from __future__ import annotations

import functools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.engines.xtts.decoder import Decoder
from adapters.engines.xtts.values import DecodeRequest
from tests.adapters.xtts.decoder.rows import SENTENCES, Texts, Told, run
from voicecore.engine_settings import Precision

_ARRIVAL = st.tuples(
    st.integers(0, len(SENTENCES) - 1),  # the sentence
    st.integers(0, 3),  # the seed
    st.booleans(),  # greedy
    st.integers(0, 12),  # steps after the one before
)


@pytest.fixture(scope="module")
def alone(texts: Texts):
    """The row as a decoder of width 1 decodes it, in the same precision."""

    @functools.cache
    def decoded(precision: Precision, number: int, seed: int, greedy: bool) -> tuple[list[int], torch.Tensor]:
        decoder = texts.decoder(width=1, precision=precision)
        told = run(decoder, [texts.request(number, seed=seed, greedy=greedy)])
        return told.tokens[f"row-{number}"], torch.stack(told.latents[f"row-{number}"])

    return decoded


def _follow(decoder: Decoder, due: list[tuple[int, DecodeRequest]], drops: dict[str, int]) -> Told:
    """Admit each request at its step, or as soon as there is room; drop rows after so many of their tokens."""
    told = Told()
    alive: set[str] = set()
    step = 0
    while due or alive:
        while due and due[0][0] <= step and len(alive) < decoder.width:
            request = due.pop(0)[1]
            decoder.admit(request)
            alive.add(request.id)
        steps = decoder.step()
        told.note(steps)
        alive -= {each.id for each in steps if each.end is not None}
        for row_id in [row_id for row_id in alive if len(told.tokens.get(row_id, ())) >= drops.get(row_id, 1000)]:
            decoder.drop(row_id)
            alive.remove(row_id)
        step += 1
    return told


@pytest.mark.parametrize("precision", [Precision.EXACT, Precision.BF16])
def test_tokens_do_not_depend_on_neighbours_arrival_or_width(texts: Texts, alone, precision: Precision):
    @settings(max_examples=20, deadline=None)
    @given(
        arrivals=st.lists(_ARRIVAL, min_size=1, max_size=8), width=st.integers(1, 6), dropped=st.sets(st.integers(0, 7))
    )
    def holds(arrivals, width, dropped):
        at, due = 0, []
        for place, (number, seed, greedy, wait) in enumerate(arrivals):
            at += wait
            due.append((at, texts.request(number, seed=seed, greedy=greedy, name=str(place))))
        drops = {str(place): 5 for place in dropped}

        told = _follow(texts.decoder(width=width, precision=precision), due, drops)

        for place, (number, seed, greedy, _) in enumerate(arrivals):
            tokens, latents = alone(precision, number, seed, greedy)
            mine = told.tokens[str(place)]
            if str(place) not in told.ends:
                assert mine == tokens[:5]
            else:
                assert mine == tokens
            loose = 1e-5 if precision is Precision.EXACT else 0.1
            torch.testing.assert_close(torch.stack(told.latents[str(place)]), latents[: len(mine)], atol=loose, rtol=0)

    holds()


def test_bf16_speaks_nearly_as_exact_does(texts: Texts):
    # The paths part sooner or later; until then the latents are near.
    request = texts.request(3, greedy=True)
    exact = run(texts.decoder(), [request])
    near = run(texts.decoder(precision=Precision.BF16), [request])

    error = near.latents[request.id][0] - exact.latents[request.id][0]
    assert 0 < float(error.norm() / exact.latents[request.id][0].norm()) < 0.05
