"""Voice conversion (RVC): its seven parameters."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from voicecore.quality import Parameter

#: Name of the converter whose targets are uploaded models. Jobs that only convert wait under it, as others do under their engine.
CONVERTER = "rvc"

#: Ranges and defaults of the service's contract. 0 is a value, never "unset".
CONVERSION_PARAMETERS = {
    "rvc_pitch": Parameter(-12, 12, 0, "Semitones to shift the pitch by."),
    "rvc_index_rate": Parameter(0, 1, 0.75, "How much of the target's own sounds is mixed in."),
    "rvc_protect": Parameter(0, 0.5, 0.33, "How far consonants and breaths are kept from conversion."),
    "rvc_rms_mix_rate": Parameter(0, 1, 0.25, "0 keeps the loudness of the source, 1 of the converted voice."),
    "rvc_filter_radius": Parameter(0, 7, 3, "Width of the median filter over the pitch.", integer=True),
    "rvc_hop_length": Parameter(1, 512, 128, "Samples between two pitch estimates.", integer=True),
}


class F0Method(StrEnum):
    """Pitch trackers."""

    RMVPE = "rmvpe"
    FCPE = "fcpe"
    PM = "pm"
    HARVEST = "harvest"
    DIO = "dio"
    CREPE = "crepe"
    CREPE_TINY = "crepe-tiny"
    SWIFT = "swift"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionSettings:
    """Which voice a finished utterance is converted to, and how. Ranges: `CONVERSION_PARAMETERS`.

    Attributes:
        seed: of the noise in the converted voice; the same audio, model and settings have the same sound.
    """

    model_id: str
    pitch: float = 0
    index_rate: float = 0.75
    protect: float = 0.33
    rms_mix_rate: float = 0.25
    filter_radius: int = 3
    hop_length: int = 128
    f0_method: F0Method = F0Method.RMVPE
    seed: int = 0

    def __post_init__(self) -> None:
        for name, parameter in CONVERSION_PARAMETERS.items():
            parameter.check(name, getattr(self, name.removeprefix("rvc_")))
