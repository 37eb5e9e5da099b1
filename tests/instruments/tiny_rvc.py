"""RVC voices with random weights in the standard layout, tiny or of full size, and indexes for them.

They convert nothing into anybody's voice, but have the shapes, the receptive field and the failure modes of real ones, and
what they make is neither silence nor full scale. Run it to make some: `python -m tests.instruments.tiny_rvc FOLDER [full]`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from adapters.converters.rvc.synthesiser.shapes import expected_shapes
from adapters.converters.rvc.values import CONTENT_WIDTH, VoiceConfig

#: Version and rate → upsampling rates and their widths, as RVC's configs/{v1,v2}/*.json have them.
UPSAMPLINGS = {
    ("v1", 32_000): ([10, 4, 2, 2, 2], [16, 16, 4, 4, 4]),
    ("v1", 40_000): ([10, 10, 2, 2], [16, 16, 4, 4]),
    ("v1", 48_000): ([10, 6, 2, 2, 2], [16, 16, 4, 4, 4]),
    ("v2", 32_000): ([10, 8, 2, 2], [20, 16, 4, 4]),
    ("v2", 40_000): ([10, 10, 2, 2], [16, 16, 4, 4]),
    ("v2", 48_000): ([12, 10, 2, 2], [24, 20, 4, 4]),
}


def config_list(version: str = "v2", sample_rate: int = 40_000, *, full: bool = False) -> list[Any]:
    """The 18 entries that a checkpoint has under `config`."""
    rates, kernels = UPSAMPLINGS[version, sample_rate]
    blocks = [3, 7, 11], [[1, 3, 5]] * 3
    spectrum = 513 if sample_rate == 32_000 else 1025
    if full:
        return [spectrum, 32, 192, 192, 768, 2, 6, 3, 0, "1", *blocks, rates, 512, kernels, 109, 256, sample_rate]
    return [spectrum, 32, 16, 16, 32, 2, 2, 3, 0, "1", *blocks, rates, 64, kernels, 3, 16, sample_rate]


def weights(config: VoiceConfig, seed: int = 0) -> dict[str, np.ndarray]:
    """Random float16 weights of every shape that the config asks for; signals keep about their size on their way."""
    generator = np.random.default_rng(seed)
    made: dict[str, np.ndarray] = {}
    for name, shape in expected_shapes(config).items():
        if name.endswith("weight_g"):
            continue
        drawn = generator.standard_normal(shape) * _scale(name, shape)
        if name.endswith("gamma"):
            drawn = 1 + 0.1 * drawn
        if name == "dec.m_source.l_linear.weight":
            drawn = np.full(shape, 5.0)
        if name.endswith("weight_v"):
            # Upstream's norm leaves the first dimension; twice a v is the same voice, so v need not be of the weight's size.
            norm = np.sqrt(np.sum(drawn**2, axis=(1, 2), keepdims=True))
            made[name.removesuffix("v") + "g"] = norm.astype(np.float16)
            drawn = 2 * drawn
        made[name] = drawn.astype(np.float16)
    return made


def _scale(name: str, shape: tuple[int, ...]) -> float:
    """Standard deviation of a tensor's numbers."""
    if name.endswith("bias"):
        return 0.02
    if len(shape) == 1 or ("emb_" in name and "phone" not in name):
        return 0.3
    into = shape[1] * (shape[2] if len(shape) == 3 else 1)
    if name.startswith("dec.ups"):
        into = shape[0] * 2  # each position that leaves hears about two that enter
    gain = 1.0
    if name.startswith("dec.resblocks"):
        gain = 0.7
    elif name.startswith(("dec.ups", "dec.conv_pre")):
        gain = 1.3
    elif name.startswith("dec.conv_post"):
        gain = 0.15
    elif name.startswith("enc_p.proj"):
        gain = 0.5
    return float(gain / np.sqrt(into))


def checkpoint(
    version: str = "v2", sample_rate: int = 40_000, *, f0: bool = True, full: bool = False, seed: int = 0
) -> dict[str, Any]:
    """What RVC's `savee` writes, tensors of torch."""
    import torch

    numbers = config_list(version, sample_rate, full=full)
    config = VoiceConfig.of(numbers, version=version, f0=f0, speakers=numbers[15])
    return {
        "weight": {name: torch.from_numpy(each) for name, each in weights(config, seed).items()},
        "config": numbers,
        "info": "0epoch",
        "sr": f"{sample_rate // 1000}k",
        "f0": int(f0),
        "version": version,
    }


def make_voice(
    folder: Path, version: str = "v2", *, f0: bool = True, sample_rate: int = 40_000, full: bool = False, seed: int = 0
) -> Path:
    """A `.pth` in the folder; returns its path."""
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    pitch = "f0" if f0 else "nof0"
    path = folder / f"voice_{version}_{sample_rate // 1000}k_{pitch}{'_full' if full else ''}_{seed}.pth"
    torch.save(checkpoint(version, sample_rate, f0=f0, full=full, seed=seed), path)
    return path


def make_index(folder: Path, width: int = 768, count: int = 2_000, *, lists: int | None = None, seed: int = 0) -> Path:
    """A `.index` of so many random vectors as RVC trains it: `IVF{lists},Flat`, one list probed. Needs faiss."""
    import faiss

    folder.mkdir(parents=True, exist_ok=True)
    wanted = max(1, min(int(16 * count**0.5), count // 39)) if lists is None else lists
    vectors = np.random.default_rng(seed).standard_normal((count, width)).astype(np.float32)
    index = faiss.index_factory(width, f"IVF{wanted},Flat")
    faiss.extract_index_ivf(index).nprobe = 1
    index.train(vectors)
    index.add(vectors)
    path = folder / f"added_IVF{wanted}_Flat_nprobe_1_voice_{width}_{seed}.index"
    faiss.write_index(index, str(path))
    return path


def main() -> None:
    """One voice of each kind, and an index of each width."""
    folder, full = Path(sys.argv[1]), sys.argv[2:] == ["full"]
    for version, rate in UPSAMPLINGS:
        for f0 in (True, False):
            print(make_voice(folder, version, f0=f0, sample_rate=rate, full=full))
    for width in CONTENT_WIDTH.values():
        print(make_index(folder, width, 20_000 if full else 2_000))


if __name__ == "__main__":
    main()
