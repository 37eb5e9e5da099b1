"""Token for token what upstream draws, in batches that upstream does not have."""

from __future__ import annotations

import pytest
import torch

from adapters.engines.xtts.values import End
from tests.adapters.xtts.decoder.rows import SENTENCES, Texts, run


@pytest.mark.parametrize("penalty", [1.0, 5.0, 10.0])
def test_ten_greedy_sentences_in_one_batch_have_the_tokens_and_latents_of_upstream_one_by_one(texts: Texts, penalty):
    requests = [texts.request(n, greedy=True, repetition_penalty=penalty) for n in range(len(SENTENCES))]

    told = run(texts.decoder(), requests)

    for request in requests:
        tokens = texts.upstream_tokens(request)
        assert told.tokens[request.id] == tokens
        theirs = texts.upstream_latents(request, tokens)
        torch.testing.assert_close(torch.stack(told.latents[request.id]), theirs, atol=1e-4, rtol=0)
    assert len({tuple(tokens) for tokens in told.tokens.values()}) == len(SENTENCES)


@pytest.mark.parametrize(
    "sampling",
    [
        {},
        {
            "temperature": 1.0,
            "top_k": 1000,
            "top_p": 1.0,
            "repetition_penalty": 1.0,
        },  # top_k beyond the codes there are
        {"temperature": 1.0, "top_k": 50, "top_p": 0.85, "repetition_penalty": 10.0},
        {"temperature": 0.3, "top_k": 2, "top_p": 0.5, "repetition_penalty": 1.7},
        {"top_p": 1e-6},  # one token must be left
        {"top_k": 1},
    ],
)
def test_sampled_rows_draw_what_upstream_draws_with_the_same_seed(texts: Texts, sampling):
    requests = [texts.request(n, seed=1000 + n, **sampling) for n in range(len(SENTENCES))]

    told = run(texts.decoder(), requests)

    for request in requests:
        assert told.tokens[request.id] == texts.upstream_tokens(request)


def test_rows_that_come_while_others_speak_have_upstreams_tokens_too(texts: Texts):
    requests = [texts.request(n, greedy=n % 2 == 0, repetition_penalty=5.0, seed=n) for n in range(len(SENTENCES))]
    decoder = texts.decoder(width=4)
    waiting = list(requests)
    told = run(decoder)
    alive = 0
    while waiting or alive:
        if waiting and alive < decoder.width:
            decoder.admit(waiting.pop(0))
            alive += 1
        steps = decoder.step()
        told.note(steps)
        alive -= sum(step.end is not None for step in steps)

    assert {request.id: told.tokens[request.id] for request in requests} == {
        request.id: texts.upstream_tokens(request) for request in requests
    }


def test_a_row_that_reaches_its_number_of_tokens_ends_where_upstream_is_cut(texts: Texts):
    request = texts.request(3, greedy=True, max_tokens=7)

    told = run(texts.decoder(), [request])

    assert told.tokens[request.id] == texts.upstream_tokens(request)
    assert len(told.tokens[request.id]) == 7
    assert told.ends[request.id] is End.OUT_OF_TOKENS


def test_the_stop_token_is_the_last_that_is_told_and_has_a_latent(texts: Texts):
    request = texts.request(0, greedy=True)

    told = run(texts.decoder(), [request])

    assert told.ends[request.id] is End.STOPPED
    assert told.tokens[request.id][-1] == texts.tiny.gpt.stop_audio_token
    assert len(told.latents[request.id]) == len(told.tokens[request.id])


def test_the_longest_text_the_model_takes_is_decoded_as_upstream_does(texts: Texts):
    ids = (texts.ids("the sea was calm and the wind was warm, ") * 40)[:401]
    request = texts.request(1, greedy=True, max_tokens=300, text_ids=ids)

    told = run(texts.decoder(), [texts.request(0, greedy=True), request])

    assert told.tokens[request.id] == texts.upstream_tokens(request)
    assert len(told.tokens[request.id]) > 128
