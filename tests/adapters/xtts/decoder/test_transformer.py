"""The forward pass: whether positions come together or one by one, and where its tensors live."""

from __future__ import annotations

import torch

from adapters.engines.xtts.decoder.cache import KeyValueCache
from adapters.engines.xtts.decoder.row import Row
from adapters.engines.xtts.decoder.transformer import Segment, Transformer
from adapters.engines.xtts.decoder.weights import GptWeights
from tests.adapters.xtts.decoder.rows import Texts


def _cache(weights: GptWeights, rows: int, positions: int) -> KeyValueCache:
    cache = KeyValueCache(
        layers=len(weights.blocks),
        heads=weights.heads,
        head_width=weights.width // weights.heads,
        width=8,
        device=weights.device,
    )
    cache.reserve(rows, positions)
    return cache


@torch.inference_mode()
def test_positions_filled_together_equal_positions_advanced_one_by_one(texts: Texts):
    weights = GptWeights.of(texts.tiny.gpt, device=torch.device("cpu"))
    transformer = Transformer(weights)
    sequences = torch.randn(3, 40, weights.width, generator=torch.Generator().manual_seed(5))
    together, one_by_one = _cache(weights, 3, 41), _cache(weights, 3, 41)

    # In two passes and with different lengths, as voice and text come.
    transformer.fill([Segment(sequences[row, : 10 + row], 0, together.row(row)) for row in range(3)])
    transformer.fill([Segment(sequences[row, 10 + row :], 10 + row, together.row(row)) for row in range(3)])
    for position in range(40):
        transformer.advance(sequences[:, position], one_by_one, [position] * 3)

    for layer in range(len(weights.blocks)):
        torch.testing.assert_close(together[layer], one_by_one[layer], atol=1e-5, rtol=1e-5)


@torch.inference_mode()
def test_a_row_advances_equally_beside_a_longer_one_and_in_another_slot(texts: Texts):
    weights = GptWeights.of(texts.tiny.gpt, device=torch.device("cpu"))
    transformer = Transformer(weights)
    sequence = torch.randn(100, weights.width, generator=torch.Generator().manual_seed(6))
    alone, beside = _cache(weights, 1, 128), _cache(weights, 2, 128)
    for cache, slot in ((alone, 0), (beside, 1)):
        transformer.fill([Segment(sequence[:12], 0, cache.row(slot))])
    transformer.fill([Segment(sequence[:99], 0, beside.row(0))])

    first = transformer.advance(sequence[12:13], alone, [12])
    second = transformer.advance(torch.stack([sequence[99], sequence[12]]), beside, [99, 12])

    torch.testing.assert_close(second[1], first[0], atol=1e-6, rtol=1e-6)


@torch.inference_mode()
def test_a_slot_that_moves_takes_its_keys_and_values_along_and_room_that_grows_keeps_them(texts: Texts):
    weights = GptWeights.of(texts.tiny.gpt, device=torch.device("cpu"))
    cache = _cache(weights, 3, 50)
    for layer in range(len(cache)):
        cache[layer][2].normal_()
    before = [layer.clone() for layer in cache.row(2)]

    cache.move(2, 0, 50)
    cache.reserve(5, 200)

    for had, layer in zip(before, cache.row(0), strict=True):
        assert torch.equal(layer[:, :, :50], had[:, :, :50])
        assert layer.shape[2] == 256
        assert int(layer[:, :, 128:].count_nonzero()) == 0


@torch.inference_mode()
def test_every_tensor_is_made_where_the_weights_are(texts: Texts):
    # The meta device computes shapes and refuses tensors of other devices, as a graphics card does.
    meta = torch.device("meta")
    weights = GptWeights.of(texts.tiny.gpt, device=meta)
    transformer = Transformer(weights)
    row = Row.of(texts.request(1), weights)
    row.tokens += [5, 6, 7]
    cache = _cache(weights, 2, row.position + 1)
    prefix = transformer.empty_prefix(row.latents)

    transformer.fill([Segment(row.request.voice.gpt.to(meta), 0, prefix.unbind(0))])
    transformer.fill([Segment(row.unfilled(weights), row.latents, cache.row(slot)) for slot in range(2)])
    embeddings = weights.audio_embeddings([row.newest] * 2, [len(row.tokens)] * 2)
    hidden = transformer.advance(embeddings, cache, [row.position] * 2)

    assert hidden.device == meta
    assert hidden.shape == (2, weights.width)
    assert transformer.logits(hidden).shape == (2, len(weights.audio))
