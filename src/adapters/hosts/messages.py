"""How values of the core travel in frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from adapters.hosts.frames import Frame
from voicecore import errors
from voicecore.audio import Audio, AudioChunk
from voicecore.engine import Utterance
from voicecore.engine_settings import EngineSettings
from voicecore.errors import EngineFailed, UtteranceFailed, VoiceCoreError
from voicecore.language import Language
from voicecore.timing import WordTimes
from voicecore.voice import VoicePrint

_ERRORS: Mapping[str, type[VoiceCoreError]] = {
    name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, VoiceCoreError)
}


def pack_open(name: str, threads: int | None, settings: EngineSettings, *, call: str = "open") -> Frame:
    """An `open` call; or, by its name, `open_converter`."""
    told = asdict(settings)
    told["models_dir"] = None if settings.models_dir is None else str(settings.models_dir)
    told["accepted_licences"] = sorted(settings.accepted_licences)
    return Frame({"call": call, "engine": name, "threads": threads, "settings": told})


def unpack_open(frame: Frame) -> tuple[str, int | None, EngineSettings]:
    """The inverse of `pack_open`."""
    told = frame.head["settings"]
    folder = told.pop("models_dir")
    licences = frozenset(told.pop("accepted_licences"))
    settings = EngineSettings(models_dir=None if folder is None else Path(folder), accepted_licences=licences, **told)
    return frame.head["engine"], frame.head["threads"], settings


def pack_utterance(utterance: Utterance) -> Frame:
    """An `admit` call."""
    voice = utterance.voice
    preset = voice if isinstance(voice, str) else None
    print_of = None if isinstance(voice, str) else [voice.engine, voice.model_digest]
    head = {
        "id": utterance.id, "text": utterance.text, "language": utterance.language.tag, "preset": preset,
        "print": print_of, "parameters": dict(utterance.parameters), "seed": utterance.seed, "eager": utterance.eager,
        "word_times": utterance.word_times,
    }  # fmt: skip
    return Frame(head, {} if isinstance(voice, str) else voice.arrays)


def unpack_utterance(frame: Frame) -> Utterance:
    """The inverse of `pack_utterance`."""
    head = frame.head
    voice: str | VoicePrint = head["preset"]
    if head["print"] is not None:
        engine, digest = head["print"]
        voice = VoicePrint(engine, digest, frame.arrays)
    return Utterance(
        id=head["id"], text=head["text"], language=Language.parse(head["language"]), voice=voice,
        parameters=head["parameters"], seed=head["seed"], eager=head["eager"],
        word_times=head["word_times"],
    )  # fmt: skip


def pack_clips(clips: Sequence[Audio], language: Language) -> Frame:
    """An `enroll` call."""
    head = {"language": language.tag, "rates": [clip.sample_rate_hz for clip in clips]}
    return Frame(head, {str(number): clip.samples for number, clip in enumerate(clips)})


def unpack_clips(frame: Frame) -> tuple[list[Audio], Language]:
    """The inverse of `pack_clips`."""
    clips = [Audio(frame.arrays[str(number)], rate) for number, rate in enumerate(frame.head["rates"])]
    return clips, Language.parse(frame.head["language"])


def pack_print(voice: VoicePrint) -> Frame:
    """The answer to `enroll` and `mix`."""
    return Frame({"engine": voice.engine, "model_digest": voice.model_digest, "notes": list(voice.notes)}, voice.arrays)


def unpack_print(frame: Frame) -> VoicePrint:
    """The inverse of `pack_print`."""
    return VoicePrint(frame.head["engine"], frame.head["model_digest"], frame.arrays, tuple(frame.head["notes"]))


def pack_parts(parts: Sequence[tuple[str | VoicePrint, float]]) -> Frame:
    """A `mix` call. The arrays of part 2 are named `2.…`."""
    told: list[dict[str, Any]] = []
    arrays: dict[str, Any] = {}
    for number, (voice, weight) in enumerate(parts):
        if isinstance(voice, str):
            told.append({"preset": voice, "weight": weight})
            continue
        names = list(voice.arrays)
        told.append({"engine": voice.engine, "model_digest": voice.model_digest, "arrays": names, "weight": weight})
        arrays |= {f"{number}.{name}": array for name, array in voice.arrays.items()}
    return Frame({"parts": told}, arrays)


def unpack_parts(frame: Frame) -> list[tuple[str | VoicePrint, float]]:
    """The inverse of `pack_parts`."""
    parts: list[tuple[str | VoicePrint, float]] = []
    for number, told in enumerate(frame.head["parts"]):
        if "preset" in told:
            parts.append((told["preset"], told["weight"]))
            continue
        arrays = {name: frame.arrays[f"{number}.{name}"] for name in told["arrays"]}
        parts.append((VoicePrint(told["engine"], told["model_digest"], arrays), told["weight"]))
    return parts


def pack_chunks(chunks: Sequence[AudioChunk]) -> Frame:
    """The answer to `step`."""
    listed = [
        [chunk.utterance_id, chunk.sample_rate_hz, chunk.last, None if chunk.times is None else chunk.times.document()]
        for chunk in chunks
    ]
    return Frame({"chunks": listed}, {str(number): chunk.samples for number, chunk in enumerate(chunks)})


def unpack_chunks(frame: Frame) -> tuple[AudioChunk, ...]:
    """The inverse of `pack_chunks`."""
    return tuple(
        AudioChunk(name, frame.arrays[str(number)], rate, last, None if told is None else WordTimes.of_document(told))
        for number, (name, rate, last, told) in enumerate(frame.head["chunks"])
    )


def pack_error(error: BaseException) -> dict[str, Any]:
    """An error as the head of an answer. One that is not ours becomes an `EngineFailed` naming its class: its message may quote
    what was to be spoken, which belongs neither into a log nor to whoever reads the job.
    """
    if isinstance(error, VoiceCoreError):
        told = {"error": type(error).__name__, "message": error.message, "field": error.field}
        return {**told, "utterance": error.utterance_id} if isinstance(error, UtteranceFailed) else told
    return {"error": "EngineFailed", "message": f"The engine failed: {type(error).__name__}.", "field": None}


def unpack_error(head: Mapping[str, Any]) -> VoiceCoreError:
    """The inverse of `pack_error`."""
    kind = _ERRORS.get(head["error"], EngineFailed)
    error = kind(head["message"])
    error.field = head["field"]
    if isinstance(error, UtteranceFailed):
        error.utterance_id = head["utterance"]
    return error
