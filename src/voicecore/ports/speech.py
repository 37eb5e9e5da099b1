"""Speech: engines, and where they run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from voicecore.audio import Audio, AudioChunk
from voicecore.engine import EngineCard, Utterance
from voicecore.language import Language
from voicecore.ports.converters import ModelConverter
from voicecore.voice import VoicePrint


class SpeechEngine(Protocol):
    """A loaded model that speaks. One thread uses it at a time; only `drop` may come from another thread.

    It has the shape of a batching engine: admit utterances, step, collect their chunks.
    """

    @property
    def card(self) -> EngineCard:
        """What it can do; the same object as its provider's."""

    def measure(self, text: str, language: Language) -> int:
        """Size of `text` in the card's `segment_unit`, as the model will see it; ≥ 0, and cheap enough to call often."""

    def enroll(self, clips: Sequence[Audio], language: Language) -> VoicePrint:
        """Learn a voice from reference speech. Raises `InvalidAudio` if the clips are too short, too long or silent."""

    def mix(self, parts: Sequence[tuple[str | VoicePrint, float]]) -> VoicePrint:
        """A new voice between others: 2 to 8 presets or prints of this engine, each with a weight above 0.

        Only the ratio of the weights counts; the engine knows what the mean of its voices is. Raises `InvalidInput` where
        the card says that it does not mix, for an unknown preset, and for a print that it could not speak with.
        """

    def admit(self, utterance: Utterance) -> None:
        """Accept an utterance. Raises `InvalidInput` if it is too long, or `Conflict` if the batch is full or the id in use."""

    def step(self) -> Sequence[AudioChunk]:
        """Work for a while and return the chunks that are ready, in order within an utterance.

        Empty if nothing is admitted, or nothing is ready yet.

        An `UtteranceFailed` ends the one that it names. Any other `EngineFailed` ends every admitted utterance.
        """

    def drop(self, utterance_id: str) -> None:
        """Forget an utterance; no chunk of it comes after this. Unknown ids are ignored."""

    def gauges(self) -> Mapping[str, float]:
        """What it counted and holds, for people who watch it: `name` → number, names in snake_case with their unit.

        A name that ends in `_total` only grows. Empty where there is nothing to tell.
        """

    def close(self) -> None:
        """Give back memory and processes. Idempotent."""


class EngineProvider(Protocol):
    """How an engine is described and opened.

    It is found by entry point (group `voicecore.engines`), whose object is called with the `EngineSettings` and returns
    the provider.
    """

    name: str

    def card(self) -> EngineCard:
        """The card, without loading the model. Raises `NotInstalled` if packages or weights are missing."""

    def problems(self) -> Sequence[str]:
        """What keeps the engine from opening, each with the way to mend it; empty if nothing does."""

    def open(self, *, threads: int | None = None) -> SpeechEngine:
        """Load the model. Raises `MissingDependency`, `MissingModel` or `ModelCorrupt`."""


class EngineHost(Protocol):
    """Where engines and converters run. One thread uses them at a time; only `interrupt` may come from another."""

    def engine(self, name: str) -> SpeechEngine:
        """The engine, opened if it is not yet, or if it died since. Raises as `EngineProvider.open` does."""

    def converter(self, name: str) -> ModelConverter:
        """The converter of models, opened if it is not yet, or if it died since; it keeps its models from job to job.

        Where several slots share a host, another slot's models may drive one out between two calls: `convert` then raises
        `NotFound`, and the model is to be loaded again; a `convert` right after `load` finds it, whatever others do.
        After its process ended every call raises `EngineCrashed`.

        Raises:
            NotFound: no installed package offers a converter of this name.
            NotInstalled: packages or weights are missing (`MissingDependency`, `MissingModel`).
            ModelCorrupt: weights that all models share are damaged.
            EngineCrashed: the process ended while it was opened.
        """

    def interrupt(self) -> None:
        """Make a call that is under way end within 2 s, by force if need be: it raises `EngineCrashed`.

        Nothing under way: nothing happens. The host stays usable: where force was needed, the next `engine` or `converter`
        starts afresh.
        """

    def rest(self) -> None:
        """Said at the end of a job: until the next `engine` or `converter` nobody uses what is loaded, which may be unloaded."""

    def gauges(self) -> Mapping[str, Mapping[str, float]]:
        """The gauges of each loaded engine and converter, by its name, as of the end of the last job; may come from any thread."""

    def alive(self) -> bool:
        """Whether the host could take work now (a host that has not started yet could)."""

    def close(self) -> None:
        """Close engines and end processes. Idempotent."""
