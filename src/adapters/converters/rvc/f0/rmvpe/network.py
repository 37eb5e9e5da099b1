"""The network of RMVPE: Wei, Cao, Dan, Chen (2023), "RMVPE: a robust model for vocal pitch estimation in polyphonic music".

The batch normalisations (Ioffe, Szegedy 2015) stand right behind convolutions and are multiplied into them once, so that a
stage is convolutions, rectifiers and sums. The results are those of RVC's infer/lib/rmvpe.py to float32's rounding.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.converters.rvc.f0.mel import BANDS

from .shapes import BLOCKS, GRU_WIDTH, MIDDLE_STAGES, OUT_CHANNELS, STAGES

#: torch's default, which the network was trained with.
_EPSILON = 1e-5
#: Five halvings: a spectrogram is filled up to a multiple of this, with zeros as RVC does.
_MULTIPLE = 1 << STAGES


class RmvpeNetwork:
    """Scores 360 classes of pitch for each frame of a log-mel spectrogram."""

    def __init__(self, tensors: Mapping[str, Any], device: str) -> None:
        """`tensors`: names and shapes of `expected_shapes`, of any floating type; computed with is float32."""
        import torch  # noqa: PLC0415 - of an extra

        self._raw = {name: each.float().to(device) for name, each in tensors.items()}
        self._entry = _factors(self._raw, "unet.encoder.bn")
        self._down = [self._blocks(f"unet.encoder.layers.{stage}.conv") for stage in range(STAGES)]
        self._middle = [self._blocks(f"unet.intermediate.layers.{stage}.conv") for stage in range(MIDDLE_STAGES)]
        self._up = [
            (self._folded(f"{name}.conv1.0", f"{name}.conv1.1", axis=1), self._blocks(f"{name}.conv2"))
            for name in (f"unet.decoder.layers.{stage}" for stage in range(STAGES))
        ]
        self._last = _laid_out(self._raw["cnn.weight"]), self._raw["cnn.bias"]
        self._classifier = self._raw["fc.1.weight"], self._raw["fc.1.bias"]
        gru = torch.nn.GRU(OUT_CHANNELS * BANDS, GRU_WIDTH, batch_first=True, bidirectional=True, device="meta")
        names = [name for name, _ in gru.named_parameters()]
        gru.load_state_dict({name: self._raw[f"fc.0.gru.{name}"] for name in names}, assign=True)
        self._gru = gru.requires_grad_(requires_grad=False).eval()
        self._raw = {}

    def scores(self, mel: Any) -> Any:
        """Shape (frames, 360), 0..1, of a log-mel spectrogram of shape (128, frames)."""
        import torch  # noqa: PLC0415 - of an extra

        functional = torch.nn.functional
        frames = mel.shape[1]
        x = functional.pad(mel, (0, -frames % _MULTIPLE)).T[None, None]
        x = (x * self._entry[0] + self._entry[1]).contiguous(memory_format=torch.channels_last)
        kept = []
        for stage in self._down:
            x = _through(stage, x)
            kept.append(x)
            x = functional.avg_pool2d(x, 2)
        for stage in self._middle:
            x = _through(stage, x)
        for (weight, bias), stage in self._up:
            x = functional.conv_transpose2d(x, weight, bias, stride=2, padding=1, output_padding=1).relu_()
            x = _through(stage, torch.cat((x, kept.pop()), dim=1))
        x = functional.conv2d(x, *self._last, padding=1)
        heard = self._gru(x.transpose(1, 2).flatten(-2))[0][0, :frames]
        return torch.sigmoid(functional.linear(heard, *self._classifier))

    def _blocks(self, name: str) -> list[_Block]:
        return [self._block(f"{name}.{number}") for number in range(BLOCKS)]

    def _block(self, name: str) -> _Block:
        first = self._folded(f"{name}.conv.0", f"{name}.conv.1")
        second = self._folded(f"{name}.conv.3", f"{name}.conv.4")
        shortcut = self._raw.get(f"{name}.shortcut.weight")
        if shortcut is None:
            return first, second, None
        return first, second, (_laid_out(shortcut), self._raw[f"{name}.shortcut.bias"])

    def _folded(self, convolution: str, normalisation: str, axis: int = 0) -> _Convolution:
        """Weight and bias that do both. `axis`: of the weight's output channels."""
        scale, shift = _factors(self._raw, normalisation)
        sides = [1, 1, 1, 1]
        sides[axis] = -1
        return _laid_out(self._raw[f"{convolution}.weight"] * scale.view(sides)), shift


_Convolution = tuple[Any, Any]
_Block = tuple[_Convolution, _Convolution, _Convolution | None]


def _through(stage: list[_Block], x: Any) -> Any:
    """Residual blocks: two convolutions, beside a shortcut that changes nothing but the number of channels."""
    import torch  # noqa: PLC0415 - of an extra

    convolve = torch.nn.functional.conv2d
    for first, second, shortcut in stage:
        inner = convolve(convolve(x, *first, padding=1).relu_(), *second, padding=1).relu_()
        x = inner.add_(x if shortcut is None else convolve(x, *shortcut))
    return x


def _factors(tensors: Mapping[str, Any], name: str) -> tuple[Any, Any]:
    """Scale and shift of a batch normalisation."""
    scale = tensors[f"{name}.weight"] / (tensors[f"{name}.running_var"] + _EPSILON).sqrt()
    return scale, tensors[f"{name}.bias"] - tensors[f"{name}.running_mean"] * scale


def _laid_out(weight: Any) -> Any:
    """Channels last, as the activations are: convolutions for processors want it so."""
    import torch  # noqa: PLC0415 - of an extra

    return weight.contiguous(memory_format=torch.channels_last)
