"""What goes between the parts of RVC: how a voice's network is built, and the voice as it is kept.

The names of a checkpoint's 18 numbers are those of RVC's `SynthesizerTrnMs768NSFsid` (infer/lib/infer_pack/models.py), in
its order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np

from voicecore.errors import ModelCorrupt

#: The content encoder and the pitch trackers hear this rate, mono.
HEARD_RATE_HZ = 16_000
#: Frames a second of pitch and of the synthesiser; the content encoder gives half as many, each of which counts twice.
FRAME_RATE_HZ = 100
#: Rates that RVC trains for.
SAMPLE_RATES_HZ = (32_000, 40_000, 48_000)

Version = Literal["v1", "v2"]
#: Numbers in a frame of content features.
CONTENT_WIDTH: Mapping[str, int] = {"v1": 256, "v2": 768}


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceConfig:
    """How the network of a voice is built.

    Attributes:
        version: `v1` hears 256 content features a frame, `v2` 768.
        f0: whether it follows a pitch.
        speakers: rows of the table of speakers, as the weights have it; the config of a checkpoint may claim another number.

    Raises:
        ModelCorrupt: a number is outside of what any RVC voice has; nothing is allocated before that is known.
    """

    spec_channels: int
    segment_size: int
    inter_channels: int
    hidden_channels: int
    filter_channels: int
    n_heads: int
    n_layers: int
    kernel_size: int
    p_dropout: float
    resblock: str
    resblock_kernel_sizes: tuple[int, ...]
    resblock_dilation_sizes: tuple[tuple[int, ...], ...]
    upsample_rates: tuple[int, ...]
    upsample_initial_channel: int
    upsample_kernel_sizes: tuple[int, ...]
    speakers: int
    speaker_channels: int
    sample_rate_hz: int
    version: Version
    f0: bool

    def __post_init__(self) -> None:
        for name, (low, high) in _BOUNDS.items():
            if not low <= getattr(self, name) <= high:
                raise ModelCorrupt(
                    f"The model's config says {name} {getattr(self, name)}; {low} to {high} is possible."
                )
        if self.version not in CONTENT_WIDTH:
            raise ModelCorrupt(f"The model is of RVC version {str(self.version)[:20]!r}; v1 and v2 are known.")
        if self.sample_rate_hz not in SAMPLE_RATES_HZ:
            raise ModelCorrupt(f"The model's rate is {self.sample_rate_hz} Hz; RVC has 32000, 40000 and 48000.")
        if self.resblock not in ("1", "2"):
            raise ModelCorrupt(f"The model's config says resblock {self.resblock[:20]!r}; 1 and 2 are known.")
        _same_length(self.resblock_kernel_sizes, self.resblock_dilation_sizes, "resblocks", 8)
        _same_length(self.upsample_rates, self.upsample_kernel_sizes, "upsamplings", 8)
        sizes = (*self.resblock_kernel_sizes, *self.upsample_rates, *self.upsample_kernel_sizes)
        dilations = [each for group in self.resblock_dilation_sizes for each in group]
        if not all(1 <= each <= 64 for each in (*sizes, *dilations)) or len(dilations) > 64:
            raise ModelCorrupt("The model's config has a kernel, a rate or a dilation outside of 1 to 64.")
        if self.samples_per_frame * FRAME_RATE_HZ != self.sample_rate_hz:
            raise ModelCorrupt(
                f"The model's config makes {self.samples_per_frame} samples of a frame, which is not {self.sample_rate_hz} Hz."
            )
        if self.upsample_initial_channel % 2 ** len(self.upsample_rates) or self.hidden_channels % self.n_heads:
            raise ModelCorrupt("The model's config has channels that its layers cannot divide.")

    @property
    def content_width(self) -> int:
        """Numbers in a frame of content features."""
        return CONTENT_WIDTH[self.version]

    @property
    def samples_per_frame(self) -> int:
        """Samples that one frame becomes."""
        product = 1
        for rate in self.upsample_rates:
            product *= rate
        return product

    @classmethod
    def of(cls, config: Sequence[Any], *, version: str, f0: bool, speakers: int) -> VoiceConfig:
        """From a checkpoint's list of 18.

        Args:
            speakers: rows of `emb_g.weight`.

        Raises:
            ModelCorrupt: the list is of another length, or holds what is no number of the kind that belongs there.
        """
        names = [each.name for each in fields(cls)][: len(_KINDS)]
        if len(config) != len(_KINDS):
            raise ModelCorrupt(f"The model's config has {len(config)} entries; an RVC voice has {len(_KINDS)}.")
        values = {name: _checked(name, kind, value) for name, kind, value in zip(names, _KINDS, config, strict=True)}
        return cls(**(values | {"speakers": speakers, "version": version, "f0": f0}))

    def as_document(self) -> dict[str, Any]:
        """For JSON; `from_document` reads it."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> VoiceConfig:
        """Raises `ModelCorrupt` for anything but what `as_document` gives."""
        names = [each.name for each in fields(cls)]
        if set(document) != set(names):
            raise ModelCorrupt(
                "The stored model's config has other fields than this version writes; add the model again."
            )
        numbered = [document[name] for name in names[: len(_KINDS)]]
        return cls.of(
            numbered,
            version=document["version"],
            f0=bool(document["f0"]),
            speakers=_checked("speakers", "int", document["speakers"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Voice:
    """A model as it is kept.

    Attributes:
        tensors: name in the checkpoint → array, float16 or float32, with the shapes of `synthesiser.expected_shapes(config)`.
        vectors: content features of the training recordings, shape (n, content width), float16; None without an index.
        digest: sha256 of all of it, in hex.
    """

    config: VoiceConfig
    tensors: Mapping[str, np.ndarray]
    vectors: np.ndarray | None
    digest: str

    @property
    def nbytes(self) -> int:
        """Memory of the arrays."""
        indexed = 0 if self.vectors is None else self.vectors.nbytes
        return indexed + sum(each.nbytes for each in self.tensors.values())


#: Of the entries of a checkpoint's list, in its order.
_KINDS = ("int",) * 8 + ("float", "str", "ints", "groups", "ints", "int", "ints", "int", "int", "int")
#: Widest that is plausible; the released architectures lie far inside.
_BOUNDS = {
    "spec_channels": (1, 4_096), "segment_size": (1, 1_024), "inter_channels": (2, 1_024), "hidden_channels": (2, 1_024),
    "filter_channels": (1, 4_096), "n_heads": (1, 16), "n_layers": (1, 24), "kernel_size": (1, 15), "p_dropout": (0, 1),
    "upsample_initial_channel": (4, 2_048), "speakers": (1, 4_096), "speaker_channels": (1, 1_024),
}  # fmt: skip


def _checked(name: str, kind: str, value: Any) -> Any:
    if kind == "int" and type(value) is int:
        return value
    if kind == "float" and type(value) in (int, float):
        return float(value)
    if kind == "str" and type(value) is str:
        return value
    if kind == "ints" and isinstance(value, list | tuple) and len(value) <= 64:
        return tuple(_checked(name, "int", each) for each in value)
    if kind == "groups" and isinstance(value, list | tuple) and len(value) <= 64:
        return tuple(_checked(name, "ints", each) for each in value)
    raise ModelCorrupt(
        f"The model's config has {str(value)[:40]!r} as {name}, which is not what an RVC voice has there."
    )


def _same_length(one: Sequence[object], other: Sequence[object], what: str, limit: int) -> None:
    if not 1 <= len(one) <= limit or len(one) != len(other):
        raise ModelCorrupt(
            f"The model's config speaks of {len(one)} and of {len(other)} {what}; 1 to {limit} are possible."
        )
