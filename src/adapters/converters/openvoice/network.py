"""Upstream's network: built without weights, filled with checked ones, and asked how far it looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.coqui import prepare_coqui
from voicecore.errors import ModelCorrupt

from .config import OpenVoiceSizes


def empty_network(sizes: OpenVoiceSizes) -> Any:
    """coqui-tts's `OpenVoice` of these sizes, its tensors on torch's device `meta`: no memory, and no random numbers drawn.

    Raises:
        MissingDependency: if torch or coqui-tts is missing.
    """
    prepare_coqui()
    import torch  # noqa: PLC0415 - seconds, and only where a converter is opened
    from TTS.vc.configs.openvoice_config import OpenVoiceArgs, OpenVoiceAudioConfig, OpenVoiceConfig  # noqa: PLC0415
    from TTS.vc.models.openvoice import OpenVoice  # noqa: PLC0415

    audio = OpenVoiceAudioConfig(
        input_sample_rate=sizes.sample_rate_hz,
        output_sample_rate=sizes.sample_rate_hz,
        fft_size=sizes.fft_size,
        hop_length=sizes.hop_length,
        win_length=sizes.win_length,
    )
    with torch.device("meta"):
        return OpenVoice(OpenVoiceConfig(model_args=OpenVoiceArgs(**sizes.network), audio=audio))


def fill(network: Any, tensors: Mapping[str, Any], where: str) -> Any:
    """The network with these tensors, ready to run.

    Names as the publisher stores them (`weight_g`, `weight_v`) are taken too: torch translates them.

    Args:
        where: what a complaint calls the file.

    Raises:
        ModelCorrupt: unless names and shapes are exactly the network's.
    """
    try:
        network.load_state_dict(dict(tensors), strict=True, assign=True)
    except RuntimeError as error:
        found = " ".join(str(error).split()).partition(": ")[2][:200]
        raise ModelCorrupt(
            f"{where} holds another network than its config.json describes ({found} …); "
            f"only converters of OpenVoice v2 are known to fit."
        ) from error
    return network.requires_grad_(requires_grad=False).eval()


def context_frames(network: Any) -> int:
    """Frames on each side of a frame that its sound depends on: the receptive field, from the sizes of the layers.

    Beyond it, nothing that is cut off or padded can change the sound. Upstream: TTS/vc/models/{openvoice,freevc}.py,
    TTS/tts/layers/vits/networks.py. With the released sizes: 2 of the spectrogram, 32 of the posterior encoder, twice 32 of
    the flow, and 15 of the vocoder.
    """
    encoder, flow = network.enc_q, network.flow
    spectrogram = -(-network.config.audio.fft_size // (2 * network.config.audio.hop_length))
    posterior = encoder.num_layers * _reach(encoder.kernel_size, encoder.dilation_rate)
    one_way = flow.n_flows * flow.n_layers * _reach(flow.kernel_size, flow.dilation_rate)
    return int(spectrogram + posterior + 2 * one_way + _vocoder_frames(network))


def _vocoder_frames(network: Any) -> int:
    """Rounded up at every stage."""
    frames, rate = float(_reach(7)), 1.0  # conv_pre
    for factor, width in zip(network.upsample_rates, network.upsample_kernel_sizes, strict=True):
        frames += -(-width // factor) / rate
        rate *= factor
        # Each dilated convolution of a block is followed by a plain one; the widest block decides.
        widest = max(
            sum(_reach(kernel, dilation) + _reach(kernel) for dilation in dilations)
            for kernel, dilations in zip(network.resblock_kernel_sizes, network.resblock_dilation_sizes, strict=True)
        )
        frames += widest / rate
    return int(frames + _reach(7) / rate) + 1  # conv_post


def _reach(kernel: int, dilation: int = 1) -> int:
    """Positions on each side that a convolution sees."""
    return (kernel - 1) // 2 * dilation
