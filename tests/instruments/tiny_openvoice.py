"""A tiny OpenVoice converter with random weights, as its publisher would offer it: upstream's real network, 1 million numbers.

It converts nothing into anybody's voice, but it has the shapes, the receptive field and the failure modes of the real one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from adapters.coqui import prepare_coqui

SAMPLE_RATE_HZ = 22_050
CONFIG: dict[str, Any] = {
    "_version_": "v2",
    "data": {"sampling_rate": SAMPLE_RATE_HZ, "filter_length": 1024, "hop_length": 256, "win_length": 1024, "n_speakers": 0},
    "model": {
        "zero_g": True, "inter_channels": 16, "hidden_channels": 16, "filter_channels": 768, "n_heads": 2, "n_layers": 6,
        "kernel_size": 3, "p_dropout": 0.1, "resblock": "1", "resblock_kernel_sizes": [3, 7, 11],
        "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5], [1, 3, 5]], "upsample_rates": [8, 8, 2, 2],
        "upsample_initial_channel": 32, "upsample_kernel_sizes": [16, 16, 4, 4], "gin_channels": 32,
    },
}  # fmt: skip


def tiny_network(seed: int = 1) -> Any:
    """Upstream's class with random weights. The global generator is left as it was."""
    prepare_coqui()
    import torch
    from TTS.vc.configs.openvoice_config import OpenVoiceArgs, OpenVoiceConfig
    from TTS.vc.models.openvoice import OpenVoice

    known = {name: value for name, value in CONFIG["model"].items() if name in OpenVoiceArgs.__dataclass_fields__}
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = OpenVoice(OpenVoiceConfig(model_args=OpenVoiceArgs(**known)))
        _make_lively(network)
    return network.eval()


def _make_lively(network: Any) -> None:
    """What begins as zeros or hardly speaks gets numbers, so that every input of the network changes its sound."""
    import torch

    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.startswith("flow") and ".post." in name:
                parameter.normal_(0.0, 0.1)  # upstream begins with a flow that does nothing
            elif name.startswith("dec.ups") and name.endswith("original0"):
                parameter.mul_(10.0)  # of weights that begin at 0.01
            elif name.startswith("ref_enc.convs") and name.endswith("original0"):
                parameter.mul_(2.0)
        network.ref_enc.proj.weight.mul_(6.0)
        # Without the part of it that only shifts the sound away from zero.
        network.dec.conv_post.weight.sub_(network.dec.conv_post.weight.mean(dim=2, keepdim=True))
        network.dec.conv_post.weight.mul_(1e-4)  # so far below full scale the last layer's tanh changes nothing
        loudness = network.dec(
            torch.randn(1, network.inter_channels, 40), g=torch.zeros(1, network.gin_channels, 1)
        ).std()
        network.dec.conv_post.weight.mul_(0.15 / loudness)


def write_published(folder: Path, seed: int = 1) -> Path:
    """`checkpoint.pth` and `config.json` in the folder, as published; returns the folder."""
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    torch.save({"model": tiny_network(seed).state_dict(), "iteration": 0}, folder / "checkpoint.pth")
    (folder / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    return folder
