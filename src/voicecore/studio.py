"""The library's face: an engine in this process, without jobs, stores or servers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Self

from voicecore.audio import Audio, join
from voicecore.engine import EngineCard
from voicecore.engine_settings import EngineSettings, Precision
from voicecore.errors import Conflict, InvalidInput
from voicecore.language import Language
from voicecore.pipeline import SpokenChunk, speak
from voicecore.planning import plan_segments, resolve, utterance_maker
from voicecore.ports import SpeechEngine
from voicecore.registry import engine_provider
from voicecore.request import checked_seed, checked_text
from voicecore.text import Segment
from voicecore.voice import DEFAULT_PRESET, VoicePrint


class Speech:
    """A text on its way to sound: which segments it has, and their chunks as they are made. Iterate it once."""

    def __init__(self, segments: Sequence[Segment], chunks: Iterator[SpokenChunk]) -> None:
        #: How the text was cut; every character belongs to one segment.
        self.segments = tuple(segments)
        self._chunks = chunks

    def __iter__(self) -> Iterator[SpokenChunk]:
        return self._chunks


class Studio:
    """An open engine. Use it as a context manager, from one thread at a time. Made by `voicecore.open`."""

    def __init__(self, engine: SpeechEngine) -> None:
        self._engine = engine
        self._numbers = itertools.count()
        self._closed = False
        self._speaking = False

    @property
    def card(self) -> EngineCard:
        """What the engine can do."""
        return self._engine.card

    def say(
        self,
        text: str,
        *,
        language: str = "pt-BR",
        voice: str | VoicePrint = DEFAULT_PRESET,
        seed: int = 0,
        **parameters: float,
    ) -> Audio:
        """The text as sound.

        Args:
            text: 1..10 000 characters.
            language: BCP 47 tag of the text.
            voice: id of a preset (`card.presets` lists them), or what `enroll` returned.
            seed: 0..2**32-1, for engines that draw random numbers.
            parameters: knobs such as `speed=0.9` (`card.parameters` and `voicecore.profiles.PIPELINE_PARAMETERS`).

        Raises:
            InvalidInput: if any of these is not right; the message says how to mend it.
            Conflict: if a stream of this studio has begun and not ended.
            EngineFailed: if the engine could not speak.
        """
        pieces = self.stream(text, language=language, voice=voice, seed=seed, **parameters)
        return join((piece.samples for piece in pieces), self.card.sample_rate_hz)

    def stream(
        self,
        text: str,
        *,
        language: str = "pt-BR",
        voice: str | VoicePrint = DEFAULT_PRESET,
        seed: int = 0,
        **parameters: float,
    ) -> Iterator[Audio]:
        """As `say`, but yields the sound in pieces, as it is made. All input is checked before this returns."""
        speech = self.speech(text, language=language, voice=voice, seed=seed, word_times=False, **parameters)
        rate = self.card.sample_rate_hz
        return (Audio(chunk.samples, rate) for chunk in speech if chunk.samples.size)

    def speech(
        self,
        text: str,
        *,
        language: str = "pt-BR",
        voice: str | VoicePrint = DEFAULT_PRESET,
        seed: int = 0,
        word_times: bool = False,
        **parameters: float,
    ) -> Speech:
        """As `stream`, for callers that want to know which segment each chunk belongs to, how many there are, and when their words
        are heard.

        Args:
            word_times: whether an engine that has to work for the times of words (`card.word_times`) shall do so.
        """
        self._must_be_open()
        checked_text(text)
        card = self.card
        spoken = card.spoken(Language.parse(language))
        if isinstance(voice, str):
            card.preset(voice, spoken)
        checked_seed(seed)
        resolved = resolve(card, parameters)
        segments = plan_segments(self._engine, text, spoken, resolved)
        utter = utterance_maker(
            card, f"studio{next(self._numbers)}", spoken, voice, resolved, seed, word_times=word_times
        )
        return Speech(segments, self._alone(speak(self._engine, segments, utter)))

    def _alone(self, chunks: Iterator[SpokenChunk]) -> Iterator[SpokenChunk]:
        """The chunks, while nobody else uses the engine: what it makes goes to whoever asks it next."""
        if self._speaking:
            raise Conflict(
                "This studio is speaking another text: finish or close that stream first, or open another studio."
            )
        self._speaking = True
        try:
            yield from chunks
        finally:
            self._speaking = False

    def enroll(self, clips: Audio | Sequence[Audio], *, language: str = "pt-BR") -> VoicePrint:
        """Learn a voice from reference speech, to be given as `voice`. `card.enrolment` says what this engine makes of it.

        Raises:
            InvalidInput: if the engine learns no voices.
            InvalidAudio: if the reference is too short, too long or silent.
        """
        self._must_be_open()
        if self.card.enrolment is None:
            raise InvalidInput(f"The engine {self.card.name!r} cannot learn voices.", field="engine")
        spoken = self.card.spoken(Language.parse(language))
        return self._engine.enroll([clips] if isinstance(clips, Audio) else list(clips), spoken)

    def mix(self, parts: Sequence[tuple[str | VoicePrint, float]]) -> VoicePrint:
        """A voice between 2 to 8 presets or prints of this engine, each with a weight above 0, to be given as `voice`.

        Raises:
            InvalidInput: if the engine mixes no voices (`card.mixes_voices`), or not these.
        """
        self._must_be_open()
        return self._engine.mix(parts)

    def close(self) -> None:
        """Give back the engine's memory. Idempotent."""
        self._closed = True
        self._engine.close()

    def _must_be_open(self) -> None:
        if self._closed:
            raise Conflict("This studio is closed; open another one.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_studio(
    engine: str = "kokoro",
    *,
    threads: int | None = None,
    models_dir: str | PathLike[str] | None = None,
    device: str = "auto",
    precision: str = "exact",
    accept_licence: bool = False,
) -> Studio:
    """Open an engine by name and get a `Studio` that speaks with it.

    Args:
        engine: name of an installed engine (`voicecore.registry.engine_names` lists them).
        threads: processor threads of the model; None takes the engine's choice.
        models_dir: folder of model weights, for engines whose weights no package brings.
        device: `auto`, `cpu`, `cuda` or `cuda:N`, for engines that can run on a graphics card.
        precision: `exact`, `bf16` or `int8`, for engines that can trade exactness for speed.
        accept_licence: whether you have read and accepted the licence of the model, where it asks for that.

    Raises:
        NotFound: if no such engine is installed.
        NotInstalled: if its packages or weights are missing; the message says what to install.
    """
    settings = EngineSettings(
        models_dir=None if models_dir is None else Path(models_dir),
        device=device,
        precision=Precision.parse(precision),
        accepted_licences=frozenset({engine} if accept_licence else ()),
    )
    return Studio(engine_provider(engine, settings).open(threads=threads))
