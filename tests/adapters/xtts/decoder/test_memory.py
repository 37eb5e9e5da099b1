"""What is kept between steps, how much of it, and what happens when there is no room."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from adapters.engines.xtts.decoder import Decoder
from adapters.engines.xtts.decoder.cache import BLOCK, KeyValueCache
from adapters.engines.xtts.decoder.prefix import PrefixCache
from adapters.engines.xtts.decoder.transformer import Transformer
from tests.adapters.xtts.decoder.rows import Texts, run
from voicecore.errors import UtteranceFailed


class SmallCard(KeyValueCache):
    """Memory with room for some rows."""

    rows = 0

    def reserve(self, slots: int, positions: int) -> None:
        if slots > self.rows:
            # As on a real card: some layers have grown already.
            self._layers[0] = self._empty(slots, positions)
            raise torch.OutOfMemoryError("CUDA out of memory.")
        super().reserve(slots, positions)


class SometimesFull(Transformer):
    """Memory that is too small in the midst of a step, now and then."""

    calls = 0

    def advance(self, embeddings: torch.Tensor, *arguments: object) -> torch.Tensor:
        hidden = super().advance(embeddings, *arguments)
        self.calls += 1
        if self.calls % 7 == 3 and len(embeddings) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return hidden


def _with_room_for(texts: Texts, rows: int, *, width: int) -> Decoder:
    decoder = texts.decoder(width=width)
    gpt = texts.tiny.gpt
    card = SmallCard(
        layers=len(gpt.gpt.h),
        heads=gpt.heads,
        head_width=gpt.model_dim // gpt.heads,
        width=width,
        device=torch.device("cpu"),
    )
    card.rows = rows
    decoder._batch.cache = card
    return decoder


def test_rows_that_find_no_room_wait_and_have_upstreams_tokens_all_the_same(texts: Texts):
    decoder = _with_room_for(texts, 3, width=10)
    requests = [texts.request(number, seed=number) for number in range(10)]
    for request in requests:
        decoder.admit(request)

    first = decoder.step()
    seen = decoder.gauges()
    told = run(decoder)

    assert [step.id for step in first] == ["row-0", "row-1", "row-2"], "the oldest go on"
    assert (seen["rows"], seen["rows_waiting"]) == (3, 7)
    assert seen["out_of_memory_total"] == 2, "ten rows, then five, then three"
    begun = {step.id: [step.token] for step in first}
    assert {
        request.id: begun.get(request.id, []) + told.tokens[request.id] for request in requests
    } == {request.id: texts.upstream_tokens(request) for request in requests}  # fmt: skip


def test_a_row_that_was_put_back_goes_on_where_it_was(texts: Texts):
    decoder = texts.decoder(width=4)
    decoder._batch._transformer = SometimesFull(decoder._weights)
    requests = [texts.request(number, seed=number) for number in range(4)]

    told = run(decoder, requests)

    assert told.tokens == {request.id: texts.upstream_tokens(request) for request in requests}
    assert decoder.gauges()["out_of_memory_total"] >= 2


def test_no_room_for_one_row_is_a_failure_that_says_what_to_do_and_the_next_may_try(texts: Texts):
    decoder = _with_room_for(texts, 0, width=2)
    decoder.admit(texts.request(0))
    with pytest.raises(UtteranceFailed, match="VOICECORE_BATCH_SIZE") as failure:
        decoder.step()
    assert failure.value.utterance_id == "row-0"

    decoder._batch.cache.rows = 2

    request = texts.request(0, greedy=True)
    assert run(decoder, [request]).tokens[request.id] == texts.upstream_tokens(request)


def test_the_batch_has_its_whole_width_again_once_it_was_empty(texts: Texts):
    decoder = _with_room_for(texts, 1, width=2)
    run(decoder, [texts.request(0), texts.request(1)])
    decoder._batch.cache.rows = 2

    decoder.admit(texts.request(0))
    decoder.admit(texts.request(1))

    assert len(decoder.step()) == 2


def test_keys_and_values_take_memory_in_blocks_of_the_longest_row_and_none_without_rows(texts: Texts):
    decoder = texts.decoder(width=10)
    a_position = 2 * 2 * texts.tiny.gpt.model_dim * 4  # layers, keys and values, float32
    held = []

    decoder.admit(texts.request(9, greedy=True))
    held.append(decoder.gauges()["kv_cache_bytes"])
    decoder.step()
    held.append(decoder.gauges()["kv_cache_bytes"])
    ids = (texts.ids("the sea was calm and the wind was warm, ") * 40)[:401]
    decoder.admit(texts.request(1, text_ids=ids))
    decoder.step()
    held.append(decoder.gauges()["kv_cache_bytes"])
    decoder.drop("row-1")
    run(decoder)
    held.append(decoder.gauges()["kv_cache_bytes"])

    assert held == [0, BLOCK * a_position, 2 * 4 * BLOCK * a_position, 0]


@given(wanted=st.lists(st.tuples(st.integers(1, 12), st.integers(1, 400)), min_size=1, max_size=6))
def test_the_room_suffices_is_at_most_twice_the_rows_and_never_more_than_the_width(wanted):
    cache = KeyValueCache(layers=1, heads=1, head_width=2, width=12, device=torch.device("cpu"))
    for slots, positions in wanted:
        cache.reserve(slots, positions)
        assert cache[0].shape[0] >= slots
        assert cache[0].shape[3] >= positions

    assert cache[0].shape[0] <= min(12, 2 * max(slots for slots, _ in wanted))
    assert cache[0].shape[3] < max(positions for _, positions in wanted) + 2 * BLOCK


@given(
    busy=st.tuples(st.integers(1, 12), st.integers(1, 900)),
    calm=st.tuples(st.integers(1, 12), st.integers(1, 900)),
)
def test_room_that_nobody_needs_is_given_back_after_some_steps_and_what_is_in_use_stays(busy, calm):
    cache = KeyValueCache(layers=2, heads=1, head_width=2, width=12, device=torch.device("cpu"))
    cache.reserve(*busy)
    slots, positions = min(busy[0], calm[0]), min(busy[1], calm[1])
    for layer in range(2):
        cache[layer][:slots, :, :, :positions] = torch.arange(positions)[:, None] + 1.0

    for _ in range(100):
        cache.reserve(*calm)

    for layer in range(2):
        made = cache[layer]
        assert calm[0] <= made.shape[0] < 2 * calm[0]
        assert calm[1] <= made.shape[3] < calm[1] + 2 * BLOCK
        assert (made[:slots, :, :, :positions] == torch.arange(positions)[:, None] + 1.0).all()
        assert (made[:, :, :, positions:] == 0).all()


@pytest.mark.parametrize("limit", [0, 1 << 24])
def test_a_voice_that_ten_rows_speak_with_is_computed_once(texts: Texts, limit):
    decoder = texts.decoder(prefix_cache_bytes=limit)

    run(decoder, [texts.request(number, voice=texts.voices[0]) for number in range(10)])

    gauges = decoder.gauges()
    assert (gauges["prefix_misses_total"], gauges["prefix_hits_total"]) == (1, 9)
    assert (gauges["prefix_cache_bytes"] == 0) == (limit == 0)


def test_a_known_voice_and_a_new_one_give_the_same_tokens_and_the_same_bits(texts: Texts):
    request = texts.request(3)
    decoder = texts.decoder()

    first, second = run(decoder, [request]), run(decoder, [request])

    assert decoder.gauges()["prefix_hits_total"] == 1
    assert first.tokens == second.tokens
    assert torch.equal(torch.stack(first.latents[request.id]), torch.stack(second.latents[request.id]))


@given(
    limit=st.integers(0, 100),
    uses=st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(1, 10))),
)
def test_the_cache_of_voices_stays_within_its_bytes_and_forgets_who_was_not_used_longest(limit, uses):
    cache = PrefixCache(limit * 4)
    order: list[tuple[str, int]] = []  # the model: last used at the end
    for key, size in uses:
        found = cache.find(key)
        known = dict(order).get(key)
        assert (found is None) == (known is None)
        if found is None:
            cache.keep(key, torch.zeros(size))
            order += [(key, size)] if size <= limit else []
        else:
            order.append(order.pop([name for name, _ in order].index(key)))
        while sum(size for _, size in order) > limit:
            order.pop(0)
        assert cache.bytes == 4 * sum(size for _, size in order) <= limit * 4
        assert len(cache) == len(order)
