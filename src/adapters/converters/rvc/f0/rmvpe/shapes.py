"""Which tensors a checkpoint of RMVPE has, by plain arithmetic: known before anything is read.

The published network is E2E(4, 1, (2, 2)) of RVC's infer/lib/rmvpe.py: five stages down, four in the middle, five up, each of
four residual blocks, and one layer of GRU.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from adapters.converters.rvc.f0.cents import CLASSES
from adapters.converters.rvc.f0.mel import BANDS

STAGES = 5
MIDDLE_STAGES = 4
BLOCKS = 4
#: Channels of the first stage; each further one has twice as many.
CHANNELS = 16
#: What the U-Net gives the recurrent layer, for each of the 128 bands.
OUT_CHANNELS = 3
GRU_WIDTH = 256

Shapes = Iterator[tuple[str, tuple[int, ...]]]


def expected_shapes() -> Mapping[str, tuple[int, ...]]:
    """Name in the checkpoint → shape. Counters of the batch normalisations, which only training reads, are left out."""
    return dict(_all())


def down_channels(stage: int) -> tuple[int, int]:
    """Channels into and out of a stage on the way down."""
    return (1 if stage == 0 else CHANNELS << (stage - 1)), CHANNELS << stage


def middle_channels(stage: int) -> tuple[int, int]:
    """Channels into and out of a stage at the bottom."""
    return (CHANNELS << (STAGES - 1) if stage == 0 else CHANNELS << STAGES), CHANNELS << STAGES


def up_channels(stage: int) -> tuple[int, int]:
    """Channels into and out of a stage on the way up."""
    return CHANNELS << (STAGES - stage), CHANNELS << (STAGES - stage - 1)


def _all() -> Shapes:
    yield from _normalisation("unet.encoder.bn", 1)
    for stage in range(STAGES):
        yield from _blocks(f"unet.encoder.layers.{stage}.conv", *down_channels(stage))
    for stage in range(MIDDLE_STAGES):
        yield from _blocks(f"unet.intermediate.layers.{stage}.conv", *middle_channels(stage))
    for stage in range(STAGES):
        into, out = up_channels(stage)
        name = f"unet.decoder.layers.{stage}"
        yield f"{name}.conv1.0.weight", (into, out, 3, 3)
        yield from _normalisation(f"{name}.conv1.1", out)
        yield from _blocks(f"{name}.conv2", 2 * out, out)
    yield "cnn.weight", (OUT_CHANNELS, CHANNELS, 3, 3)
    yield "cnn.bias", (OUT_CHANNELS,)
    for suffix in ("", "_reverse"):
        yield f"fc.0.gru.weight_ih_l0{suffix}", (3 * GRU_WIDTH, OUT_CHANNELS * BANDS)
        yield f"fc.0.gru.weight_hh_l0{suffix}", (3 * GRU_WIDTH, GRU_WIDTH)
        yield f"fc.0.gru.bias_ih_l0{suffix}", (3 * GRU_WIDTH,)
        yield f"fc.0.gru.bias_hh_l0{suffix}", (3 * GRU_WIDTH,)
    yield "fc.1.weight", (CLASSES, 2 * GRU_WIDTH)
    yield "fc.1.bias", (CLASSES,)


def _blocks(name: str, into: int, out: int) -> Shapes:
    for block in range(BLOCKS):
        own = into if block == 0 else out
        yield f"{name}.{block}.conv.0.weight", (out, own, 3, 3)
        yield from _normalisation(f"{name}.{block}.conv.1", out)
        yield f"{name}.{block}.conv.3.weight", (out, out, 3, 3)
        yield from _normalisation(f"{name}.{block}.conv.4", out)
        if own != out:
            yield f"{name}.{block}.shortcut.weight", (out, own, 1, 1)
            yield f"{name}.{block}.shortcut.bias", (out,)


def _normalisation(name: str, channels: int) -> Shapes:
    for kind in ("weight", "bias", "running_mean", "running_var"):
        yield f"{name}.{kind}", (channels,)
