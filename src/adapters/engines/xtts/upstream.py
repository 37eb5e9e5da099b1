"""coqui-tts's networks with the stored weights in them. Only this module and what it hands out touch upstream's classes."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from adapters.coqui import prepare_coqui
from adapters.engines.xtts.checkpoint import Checkpoint
from adapters.engines.xtts.values import VoiceLatents
from voicecore.errors import ModelCorrupt

#: Where the widths that upstream does not keep in config.json are to be read off.
_VOCODER = "hifigan_decoder.waveform_decoder.conv_pre.weight"
_ENCODER = tuple(f"hifigan_decoder.speaker_encoder.layer{number}.0.conv1.weight" for number in (1, 2, 3, 4))


@dataclass(frozen=True, slots=True, kw_only=True)
class Widths:
    """Channels of the HiFi-GAN's first layer and of the speaker encoder's four stages; as released if not given."""

    vocoder: int = 512
    encoder: tuple[int, ...] = (32, 64, 128, 256)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoadedXtts:
    """A loaded model, in evaluation mode.

    Attributes:
        model: upstream's `Xtts`, whole; what it says of itself is the reference that our own decoder is compared with.
        gpt: its `GPT`, with `gpt_inference` made.
        hifigan: its `HifiDecoder`: vocoder and speaker encoder.
        tokenizer: its `VoiceBpeTokenizer`.
        speakers: name of each studio speaker → latents on the device.
        digest: of the checkpoint.
        device: such as `cpu` or `cuda:0`.
    """

    model: Any = field(repr=False)
    gpt: Any = field(repr=False)
    hifigan: Any = field(repr=False)
    tokenizer: Any = field(repr=False)
    speakers: Mapping[str, VoiceLatents] = field(repr=False)
    digest: str
    device: str


def load(checkpoint: Checkpoint, device: str = "cpu") -> LoadedXtts:
    """The networks with the checkpoint's weights. The caller has had `Checkpoint.verify` look at the digests.

    Raises:
        ModelCorrupt: if a tensor is missing, left over or of another shape: the message names it.
        MissingDependency: if a package is missing.
    """
    prepare_coqui()
    from safetensors.torch import load_file  # noqa: PLC0415 - optional

    from .unfilled import Unfilled  # noqa: PLC0415 - loads torch

    state = _read(load_file, checkpoint.weights_path)
    with Unfilled():
        model = build(checkpoint.config_path, checkpoint.vocab_path, _widths(state, checkpoint.weights_path))
    _fill(model, state, checkpoint.weights_path)
    del state
    model.gpt.init_gpt_for_inference(kv_cache=model.args.kv_cache)
    for part in (model.gpt, model.hifigan_decoder):  # upstream's own `eval` is another thing
        part.eval()
    model.to(device)
    model.requires_grad_(requires_grad=False)
    return LoadedXtts(
        model=model,
        gpt=model.gpt,
        hifigan=model.hifigan_decoder,
        tokenizer=model.tokenizer,
        speakers=MappingProxyType(_speakers(_read(load_file, checkpoint.speakers_path), checkpoint, device)),
        digest=checkpoint.digest,
        device=device,
    )


def build(config_path: Path, vocab_path: Path, widths: Widths) -> Any:
    """Upstream's `Xtts` with random weights."""
    prepare_coqui()
    from TTS.tts.configs.xtts_config import XttsConfig  # noqa: PLC0415 - optional, and heavy
    from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer  # noqa: PLC0415
    from TTS.tts.models.xtts import Xtts  # noqa: PLC0415

    try:
        config = XttsConfig()
        config.load_json(str(config_path))
        with warnings.catch_warnings():
            # Upstream makes a layer without channels, of which PyTorch says that it is no use to fill it.
            warnings.filterwarnings("ignore", "Initializing zero-element tensors")
            model = Xtts(config)
            # The size of the text embedding is that of the vocabulary, so the GPT can only be made now.
            model.tokenizer = VoiceBpeTokenizer(vocab_file=str(vocab_path))
            model.init_models()
            if widths != Widths():
                _narrow(model, widths)
    except Exception as error:
        # Neither the config's reader nor the tokenizers' one has errors of its own.
        raise ModelCorrupt(
            f"{config_path.parent} does not describe an XTTS v2 ({type(error).__name__}: {error})."
        ) from error
    return model


def _narrow(model: Any, widths: Widths) -> None:
    """Other widths than the released ones, which are the only ones that upstream's `Xtts` knows."""
    from TTS.encoder.models.resnet import ResNetSpeakerEncoder  # noqa: PLC0415
    from TTS.tts.layers.xtts.hifigan_decoder import HifiDecoder  # noqa: PLC0415

    args = model.args
    decoder = HifiDecoder(
        input_sample_rate=args.input_sample_rate, output_sample_rate=args.output_sample_rate,
        output_hop_length=args.output_hop_length, ar_mel_length_compression=args.gpt_code_stride_len,
        decoder_input_dim=args.decoder_input_dim, d_vector_dim=args.d_vector_dim,
        cond_d_vector_in_each_upsampling_layer=args.cond_d_vector_in_each_upsampling_layer,
        upsample_initial_channel_decoder=widths.vocoder,
    )  # fmt: skip
    decoder.speaker_encoder = ResNetSpeakerEncoder(
        input_dim=64, proj_dim=512, log_input=True, use_torch_spec=True, num_filters=list(widths.encoder),
        audio_config=decoder.speaker_encoder_audio_config,
    )  # fmt: skip
    model.hifigan_decoder = decoder


def _read(load_file: Any, path: Path) -> dict[str, Any]:
    from safetensors import SafetensorError  # noqa: PLC0415 - optional

    try:
        stored: dict[str, Any] = load_file(path)
    except (SafetensorError, OSError) as error:
        raise ModelCorrupt(f"{path} is not a safetensors file ({error}).") from error
    return stored


def _widths(state: Mapping[str, Any], path: Path) -> Widths:
    try:
        return Widths(
            vocoder=int(state[_VOCODER].shape[0]), encoder=tuple(int(state[name].shape[0]) for name in _ENCODER)
        )
    except KeyError as error:
        raise ModelCorrupt(f"{path} has no tensor {error.args[0]}; it is not an XTTS v2.") from error


def _fill(model: Any, state: Mapping[str, Any], path: Path) -> None:
    try:
        model.load_state_dict(state, strict=True)
    except RuntimeError as error:
        # PyTorch's message lists every tensor, one a line; the first says enough.
        lines = [line.strip() for line in str(error).splitlines()[1:] if line.strip()]
        raise ModelCorrupt(f"{path} does not fit its config.json: {lines[0] if lines else error}") from error


def _speakers(tensors: Mapping[str, Any], checkpoint: Checkpoint, device: str) -> dict[str, VoiceLatents]:
    speakers: dict[str, VoiceLatents] = {}
    for number, name in enumerate(checkpoint.speaker_names):
        key = json.dumps([checkpoint.digest, name])
        try:
            gpt, speaker = tensors[f"{number:03}.gpt"], tensors[f"{number:03}.speaker"]
        except KeyError as error:
            raise ModelCorrupt(f"{checkpoint.speakers_path} lacks a part of the voice {name!r}.") from error
        speakers[name] = VoiceLatents(
            key=hashlib.sha256(key.encode()).hexdigest(), gpt=gpt.to(device), speaker=speaker.to(device)
        )
    return speakers
