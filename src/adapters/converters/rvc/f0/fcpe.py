"""FCPE, "fast context-based pitch estimation": the method `fcpe`.

A network of depthwise convolutions over a log-mel spectrogram. Ours computes what torchfcpe 0.0.4 does
(torchfcpe/models_infer.py, model_conformer_naive.py, MIT), whose package brings the weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from voicecore.errors import ModelCorrupt

from .cents import hz_of, local_average
from .mel import FFT_SIZE, filterbank, log_mel
from .packaged import packaged_checkpoint
from .tracker import F0_MAX_HZ, F0_MIN_HZ, FRAME_SAMPLES, Heard, Track, fitted

PACKAGE, FILE = "torchfcpe", "assets/fcpe_c_v001.pt"
_LAYERS = 6
_WIDTH, _INNER, _REACH = 512, 1024, 15
#: Where torchfcpe draws the line between voiced and unvoiced.
_VOICED_ABOVE = 0.006
#: Added to the power of the spectrum.
_TINY = 1e-9
_PADDING = (FFT_SIZE - FRAME_SAMPLES) // 2


class FcpeTracker:
    """`F0Tracker` by FCPE."""

    def __init__(self, device: str) -> None:
        import torch  # noqa: PLC0415 - of an extra

        self._device = device
        self._tensors = _prepared(packaged_checkpoint(PACKAGE, FILE), device)
        self._bank = torch.from_numpy(filterbank(low_hz=0.0, htk=False)).to(device)
        self._window = torch.hann_window(FFT_SIZE, device=device)

    def track(self, samples: Heard, frames: int, *, hop_length: int = FRAME_SAMPLES) -> Track:  # noqa: ARG002 - has its own
        """See `F0Tracker`."""
        import torch  # noqa: PLC0415 - of an extra

        with torch.inference_mode():
            scores = self.scores(torch.tensor(samples, device=self._device))
        found = scores.cpu().numpy()
        cents = self._tensors["cent_table"].cpu().numpy()
        pitch = hz_of(local_average(found, found.argmax(axis=1), cents))
        voiced = (found.max(axis=1) > _VOICED_ABOVE) & (pitch >= F0_MIN_HZ)
        return fitted(np.where(voiced, np.minimum(pitch, F0_MAX_HZ), 0), frames)

    def scores(self, samples: Any) -> Any:
        """The score of each class, shape (n // 160 + 1, 360), 0..1; `samples` is a tensor of shape (n,)."""
        import torch  # noqa: PLC0415 - of an extra

        functional, tensors = torch.nn.functional, self._tensors
        x = self._mel(samples)[None]
        x = functional.conv1d(x, tensors["input_stack.0.weight"], tensors["input_stack.0.bias"], padding=1)
        x = functional.group_norm(x, 4, tensors["input_stack.1.weight"], tensors["input_stack.1.bias"])
        x = functional.leaky_relu(x)
        x = functional.conv1d(x, tensors["input_stack.3.weight"], tensors["input_stack.3.bias"], padding=1)
        x = x[0].T
        for number in range(_LAYERS):
            x = x + self._layer(x, f"net.encoder_layers.{number}.conformer.net.")
        x = functional.layer_norm(x, (_WIDTH,), tensors["norm.weight"], tensors["norm.bias"])
        return torch.sigmoid(functional.linear(x, tensors["output_proj.weight"], tensors["output_proj.bias"]))

    def _layer(self, x: Any, name: str) -> Any:
        """What a layer adds to x, shape (frames, 512)."""
        import torch  # noqa: PLC0415 - of an extra

        functional, tensors = torch.nn.functional, self._tensors
        x = functional.layer_norm(x, (_WIDTH,), tensors[name + "0.weight"], tensors[name + "0.bias"])
        x = functional.glu(functional.linear(x, tensors[name + "2.weight"][..., 0], tensors[name + "2.bias"]))
        weight, bias = tensors[name + "4.conv.weight"], tensors[name + "4.conv.bias"]
        x = functional.silu(functional.conv1d(x.T[None], weight, bias, padding=_REACH, groups=_INNER)[0].T)
        return functional.linear(x, tensors[name + "6.weight"][..., 0], tensors[name + "6.bias"])

    def _mel(self, samples: Any) -> Any:
        """Shape (128, n // 160 + 1). The last frame is heard twice where the padding leaves no room for another."""
        import torch  # noqa: PLC0415 - of an extra

        length = samples.shape[0]
        right = max(_PADDING, FFT_SIZE - length - _PADDING)
        mode = "reflect" if right < length else "constant"
        padded = torch.nn.functional.pad(samples[None], (_PADDING, right), mode=mode)[0]
        mel = log_mel(padded, self._bank, self._window, tiny=_TINY)
        frames = length // FRAME_SAMPLES + 1
        return torch.cat((mel, mel[:, -1:].expand(-1, max(0, frames - mel.shape[1]))), dim=1)[:, :frames]


def _prepared(checkpoint: Any, device: str) -> Mapping[str, Any]:
    """The tensors, with the last layer's weight norm (Salimans, Kingma 2016: w = g v / |v|) multiplied out."""
    import torch  # noqa: PLC0415 - of an extra

    try:
        config, tensors = checkpoint["config_dict"]["model"], dict(checkpoint["model"])
        known = (config["n_layers"], config["hidden_dims"], config["conv_only"]) == (_LAYERS, _WIDTH, True)
        norm, direction = tensors.pop("output_proj.weight_g"), tensors.pop("output_proj.weight_v")
    except (KeyError, TypeError) as error:
        raise ModelCorrupt(f"torchfcpe's weights lack {error}; version 0.0.4 is the one that fits.") from error
    if not known:
        raise ModelCorrupt("torchfcpe's weights are of another network; version 0.0.4 is the one that fits.")
    tensors["output_proj.weight"] = norm * direction / torch.linalg.vector_norm(direction, dim=1, keepdim=True)
    return {name: each.float().to(device) for name, each in tensors.items()}
