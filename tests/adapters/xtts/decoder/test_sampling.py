"""Every parameter does something, and only what it is for."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from adapters.engines.xtts.decoder.row import Row
from adapters.engines.xtts.decoder.sampler import penalised, warped
from adapters.engines.xtts.decoder.weights import GptWeights
from adapters.engines.xtts.values import Sampling
from tests.adapters.xtts.decoder.rows import Texts, run

_PLAIN = {"temperature": 1.0, "top_k": 100, "top_p": 1.0, "repetition_penalty": 1.0, "length_penalty": 1.0}


def _tokens(texts: Texts, *, seed: int = 3, **sampling: float) -> list[int]:
    request = texts.request(3, seed=seed, **{**_PLAIN, **sampling})
    return run(texts.decoder(), [request]).tokens[request.id]


@pytest.mark.parametrize(
    "other",
    [
        {"temperature": 0.2},
        {"top_k": 2},
        {"top_p": 0.5},
        {"repetition_penalty": 10.0},
        {"length_penalty": 1e9},
        {"seed": 4},
    ],
    ids=lambda other: next(iter(other)),
)
def test_another_value_gives_other_tokens(texts: Texts, other):
    assert _tokens(texts, **other) != _tokens(texts)


def test_equal_seeds_give_equal_tokens(texts: Texts):
    assert _tokens(texts) == _tokens(texts)


def test_greedy_rows_do_not_ask_the_seed_temperature_top_k_or_top_p(texts: Texts):
    first = _tokens(texts, greedy=True)

    assert _tokens(texts, greedy=True, seed=99, temperature=0.1, top_k=1, top_p=0.1) == first


@pytest.mark.parametrize("greedy", [True, False])
def test_a_greater_length_penalty_makes_longer_speech_and_a_smaller_one_shorter(texts: Texts, greedy):
    lengths = [len(_tokens(texts, greedy=greedy, length_penalty=penalty)) for penalty in (1e-6, 1.0, 1e6)]

    assert lengths[0] < lengths[1] < lengths[2]


def test_the_length_penalty_divides_the_odds_of_stopping(texts: Texts):
    stop = texts.tiny.gpt.stop_audio_token
    request = texts.request(9, **_PLAIN)
    seen = torch.zeros(1, len(texts.tiny.gpt.mel_embedding.weight), dtype=torch.bool)
    scores = torch.randn(1, seen.shape[1], generator=torch.Generator().manual_seed(0))
    plain = penalised(scores, seen, request.sampling, stop).softmax(-1)[0, stop]
    divided = penalised(scores, seen, Sampling(**{**_PLAIN, "length_penalty": 2.0}), stop).softmax(-1)[0, stop]

    torch.testing.assert_close(divided / (1 - divided), plain / (1 - plain) / 2)
    assert torch.equal(penalised(scores, seen, request.sampling, stop), scores)


@given(
    scores=st.lists(st.floats(-30, 30, width=32), min_size=2, max_size=40, unique=True),
    temperature=st.floats(0.1, 1.0),
    top_k=st.integers(1, 100),
    top_p=st.floats(0.05, 1.0),
)
def test_what_may_be_drawn_is_never_empty_never_more_than_top_k_and_holds_the_likeliest(
    scores, temperature, top_k, top_p
):
    logits = torch.tensor([scores])

    left = warped(logits, Sampling(temperature=temperature, top_k=top_k, top_p=top_p))[0].isfinite()

    # Dividing by the temperature may make near scores equal; equal ones stay in together, as in transformers.
    assert int(left.sum()) >= 1
    assert bool(left[int(logits.argmax())])
    cut = (logits / temperature)[0].sort(descending=True).values[min(top_k, len(scores)) - 1]
    assert bool(((logits / temperature)[0][left] >= cut).all())


@given(
    seed=st.integers(0, 2**31),
    said=st.lists(st.integers(0, 63), max_size=40),
    temperature=st.floats(0.1, 2.0),
    top_k=st.integers(1, 100),
    top_p=st.floats(0.01, 1.0),
    repetition_penalty=st.floats(0.5, 20.0),
)
def test_scores_are_those_of_transformers_to_the_last_bit(seed, said, temperature, top_k, top_p, repetition_penalty):
    from transformers.generation import logits_process as theirs

    logits = torch.randn(1, 64, generator=torch.Generator().manual_seed(seed)) * 8
    ids = torch.tensor([[1, *said]])
    expected = theirs.RepetitionPenaltyLogitsProcessor(repetition_penalty)(ids, logits.clone())
    expected = theirs.TemperatureLogitsWarper(temperature)(ids, expected)
    expected = theirs.TopKLogitsWarper(top_k)(ids, expected)
    expected = theirs.TopPLogitsWarper(top_p)(ids, expected)

    seen = torch.zeros(1, 64, dtype=torch.bool)
    seen[0, ids[0]] = True
    sampling = Sampling(
        temperature=temperature, top_k=top_k, top_p=top_p, repetition_penalty=repetition_penalty
    )  # fmt: skip

    assert torch.equal(warped(penalised(logits, seen, sampling, stop=0), sampling), expected)


def test_the_repetition_penalty_begins_with_the_ids_that_upstream_puts_for_voice_and_text(texts: Texts):
    request = texts.request(0)
    with torch.inference_mode():
        stand_ins = texts.tiny.gpt.compute_embeddings(request.voice.gpt[None], torch.tensor([request.text_ids]))

    row = Row.of(request, GptWeights.of(texts.tiny.gpt, device=torch.device("cpu")))

    assert set(row.seen.nonzero()[:, 0].tolist()) == set(stand_ins[0].tolist())
