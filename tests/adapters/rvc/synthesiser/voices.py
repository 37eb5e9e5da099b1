"""Tiny voices, what they hear, and what rvc-python makes of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from adapters.converters.rvc.f0.coarse import coarse_pitch
from adapters.converters.rvc.values import Voice, VoiceConfig
from tests.instruments import rvc_python, tiny_rvc


def voice(version: str = "v2", rate: int = 40_000, *, f0: bool = True, full: bool = False, **changed: Any) -> Voice:
    """A random voice; `changed` are entries of its config by name."""
    config = VoiceConfig.of(
        tiny_rvc.config_list(version, rate, full=full), version=version, f0=f0, speakers=109 if full else 3
    )
    config = VoiceConfig.from_document(config.as_document() | changed)
    return Voice(config=config, tensors=tiny_rvc.weights(config), vectors=None, digest="")


def heard(of: Voice, frames: int, *, seed: int = 1) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Content of so many frames, and a melody with pauses where the voice follows one."""
    generator = torch.Generator().manual_seed(seed)
    content = torch.randn(frames, of.config.content_width, generator=generator)
    if not of.config.f0:
        return content, None
    time_s = torch.arange(frames) / 100
    pitch = 180 + 90 * torch.sin(5 * time_s)
    pitch[(time_s % 0.7) > 0.5] = 0
    return content, pitch


def upstream(of: Voice, content: torch.Tensor, pitch: torch.Tensor | None, *, seed: int, speaker: int = 0) -> Any:
    """What `infer` of rvc-python makes after `torch.manual_seed(seed)`; the global generator is left as it was."""
    config = of.config
    entries = [*config.as_document().values()][:18]
    network = rvc_python.filled(entries, config.version, of.tensors, f0=config.f0)
    length, sid = torch.tensor([len(content)]), torch.tensor([speaker])
    melody = () if pitch is None else (torch.from_numpy(coarse_pitch(pitch.numpy()))[None], pitch[None])
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        torch.manual_seed(seed)
        return network.infer(content[None], length, *melody, sid)[0][0, 0]


def distance(one: torch.Tensor, other: torch.Tensor) -> float:
    """The largest difference of two sounds of one length."""
    assert one.shape == other.shape
    return float(np.abs(one.numpy() - other.numpy()).max())
