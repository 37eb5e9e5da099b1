"""The two sides of the XTTS benchmark: coqui-tts's `Xtts`, and the engine, with the same weights, voice and texts.

Both take the likeliest token at every step: upstream by `do_sample=False`, ours by `top_k=1`, since a profile always samples.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from xtts_work import Work

from adapters.engines.xtts.checkpoint import FOLDER, Checkpoint
from adapters.engines.xtts.guards import spoken_text
from adapters.engines.xtts.presets import speakers_by_preset
from adapters.engines.xtts.provider import XttsProvider
from adapters.engines.xtts.upstream import load
from voicecore import Audio, Language
from voicecore.engine import Utterance
from voicecore.engine_settings import EngineSettings, Precision
from voicecore.voice import DEFAULT_PRESET, VoicePrint

PT = Language("pt", "BR")
REPETITION_PENALTY = 7.0
SAMPLE_RATE_HZ = 24_000
#: Tokens after which upstream's stream gives a chunk; its own default.
STREAM_CHUNK = 20
#: `length_penalty` 1, as upstream's sampler ignores the penalty; see docs/adr on the decoder.
KNOBS = {"top_k": 1, "repetition_penalty": REPETITION_PENALTY, "length_penalty": 1.0, "speed": 1.0}


@dataclass(kw_only=True)
class Spoken:
    """What one side made of some texts.

    Attributes:
        work_s: wall seconds until the last sound of all.
        first_s: wall seconds until the first sound of any.
        samples: the sound of each text.
        tokens: the audio tokens of each text, the stop token last.
        vocoded: latents that went through the vocoder.
    """

    work_s: float = 0.0
    first_s: float = 0.0
    samples: list[np.ndarray] = field(default_factory=list)
    tokens: list[tuple[int, ...]] = field(default_factory=list)
    vocoded: int = 0

    @property
    def audio_s(self) -> float:
        """Seconds of sound."""
        return sum(each.size for each in self.samples) / SAMPLE_RATE_HZ

    @property
    def real_time_factor(self) -> float:
        """Work for a second of sound."""
        return self.work_s / self.audio_s


class Ours:
    """The engine, opened as the service opens it."""

    def __init__(self, models_dir: Path, *, precision: Precision, device: str, threads: int) -> None:
        settings = EngineSettings(
            models_dir=models_dir, device=device, precision=precision, accepted_licences=frozenset({"xtts"})
        )
        self.name = str(precision)
        self.engine = XttsProvider(settings).open(threads=threads)
        self.work = Work(self.engine)

    def speak(self, texts: Sequence[str], *, eager: bool = False, voice: str | VoicePrint = DEFAULT_PRESET) -> Spoken:
        """All of them admitted at once, as far as the batch goes."""
        waiting = [
            Utterance(id=str(number), text=text, language=PT, voice=voice, parameters=KNOBS, seed=number, eager=eager)
            for number, text in enumerate(texts)
        ]
        parts: dict[str, list[np.ndarray]] = {each.id: [] for each in waiting}
        open_ids = set(parts)
        done = Spoken()
        vocoded = self.engine.gauges()["vocoded_tokens_total"]
        with self.work.recorded() as seen:
            began = time.perf_counter()
            admitted: set[str] = set()
            while open_ids:
                while waiting and len(admitted) < self.engine.card.batch_size:
                    admitted.add(waiting[0].id)
                    self.engine.admit(waiting.pop(0))
                for chunk in self.engine.step():
                    if chunk.samples.size and not done.first_s:
                        done.first_s = time.perf_counter() - began
                    parts[chunk.utterance_id].append(chunk.samples)
                    if chunk.last:
                        open_ids.remove(chunk.utterance_id)
                        admitted.remove(chunk.utterance_id)
            done.work_s = time.perf_counter() - began
        done.samples = [np.concatenate(each) for each in parts.values()]
        done.tokens = [tuple(seen.tokens[each]) for each in parts]
        done.vocoded = int(self.engine.gauges()["vocoded_tokens_total"] - vocoded)
        return done

    def admitted_s(self, voice: VoicePrint) -> float:
        """How long it takes until an utterance of this voice is admitted."""
        utterance = Utterance(id="again", text="Bom dia.", language=PT, voice=voice, parameters=KNOBS)
        began = time.perf_counter()
        self.engine.admit(utterance)
        taken = time.perf_counter() - began
        self.engine.drop(utterance.id)
        return taken


class Upstream:
    """coqui-tts, called as its documentation says, one text after another since it has no batches."""

    name = "coqui-tts"

    def __init__(self, models_dir: Path, *, device: str) -> None:
        checkpoint = Checkpoint(models_dir / FOLDER)
        loaded = load(checkpoint, device)
        self.model = loaded.model
        #: Of the preset that ours speaks in.
        self.latents = loaded.speakers[speakers_by_preset(checkpoint.speaker_names)[DEFAULT_PRESET]]
        self._codes: list[tuple[int, ...]] = []
        self._vocoded = 0
        self._watch()

    def _watch(self) -> None:
        """Note tokens and the vocoder's work; costs nothing that counts."""
        generate = self.model.gpt.generate

        def noting(*arguments, **named):
            codes = generate(*arguments, **named)
            self._codes.append(tuple(codes[0].tolist()))
            return codes

        def counting(_module, arguments) -> None:
            self._vocoded += arguments[0].shape[1]

        self.model.gpt.generate = noting
        self.model.hifigan_decoder.register_forward_pre_hook(counting)

    def speak(self, texts: Sequence[str]) -> Spoken:
        """Each by `Xtts.inference`."""
        latents, done = self.latents, Spoken()
        with self._noted(done):
            began = time.perf_counter()
            for text in texts:
                made = self.model.inference(
                    spoken_text(text, "pt"), "pt", latents.gpt[None], latents.speaker[None, :, None], do_sample=False,
                    temperature=None, top_k=None, top_p=None, repetition_penalty=REPETITION_PENALTY,
                )  # fmt: skip
                done.samples.append(np.atleast_1d(made["wav"]))
                done.first_s = done.first_s or time.perf_counter() - began
            done.work_s = time.perf_counter() - began
        return done

    def stream(self, text: str) -> Spoken:
        """By `Xtts.inference_stream`, which always samples; of one candidate it can only draw the likeliest."""
        latents, done, parts = self.latents, Spoken(), []
        with self._noted(done):
            began = time.perf_counter()
            for part in self.model.inference_stream(
                spoken_text(text, "pt"), "pt", latents.gpt[None], latents.speaker[None, :, None], top_k=1,
                repetition_penalty=REPETITION_PENALTY, stream_chunk_size=STREAM_CHUNK,
            ):  # fmt: skip
                done.first_s = done.first_s or time.perf_counter() - began
                parts.append(part.cpu().numpy())
            done.work_s = time.perf_counter() - began
        done.samples = [np.concatenate(parts)]
        return done

    def conditioned_s(self, audio: Audio) -> float:
        """How long it takes to learn a voice; upstream does it for each call of `synthesize` with a recording."""
        import torch  # noqa: PLC0415 - after the project has made it importable

        sound = torch.from_numpy(audio.samples.copy())[None].to(self.model.device)
        began = time.perf_counter()
        with torch.inference_mode():
            self.model.get_gpt_cond_latents(sound, audio.sample_rate_hz, length=30, chunk_length=4)
            self.model.get_speaker_embedding(sound, audio.sample_rate_hz)
        return time.perf_counter() - began

    @contextmanager
    def _noted(self, done: Spoken) -> Iterator[None]:
        self._codes, before = [], self._vocoded
        yield
        done.tokens, done.vocoded = self._codes, self._vocoded - before
