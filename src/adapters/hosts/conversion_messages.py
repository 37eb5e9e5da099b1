"""How conversions travel in frames: sound and models as raw arrays, settings and reports as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

import numpy as np

from adapters.hosts.frames import Frame
from voicecore.audio import Audio
from voicecore.conversion import ConversionSettings, F0Method
from voicecore.errors import InvalidAudio
from voicecore.ports import ConversionReport, ModelParts

#: Longest recording of one call. At 48 kHz its sound takes 691 MB of a frame, in either direction.
LONGEST_CALL_S: Final = 3_600.0


def pack_model(model_id: str, parts: ModelParts) -> Frame:
    """A `load_model` call."""
    arrays = {"voice": np.frombuffer(parts.voice, np.uint8)}
    if parts.index is not None:
        arrays["index"] = np.frombuffer(parts.index, np.uint8)
    return Frame({"model": model_id}, arrays)


def unpack_model(frame: Frame) -> tuple[str, ModelParts]:
    """The inverse of `pack_model`."""
    index = frame.arrays.get("index")
    parts = ModelParts(frame.arrays["voice"].tobytes(), None if index is None else index.tobytes())
    return frame.head["model"], parts


def pack_conversion(audio: Audio, settings: ConversionSettings) -> Frame:
    """A `convert` call. Raises `InvalidAudio` if the recording is longer than a call may carry."""
    if audio.duration_s > LONGEST_CALL_S or audio.samples.nbytes > LONGEST_CALL_S * 48_000 * 4:
        raise InvalidAudio(
            f"The recording lasts {audio.duration_s:.0f} s at {audio.sample_rate_hz} Hz; one conversion takes up to "
            f"{LONGEST_CALL_S:.0f} s at 48000 Hz: cut it into parts."
        )
    return Frame({"rate": audio.sample_rate_hz, "settings": asdict(settings)}, {"sound": audio.samples})


def unpack_conversion(frame: Frame) -> tuple[Audio, ConversionSettings]:
    """The inverse of `pack_conversion`."""
    told = dict(frame.head["settings"])
    method = F0Method(told.pop("f0_method"))
    return Audio(frame.arrays["sound"], frame.head["rate"]), ConversionSettings(f0_method=method, **told)


def pack_converted(audio: Audio, report: ConversionReport) -> Frame:
    """The answer to `convert`."""
    head = {"rate": audio.sample_rate_hz, "index_used": report.index_used, "reason": report.reason,
            "notes": list(report.notes)}  # fmt: skip
    return Frame(head, {"sound": audio.samples})


def unpack_converted(frame: Frame) -> tuple[Audio, ConversionReport]:
    """The inverse of `pack_converted`."""
    head = frame.head
    return (
        Audio(frame.arrays["sound"], head["rate"]),
        ConversionReport(head["index_used"], head["reason"], tuple(head["notes"])),
    )
