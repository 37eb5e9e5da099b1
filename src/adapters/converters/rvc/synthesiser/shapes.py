"""Names and shapes of a voice's weights, as arithmetic: nothing is allocated, so a checkpoint can be judged before it is read.

Names are those of RVC's `SynthesizerTrnMs{256,768}NSFsid{,_nono}` (infer/lib/infer_pack/models.py) without its posterior
encoder `enc_q`, which only training needs. A convolution under weight norm has two tensors, `weight_g` and `weight_v`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod

from adapters.converters.rvc.values import VoiceConfig
from voicecore.errors import ModelCorrupt

#: Positions on each side for which attention has weights of its own (attentions.py: `window_size`).
ATTENTION_WINDOW = 10
#: Of the flow (models.py: `ResidualCouplingBlock(inter, hidden, 5, 1, 3)` with 4 flows, a flip behind each).
FLOWS, FLOW_LAYERS, FLOW_KERNEL = 4, 3, 5
#: Bins of the coarse pitch.
PITCH_BINS = 256
#: Width of the vocoder's first and of its last convolution.
END_KERNEL = 7
#: Convolutions in a residual block by kind: its layers' prefixes, and how many of each it has.
RESBLOCK_LAYERS: Mapping[str, tuple[tuple[str, ...], int]] = {"1": (("convs1", "convs2"), 3), "2": (("convs",), 2)}

_Shapes = Iterator[tuple[str, tuple[int, ...]]]


def expected_shapes(config: VoiceConfig) -> Mapping[str, tuple[int, ...]]:
    """Name → shape of every tensor that a voice of this config has, and of no other.

    Raises:
        ModelCorrupt: the config's numbers contradict each other, so that no network can be built of them.
    """
    check_layers(config)
    shapes = dict(_text_encoder(config))
    shapes.update(_vocoder(config))
    shapes.update(_flow(config))
    shapes["emb_g.weight"] = (config.speakers, config.speaker_channels)
    return shapes


def noise_strides(config: VoiceConfig) -> tuple[int, ...]:
    """For every upsampling how many samples of the source signal one of its positions lasts."""
    return tuple(prod(config.upsample_rates[at + 1 :]) for at in range(len(config.upsample_rates)))


def check_layers(config: VoiceConfig) -> None:
    """Raises `ModelCorrupt` unless every layer keeps the length that the next one counts on."""
    if config.inter_channels % 2:
        raise ModelCorrupt(f"The model's config says inter_channels {config.inter_channels}; the flow halves them.")
    needed = RESBLOCK_LAYERS[config.resblock][1]
    if any(len(each) < needed for each in config.resblock_dilation_sizes):
        raise ModelCorrupt(f"The model's config has fewer dilations than the {needed} of its residual blocks.")
    if any(each % 2 == 0 for each in config.resblock_kernel_sizes):
        raise ModelCorrupt("The model's config has a residual block of even width, which would shift the sound.")
    for rate, kernel in zip(config.upsample_rates, config.upsample_kernel_sizes, strict=True):
        if kernel < rate or (kernel - rate) % 2:
            raise ModelCorrupt(f"The model's config upsamples by {rate} with width {kernel}, which loses samples.")
    if config.f0 and any(each % 2 for each in noise_strides(config)[:-1]):
        raise ModelCorrupt("The model's config upsamples by odd rates at its end, which a voice with pitch cannot.")


def _conv(name: str, out: int, into: int, kernel: int, *, bias: bool = True) -> _Shapes:
    yield f"{name}.weight", (out, into, kernel)
    if bias:
        yield f"{name}.bias", (out,)


def _normed(name: str, weight: tuple[int, int, int], channels: int) -> _Shapes:
    yield f"{name}.bias", (channels,)
    yield f"{name}.weight_g", (weight[0], 1, 1)
    yield f"{name}.weight_v", weight


def _text_encoder(config: VoiceConfig) -> _Shapes:
    hidden, filters = config.hidden_channels, config.filter_channels
    per_head = hidden // config.n_heads
    yield "enc_p.emb_phone.weight", (hidden, config.content_width)
    yield "enc_p.emb_phone.bias", (hidden,)
    if config.f0:
        yield "enc_p.emb_pitch.weight", (PITCH_BINS, hidden)
    for at in range(config.n_layers):
        attention = f"enc_p.encoder.attn_layers.{at}"
        for what in ("k", "v"):
            yield f"{attention}.emb_rel_{what}", (1, 2 * ATTENTION_WINDOW + 1, per_head)
        for what in "qkvo":
            yield from _conv(f"{attention}.conv_{what}", hidden, hidden, 1)
        for number in (1, 2):
            for what in ("gamma", "beta"):
                yield f"enc_p.encoder.norm_layers_{number}.{at}.{what}", (hidden,)
        feed = f"enc_p.encoder.ffn_layers.{at}"
        yield from _conv(f"{feed}.conv_1", filters, hidden, config.kernel_size)
        yield from _conv(f"{feed}.conv_2", hidden, filters, config.kernel_size)
    yield from _conv("enc_p.proj", 2 * config.inter_channels, hidden, 1)


def _flow(config: VoiceConfig) -> _Shapes:
    hidden, half = config.hidden_channels, config.inter_channels // 2
    for flow in range(FLOWS):
        name = f"flow.flows.{2 * flow}"  # the odd ones are flips
        yield from _conv(f"{name}.pre", hidden, half, 1)
        yield from _conv(f"{name}.post", half, hidden, 1)
        wide = 2 * hidden * FLOW_LAYERS
        yield from _normed(f"{name}.enc.cond_layer", (wide, config.speaker_channels, 1), wide)
        for layer in range(FLOW_LAYERS):
            yield from _normed(f"{name}.enc.in_layers.{layer}", (2 * hidden, hidden, FLOW_KERNEL), 2 * hidden)
            leaving = hidden if layer == FLOW_LAYERS - 1 else 2 * hidden
            yield from _normed(f"{name}.enc.res_skip_layers.{layer}", (leaving, hidden, 1), leaving)


def _vocoder(config: VoiceConfig) -> _Shapes:
    channels = config.upsample_initial_channel
    yield from _conv("dec.conv_pre", channels, config.inter_channels, END_KERNEL)
    yield from _conv("dec.cond", channels, config.speaker_channels, 1)
    if config.f0:
        yield "dec.m_source.l_linear.weight", (1, 1)
        yield "dec.m_source.l_linear.bias", (1,)
    last = len(config.upsample_rates) - 1
    prefixes, count = RESBLOCK_LAYERS[config.resblock]
    for at, (kernel, stride) in enumerate(zip(config.upsample_kernel_sizes, noise_strides(config), strict=True)):
        halved = channels // 2
        yield from _normed(f"dec.ups.{at}", (channels, halved, kernel), halved)
        if config.f0:
            yield from _conv(f"dec.noise_convs.{at}", halved, 1, 1 if at == last else 2 * stride)
        for number, width in enumerate(config.resblock_kernel_sizes):
            block = f"dec.resblocks.{at * len(config.resblock_kernel_sizes) + number}"
            for prefix in prefixes:
                for layer in range(count):
                    yield from _normed(f"{block}.{prefix}.{layer}", (halved, halved, width), halved)
        channels = halved
    yield from _conv("dec.conv_post", 1, channels, END_KERNEL, bias=False)
