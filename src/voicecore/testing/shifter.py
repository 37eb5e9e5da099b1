"""A converter of models for tests: it turns the wave over, modulates it, and gives it another rate. No packages.

`ShifterPlan` makes it slow, fail, hang or die on purpose; `shifter_file` makes a model for it, as `ShifterIntake` reads it.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from voicecore.audio import Audio, Samples
from voicecore.conversion import ConversionSettings, F0Method
from voicecore.engine_settings import EngineSettings
from voicecore.errors import EngineFailed, ModelCorrupt, NotFound
from voicecore.ports import ConversionReport, ConverterCard, ModelFacts, ModelParts
from voicecore.tone_colour import SILENT_BELOW, check_speech

#: Where a test describes the converter's behaviour, as JSON of `ShifterPlan`'s fields.
PLAN_VARIABLE = "VOICECORE_TESTING_SHIFTER"
_MAGIC = b"shifter "
_RATES_HZ = (32_000, 40_000, 48_000)


@dataclass(frozen=True, slots=True)
class ShifterPlan:
    """What goes wrong, and when.

    Attributes:
        trouble: `fail` raises `EngineFailed`, `memory` `MemoryError`, `defect` `RuntimeError`, `corrupt` `ModelCorrupt`; `hang`
            sleeps for ever, or until the file `hang_until` is there, `exit` ends the process at once (status 9). Empty for none.
        from_s: only for audio of at least so many seconds.
        after: only after so many conversions went well.
        convert_s: seconds that every conversion takes.
        methods_off: pitch trackers that are off.
        problem: what keeps it from opening; empty for nothing.
        room: models that it holds at once.
        flavour: stands for the version of the code: part of the card's digest.
    """

    trouble: str = ""
    hang_until: str = ""
    from_s: float = 0.0
    after: int = 0
    convert_s: float = 0.0
    methods_off: tuple[str, ...] = ()
    problem: str = ""
    room: int = 2
    flavour: str = "plain"

    @classmethod
    def from_environment(cls) -> ShifterPlan:
        """The plan in `VOICECORE_TESTING_SHIFTER`, or one where nothing goes wrong."""
        return cls(**json.loads(os.environ.get(PLAN_VARIABLE, "{}")))


@dataclass(frozen=True, slots=True)
class _Voice:
    """What a model's bytes say.

    Attributes:
        sample_rate_hz: of what it makes.
        gain: -1..1, by which every sample is multiplied.
    """

    sample_rate_hz: int = 32_000
    gain: float = -0.5


def shifter_file(sample_rate_hz: int = 32_000, gain: float = -0.5) -> bytes:
    """A model that `ShifterIntake` takes in; of rate 32, 40 or 48 kHz, and gain -1..1."""
    return _MAGIC + json.dumps(asdict(_Voice(sample_rate_hz, gain))).encode()


def _read(data: bytes) -> _Voice:
    try:
        if not data.startswith(_MAGIC):
            raise ValueError("it does not begin as one")  # noqa: TRY301 - told below, like all else
        voice = _Voice(**json.loads(data.removeprefix(_MAGIC)))
        if voice.sample_rate_hz not in _RATES_HZ or not -1 <= voice.gain <= 1:
            raise ValueError("its numbers are out of range")  # noqa: TRY301
    except (ValueError, TypeError) as error:
        raise ModelCorrupt(f"This is not a model of the shifter ({error}); make one with shifter_file.") from error
    return voice


class ShifterIntake:
    """`voicecore.ports.ModelIntake` of the shifter's own files; an index is any bytes, a vector each."""

    def take_in(self, weights: Path, index: Path | None) -> tuple[ModelFacts, ModelParts]:
        data, vectors = weights.read_bytes(), b"" if index is None else index.read_bytes()
        voice = _read(data)
        if index is not None and not vectors:
            raise ModelCorrupt("The index is empty; send one with vectors, or none.")
        facts = ModelFacts(
            version="v2", f0=True, sample_rate_hz=voice.sample_rate_hz, vectors=len(vectors),
            digest=hashlib.sha256(data + b"\n" + vectors).hexdigest(),
            notes=() if vectors else ("It has no index.",),
        )  # fmt: skip
        return facts, ModelParts(data, vectors or None)


class Shifter:
    """`voicecore.ports.ModelConverter` of pure arithmetic. Every knob changes the sound a little."""

    def __init__(self, plan: ShifterPlan | None = None, name: str = "tone") -> None:
        self.name = name
        self._plan = plan or ShifterPlan()
        self._held: OrderedDict[str, tuple[_Voice, bool]] = OrderedDict()
        self._closed = False
        self.loaded: list[str] = []
        self.converted: list[float] = []

    def holds(self, model_id: str) -> bool:
        return model_id in self._held

    def load(self, model_id: str, parts: ModelParts) -> None:
        self._check_open()
        self._held[model_id] = (_read(parts.voice), bool(parts.index))
        self._held.move_to_end(model_id)
        self.loaded.append(model_id)
        while len(self._held) > self._plan.room:
            self._held.popitem(last=False)

    def convert(self, audio: Audio, settings: ConversionSettings) -> tuple[Audio, ConversionReport]:
        self._check_open()
        if settings.model_id not in self._held:
            raise NotFound(f"The model {settings.model_id!r} is not loaded.", field="rvc_model_id")
        self._held.move_to_end(settings.model_id)
        check_speech(audio.duration_s)
        self._misbehave(audio.duration_s)
        voice, indexed = self._held[settings.model_id]
        self.converted.append(audio.duration_s)
        used, reason = _index_use(settings, indexed=indexed)
        notes = ("The audio is silent.",) if audio.peak <= SILENT_BELOW else ()
        return _shifted(audio, voice, settings, indexed=used), ConversionReport(used, reason, notes)

    def close(self) -> None:
        self._closed = True
        self._held.clear()

    def _check_open(self) -> None:
        if self._closed:
            raise EngineFailed("The converter was closed; open another one.")

    def _misbehave(self, duration_s: float) -> None:
        plan = self._plan
        time.sleep(plan.convert_s)
        if not plan.trouble or duration_s < plan.from_s or len(self.converted) < plan.after:
            return
        while plan.trouble == "hang":
            if plan.hang_until and Path(plan.hang_until).exists():
                return
            time.sleep(0.01 if plan.hang_until else 3600)
        if plan.trouble == "exit":
            os._exit(9)
        error = _TROUBLES[plan.trouble]()
        raise error


_TROUBLES: dict[str, Callable[[], Exception]] = {
    "fail": lambda: EngineFailed("The shifter was told to fail on this audio."),
    "memory": MemoryError,
    "defect": lambda: RuntimeError("a defect of the shifter"),
    "corrupt": lambda: ModelCorrupt("The shifter was told that the model is damaged."),
}


def _index_use(settings: ConversionSettings, *, indexed: bool) -> tuple[bool, str]:
    if not indexed:
        return False, "The model has no index."
    if settings.index_rate == 0:
        return False, "rvc_index_rate is 0."
    return True, ""


def _shifted(audio: Audio, voice: _Voice, settings: ConversionSettings, *, indexed: bool) -> Audio:
    rate = voice.sample_rate_hz
    length = round(len(audio.samples) * rate / audio.sample_rate_hz)
    times = np.arange(length) / rate
    sound = np.interp(times * audio.sample_rate_hz, np.arange(len(audio.samples)), audio.samples)
    knobs = (
        settings.protect + settings.rms_mix_rate + settings.filter_radius / 7 + settings.hop_length / 512
        + list(F0Method).index(settings.f0_method) / 8 + (settings.index_rate if indexed else 0.0)
    )  # fmt: skip
    breath = 1 + 0.1 * np.random.default_rng(settings.seed).standard_normal(length)
    wave = np.cos(2 * np.pi * (3 + settings.pitch / 12) * times + knobs)
    made: Samples = np.clip(voice.gain * sound * (0.75 + 0.25 * wave) * breath, -1, 1).astype(np.float32)
    return Audio(made, rate)


class ShifterProvider:
    """Finds the shifter under the name `tone`."""

    name = "tone"

    def __init__(self, settings: EngineSettings | None = None, *, plan: ShifterPlan | None = None) -> None:
        del settings
        self._given = plan

    @property
    def plan(self) -> ShifterPlan:
        """What goes wrong: as given, or as the environment says now."""
        return ShifterPlan.from_environment() if self._given is None else self._given

    def card(self) -> ConverterCard:
        plan = self.plan
        off = {F0Method(each): "its weights are missing: voicecore models pull shifter." for each in plan.methods_off}
        return ConverterCard(name=self.name, methods_off=off, digest=hashlib.sha256(plan.flavour.encode()).hexdigest())

    def problems(self) -> Sequence[str]:
        problem = self.plan.problem
        return (problem,) if problem else ()

    def open(self, *, threads: int | None = None) -> Shifter:
        del threads
        return Shifter(self.plan, self.name)
