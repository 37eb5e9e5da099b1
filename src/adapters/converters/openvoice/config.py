"""OpenVoice's own `config.json`: how sound becomes a spectrogram, and the sizes of the network."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from voicecore.errors import ModelCorrupt

#: A real one has about 1 kB.
_LARGEST_BYTES = 1 << 16
_LARGEST_SIZE = 8192
#: Sizes in the section `model` that coqui-tts's network can take (OpenVoiceArgs in TTS/vc/configs/openvoice_config.py).
#: The released file has more, such as `n_heads`, which no layer of the converter reads.
_SIZES = ("inter_channels", "hidden_channels", "upsample_initial_channel", "gin_channels")
_LISTS = ("upsample_rates", "upsample_kernel_sizes", "resblock_kernel_sizes")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenVoiceSizes:
    """What a `config.json` says.

    Attributes:
        sample_rate_hz: of what goes in and comes out; 22 050 in the released models.
        fft_size, hop_length, win_length: of the spectrogram, in samples.
        network: arguments of the network where the file names them; upstream's defaults are the released sizes.
    """

    sample_rate_hz: int
    fft_size: int
    hop_length: int
    win_length: int
    network: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "network", MappingProxyType(dict(self.network)))


def read_sizes(path: Path) -> OpenVoiceSizes:
    """The sizes in the file.

    Raises:
        ModelCorrupt: if it is no `config.json` of an OpenVoice converter.
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise ModelCorrupt(f"{path} has more than {_LARGEST_BYTES} bytes, so it is no config.json of OpenVoice.")
        document = json.loads(path.read_text(encoding="utf-8"))
        return _sizes(document["data"], document.get("model", {}))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelCorrupt(
            f"{path} is no config.json of an OpenVoice converter ({type(error).__name__}: {error}); fetch it again."
        ) from error


def _sizes(data: Mapping[str, Any], model: Mapping[str, Any]) -> OpenVoiceSizes:
    network: dict[str, Any] = {name: _whole(model[name]) for name in _SIZES if name in model}
    network |= {name: [_whole(each) for each in model[name]] for name in _LISTS if name in model}
    if "resblock_dilation_sizes" in model:
        network["resblock_dilation_sizes"] = [
            [_whole(each) for each in row] for row in model["resblock_dilation_sizes"]
        ]
    if "resblock" in model:
        network["resblock"] = _one_of(model["resblock"], ("1", "2"))
    if "zero_g" in model:
        network["zero_g"] = _one_of(model["zero_g"], (True, False))
    sizes = OpenVoiceSizes(
        sample_rate_hz=_whole(data["sampling_rate"], 8_000, 48_000),
        fft_size=_whole(data["filter_length"], 64),
        hop_length=_whole(data["hop_length"], 16),
        win_length=_whole(data["win_length"], 64),
        network=network,
    )
    if not sizes.hop_length < sizes.win_length <= sizes.fft_size:
        raise ValueError("hop_length < win_length <= filter_length does not hold")
    if "upsample_rates" in network and math.prod(network["upsample_rates"]) != sizes.hop_length:
        raise ValueError("the product of upsample_rates is not hop_length, so the sound would change its length")
    return sizes


def _whole(value: object, least: int = 1, most: int = _LARGEST_SIZE) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"{str(value)[:40]!r} is no whole number from {least} to {most}")
    return value


def _one_of(value: Any, known: tuple[object, ...]) -> Any:
    if value not in known or type(value) is not type(known[0]):
        raise ValueError(f"{str(value)[:40]!r} is none of {known}")
    return value
