"""`say` in this process: an engine, its segments, and a report of what was made."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from entrypoints.cli.formats import write_audio
from entrypoints.cli.local_mark import local_marking
from entrypoints.cli.rvc_options import Knobs
from entrypoints.cli.subtitle_files import SubtitleFile
from entrypoints.cli.target import Target
from entrypoints.settings import Settings
from entrypoints.watermarks import opened
from voicecore.audio import Samples
from voicecore.language import Language
from voicecore.pipeline import SpokenChunk
from voicecore.ports import EngineProvider
from voicecore.profiles import BUILT_IN, serves
from voicecore.studio import Speech, Studio
from voicecore.timed_text import TimedSegment, TimedText
from voicecore.timing import place
from voicecore.usecases.watermarked import WatermarkedEngine

Watch = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What `say` was asked for.

    Attributes:
        rvc: id or name of the conversion model, or None; `knobs` are those of RVC that were named.
        rvc_required: whether to fail rather than keep the plain voice.
        captions: where subtitles go, or None.
    """

    text: str
    language: str
    voice: str
    audio_format: str
    speed: float | None = None
    seed: int = 0
    profile: str | None = None
    threads: int | None = None
    rvc: str | None = None
    rvc_required: bool = False
    knobs: Knobs = field(default_factory=dict)
    captions: SubtitleFile | None = None


@dataclass(slots=True)
class _Account:
    """What was made so far. Times in seconds."""

    sample_rate_hz: int
    started: float
    first_sound_s: float | None = None
    samples: int = 0
    segments: list[dict[str, Any]] = field(default_factory=list)
    timed: list[TimedSegment] = field(default_factory=list)

    def add(self, text: str, chunk: SpokenChunk) -> None:
        segment, block = chunk.segment, chunk.samples
        if not self.segments or self.segments[-1]["index"] != segment.index:
            self.segments.append({"index": segment.index, "text": segment.text, "start": segment.start,
                                  "end": segment.end, "start_s": self.seconds(self.samples), "duration_s": 0.0})  # fmt: skip
        if block.size and self.first_sound_s is None:
            self.first_sound_s = time.perf_counter() - self.started
        self.samples += len(block)
        latest = self.segments[-1]
        latest["duration_s"] = self.seconds(self.samples) - latest["start_s"]
        if chunk.last:
            start_s = latest["start_s"]
            end_s = max(start_s, self.seconds(self.samples) - segment.pause_after_s)
            words = place(chunk.times, segment, text, start_s=start_s, end_s=end_s)
            self.timed.append(TimedSegment(segment.start, segment.end, start_s, end_s, words))

    def seconds(self, samples: int) -> float:
        return samples / self.sample_rate_hz


def built_in_parameters(profile: str | None, engine: str) -> dict[str, float] | None:
    """Knobs of a built-in quality profile; none for no profile, None if there is none of this name for the engine."""
    if profile is None:
        return {}
    return next((dict(each.parameters) for each in BUILT_IN if each.id == profile and serves(each, engine)), None)


def speak_here(
    order: Order, provider: EngineProvider, target: Target, watch: Watch, settings: Settings
) -> dict[str, Any]:
    """Speak into `target`; the report.

    Args:
        watch: is told how many segments are done, and of how many.

    Raises:
        InvalidInput: if the engine cannot do what was asked.
        NotInstalled: if the engine's packages or weights are missing.
    """
    card = provider.card()
    spoken = card.spoken(Language.parse(order.language))
    card.preset(order.voice, spoken)  # before the model is loaded, since that takes a second
    parameters = built_in_parameters(order.profile, card.name) or {}
    if order.speed is not None:
        parameters["speed"] = order.speed
    marking = local_marking(settings, card.name, card.model_digest)
    began = time.perf_counter()
    with ExitStack() as stack:
        watermarker = stack.enter_context(opened(settings))
        engine = provider.open(threads=order.threads)
        studio = stack.enter_context(Studio(engine if watermarker is None else WatermarkedEngine(engine, watermarker)))
        stack.enter_context(target.finished_or_discarded())
        load_s = time.perf_counter() - began
        speech = studio.speech(
            order.text, language=order.language, voice=order.voice, seed=order.seed,
            word_times=order.captions is not None, **parameters,
        )  # fmt: skip
        account = _Account(card.sample_rate_hz, time.perf_counter())
        blocks = _blocks(order.text, speech, account, watch)
        write_audio(target, blocks, card.sample_rate_hz, order.audio_format, marking)
        if order.captions is not None:
            order.captions.write(TimedText(order.text, tuple(account.timed)))
    speak_s = time.perf_counter() - account.started
    duration_s = account.seconds(account.samples)
    return {
        "path": target.name, "format": order.audio_format, "bytes": target.bytes_written, "duration_s": duration_s,
        "sample_rate_hz": card.sample_rate_hz, "engine": card.name, "language": spoken.tag, "voice": order.voice,
        "seed": order.seed, "segments": account.segments, "load_s": load_s, "first_sound_s": account.first_sound_s,
        "speak_s": speak_s, "real_time_factor": speak_s / duration_s if duration_s else None,
    }  # fmt: skip


def _blocks(text: str, speech: Speech, account: _Account, watch: Watch) -> Iterator[Samples]:
    total = len(speech.segments)
    done = 0
    watch(done, total)
    for chunk in speech:
        account.add(text, chunk)
        if chunk.samples.size:
            yield chunk.samples
        if chunk.last:
            done += 1
            watch(done, total)
