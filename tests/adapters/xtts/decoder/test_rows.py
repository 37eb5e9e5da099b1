"""Rows come, are refused, are dropped, and end."""

from __future__ import annotations

import threading

import pytest
import torch

from adapters.engines.xtts.decoder import Decoder
from adapters.engines.xtts.decoder.transformer import Transformer
from adapters.engines.xtts.values import VoiceLatents
from tests.adapters.xtts.decoder.rows import Texts, run
from voicecore.engine_settings import Precision
from voicecore.errors import Conflict, EngineFailed, InvalidInput


def test_a_full_decoder_takes_a_row_only_when_one_has_left(texts: Texts):
    decoder = texts.decoder(width=2)
    decoder.admit(texts.request(0))
    decoder.admit(texts.request(1))
    with pytest.raises(Conflict, match="takes 2 rows"):
        decoder.admit(texts.request(2))

    decoder.drop("row-0")

    decoder.admit(texts.request(2))
    assert {step.id for step in decoder.step()} == {"row-1", "row-2"}


def test_an_id_is_taken_until_its_row_has_left(texts: Texts):
    decoder = texts.decoder()
    decoder.admit(texts.request(0, greedy=True))
    with pytest.raises(Conflict, match="'row-0'"):
        decoder.admit(texts.request(1, name="row-0"))

    first = run(decoder)
    again = run(decoder, [texts.request(0, greedy=True)])

    assert again.tokens == first.tokens


def test_a_dropped_id_may_come_again_before_the_next_step_and_starts_anew(texts: Texts):
    decoder = texts.decoder()
    decoder.admit(texts.request(0, greedy=True))
    decoder.step()
    decoder.drop("row-0")
    request = texts.request(1, greedy=True, name="row-0")

    told = run(decoder, [request])

    assert told.tokens["row-0"] == texts.upstream_tokens(request)


class DroppedMeanwhile(Transformer):
    """While the network is at work, another thread drops a row."""

    def __init__(self, decoder: Decoder, row_id: str) -> None:
        super().__init__(decoder._weights)
        self._decoder, self._row_id = decoder, row_id

    def advance(self, *arguments: object) -> torch.Tensor:
        thread = threading.Thread(target=self._decoder.drop, args=(self._row_id,))
        thread.start()
        hidden = super().advance(*arguments)
        thread.join()
        return hidden


def test_a_row_that_another_thread_drops_in_the_midst_of_a_step_is_not_told_of(texts: Texts):
    decoder = texts.decoder()
    decoder._batch._transformer = DroppedMeanwhile(decoder, "row-1")
    requests = [texts.request(number, greedy=True) for number in range(3)]

    told = run(decoder, requests)

    assert told.tokens == {request.id: texts.upstream_tokens(request) for request in (requests[0], requests[2])}


def test_dropping_what_is_not_there_changes_nothing(texts: Texts):
    decoder = texts.decoder()
    decoder.drop("nobody")

    assert decoder.step() == []


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"text_ids": (5,) * 402}, "402 text tokens; the limit is 401"),
        ({"text_ids": (5, 100_000)}, "not one of the model's"),
        ({"text_ids": (5, -1)}, "not one of the model's"),
        ({"max_tokens": 603}, "makes 1 to 602"),
        ({"max_tokens": 0}, "makes 1 to 602"),
        ({"voice": VoiceLatents(key="x", gpt=torch.zeros(32, 63), speaker=torch.zeros(512))}, "learn the voice again"),
    ],
)
def test_what_the_model_cannot_take_is_refused_by_a_sentence(texts: Texts, changed, message):
    decoder = texts.decoder()

    with pytest.raises(InvalidInput, match=message):
        decoder.admit(texts.request(0, **changed))

    assert decoder.step() == []


def test_int8_is_refused_by_a_sentence(texts: Texts):
    with pytest.raises(InvalidInput, match="exact or bf16"):
        texts.decoder(precision=Precision.INT8)


def test_a_decoder_of_no_rows_is_refused(texts: Texts):
    with pytest.raises(InvalidInput, match="1 row or more"):
        texts.decoder(width=0)


def test_a_closed_decoder_holds_nothing_and_says_so(texts: Texts):
    decoder = texts.decoder()
    decoder.admit(texts.request(0))
    decoder.step()

    decoder.close()
    decoder.close()

    gauges = decoder.gauges()
    assert (gauges["rows"], gauges["kv_cache_bytes"], gauges["prefix_cache_bytes"]) == (0, 0, 0)
    with pytest.raises(EngineFailed, match="closed"):
        decoder.step()
    with pytest.raises(EngineFailed, match="closed"):
        decoder.admit(texts.request(0))


def test_the_gauges_count_what_was_done(texts: Texts):
    decoder = texts.decoder()
    requests = [texts.request(number, voice=texts.voices[0], greedy=True) for number in range(5)]

    told = run(decoder, requests)

    gauges = decoder.gauges()
    assert gauges["tokens_total"] == sum(len(tokens) for tokens in told.tokens.values())
    assert gauges["steps_total"] == max(len(tokens) for tokens in told.tokens.values())
    # The voice once, and each text with start and stop.
    assert gauges["prefill_positions_total"] == 32 + sum(len(request.text_ids) + 2 for request in requests)
    assert (gauges["prefix_misses_total"], gauges["prefix_hits_total"]) == (1, 4)
    assert (gauges["rows"], gauges["rows_waiting"]) == (0, 0)


def test_upstreams_gpt_is_not_changed_and_not_needed_afterwards(texts: Texts):
    before = {name: value.clone() for name, value in texts.tiny.gpt.state_dict().items()}

    run(
        Decoder(texts.tiny.gpt, device="cpu", precision=Precision.EXACT, width=2, prefix_cache_bytes=0),
        [texts.request(0)],
    )

    after = texts.tiny.gpt.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
