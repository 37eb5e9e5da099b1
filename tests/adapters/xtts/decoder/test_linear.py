"""The packed way of a linear layer, which rests on private operators of torch, against the plain one."""

from __future__ import annotations

import pytest
import torch

from adapters.engines.xtts.decoder.linear import PackedLinear, can_pack
from tests.adapters.xtts.decoder.rows import Texts, run

_CPU = torch.device("cpu")
_NEAR = {torch.float32: 1e-5, torch.bfloat16: 0.05}


def _layer(dtype: torch.dtype, *, packed: bool, wide: int = 96, narrow: int = 64) -> PackedLinear:
    if packed:
        assert can_pack(_CPU, dtype), "this torch has no oneDNN: the decoder would be slow"
    noise = torch.Generator().manual_seed(1)
    weight = torch.randn(wide, narrow, generator=noise) / narrow**0.5
    return PackedLinear(weight, torch.randn(wide, generator=noise), dtype, packed=packed)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("rows", [1, 2, 3, 4, 10, 17, 200])
@torch.inference_mode()
def test_both_ways_agree(dtype, rows):
    x = torch.randn(rows, 64, generator=torch.Generator().manual_seed(2))
    residual = torch.randn(rows, 96, generator=torch.Generator().manual_seed(3))
    packed, plain = _layer(dtype, packed=True), _layer(dtype, packed=False)
    near = {"atol": _NEAR[dtype], "rtol": _NEAR[dtype], "check_dtype": True}

    torch.testing.assert_close(packed(x), plain(x), **near)
    torch.testing.assert_close(packed.gelu(x), plain.gelu(x), **near)
    torch.testing.assert_close(packed.added_to(residual, x), plain.added_to(residual, x), **near)
    assert packed(x).dtype == dtype
    assert packed.added_to(residual, x).dtype == torch.float32


@torch.inference_mode()
def test_the_plain_way_is_a_linear_layer():
    layer = _layer(torch.float32, packed=False)
    x = torch.randn(5, 64, generator=torch.Generator().manual_seed(2))

    torch.testing.assert_close(layer.gelu(x), torch.nn.functional.gelu(layer(x), approximate="tanh"))
    torch.testing.assert_close(layer.added_to(torch.ones(5, 96), x), layer(x) + 1)


def test_without_the_packed_way_the_decoder_speaks_the_same(texts: Texts, monkeypatch):
    requests = [texts.request(number, seed=number) for number in range(4)]
    packed = run(texts.decoder(), requests)

    monkeypatch.setattr("adapters.engines.xtts.decoder.linear.can_pack", lambda device, dtype: False)

    assert run(texts.decoder(), requests).tokens == packed.tokens
