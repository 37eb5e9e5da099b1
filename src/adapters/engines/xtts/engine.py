"""The XTTS v2 engine: what was admitted goes through the decoder together, and through vocoder and guards one by one."""

from __future__ import annotations

import dataclasses
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from voicecore.audio import Audio, AudioChunk
from voicecore.engine import EngineCard, Utterance
from voicecore.engine_settings import EngineSettings
from voicecore.errors import Conflict, EngineFailed, InvalidInput, UtteranceFailed
from voicecore.language import Language
from voicecore.timing import WordTimes
from voicecore.voice import VoicePrint

from . import selftest
from .conditioning import Conditioner, latents_of, print_of
from .decoder import Decoder
from .guards import GuardCounters, Verdict, judge, retry_seed, spoken_text, token_budget
from .languages import code
from .mixing import mixed
from .presets import speakers_by_preset
from .residency import Residency
from .speaking import Speaking
from .values import SAMPLE_RATE_HZ, DecodeRequest, End, RowStep, Sampling, VoiceLatents
from .vocoder import Vocoder

if TYPE_CHECKING:
    from .text_size import TextSize
    from .upstream import LoadedXtts

_log = logging.getLogger("voicecore.xtts")

#: Rows whose texts are read in at once (prefilled): a step stays short, so that a job that is called off does not wait.
ADMITTED_A_STEP = 3


class XttsEngine:
    """A `SpeechEngine` over one loaded checkpoint."""

    def __init__(self, loaded: LoadedXtts, card: EngineCard, settings: EngineSettings, size: TextSize) -> None:
        """Packs the weights for this device; the loaded GPT's own blocks are given back.

        Args:
            size: measures texts as the card says, and turns them into ids.
        """
        self._card, self._size = card, size
        self._decoder = Decoder(
            loaded.gpt, device=loaded.device, precision=settings.precision, width=decoder_width(card),
            prefix_cache_bytes=settings.voice_cache_mb * 1024 * 1024,
        )  # fmt: skip
        self._vocoder = Vocoder(loaded.hifigan, device=loaded.device, precision=settings.precision)
        _release(loaded)
        self._residency = Residency(_conditioning_part(loaded), loaded.device, low_vram=settings.low_vram)
        self._conditioner = Conditioner(loaded)
        self._digest, self._device, self._precision = loaded.digest, loaded.device, settings.precision
        names = speakers_by_preset(tuple(loaded.speakers))
        self._presets = {preset: loaded.speakers[name] for preset, name in names.items()}
        self._guards = GuardCounters()
        self._admitted: dict[str, Speaking] = {}
        #: Row of the decoder → utterance; a row that is spoken again has another name.
        self._rows: dict[str, Speaking] = {}
        self._waiting: deque[Speaking] = deque()
        #: Utterances of which nothing is spoken, in order; they end with the next step.
        self._silent: dict[str, None] = {}
        self._closed = False
        #: What `test_itself` has found; None before.
        self.comparison: selftest.Comparison | None = None

    @property
    def card(self) -> EngineCard:
        return self._card

    def measure(self, text: str, language: Language) -> int:
        return self._size.measure(text, language)

    def enroll(self, clips: Sequence[Audio], language: Language) -> VoicePrint:
        self._must_be_open()
        with self._residency.at_work():
            return self._conditioner.learn(clips, self._card.spoken(language))

    def mix(self, parts: Sequence[tuple[str | VoicePrint, float]]) -> VoicePrint:
        return mixed(parts, self._preset_print, self._card)

    def test_itself(self, folder: Path) -> None:
        """Compare what it says now with what this model said before on this kind of machine (`selftest`).

        Args:
            folder: of the checkpoint; what was said is written down there.

        Raises:
            SelfTestFailed: if it says something else.
            ModelCorrupt: if what was written down cannot be read.
        """
        key = f"{self._digest}/{selftest.machine(self._device, self._precision)}/{self._precision}"
        self.comparison = selftest.check(folder, key, selftest.tokens_digest(self._decoder, self._size))

    def admit(self, utterance: Utterance) -> None:
        self._must_be_open()
        if utterance.id in self._admitted or utterance.id in self._silent:
            raise Conflict(f"Utterance {utterance.id!r} is admitted already.")
        if len(self._admitted) + len(self._silent) >= self._card.batch_size:
            raise Conflict(f"The batch of {self._card.batch_size} is full: step or drop one before.")
        language = self._card.spoken(utterance.language)
        size = self._size.measure(utterance.text, language)
        if size > self._card.segment_limit:
            raise InvalidInput(
                f"The segment takes {size / 10:.0f} % of what XTTS can speak at once: split the text.", field="text"
            )
        sampling = _sampling(self._card, utterance)
        voice = self._latents(utterance.voice, language)
        text = spoken_text(utterance.text, code(language))
        self._guards.text(utterance.text, text)
        if not text:
            self._silent[utterance.id] = None
            return
        ids = self._size.ids(text, language)
        request = DecodeRequest(
            id=utterance.id, text_ids=ids, voice=voice, sampling=sampling, seed=utterance.seed,
            max_tokens=min(token_budget(len(ids)), self._decoder.token_limit), watched=utterance.word_times,
        )  # fmt: skip
        self._decoder.check(request)  # here, not in a step, which all others would have to answer for
        speaking = Speaking(utterance, request, self._vocoder)
        self._admitted[utterance.id] = speaking
        self._wait(speaking)

    def step(self) -> Sequence[AudioChunk]:
        """One token for every row, and one window of the vocoder: about a second at most on two processor cores."""
        try:
            self._fill()
            for row in self._decoded():
                self._take_in(row)
            speaking = self._next_window()
            chunks = [] if speaking is None else self._vocode(speaking)
        except UtteranceFailed:
            raise
        except Exception:
            # As the port says, that ends whatever is admitted; else it would keep its places, and nobody would drop it.
            self._forget_all()
            raise
        # Last, as what fails above must not swallow the ends of others.
        silent, self._silent = self._silent, {}
        return [*chunks, *(_chunk(name, None, last=True) for name in list(silent))]

    def drop(self, utterance_id: str) -> None:
        speaking = self._admitted.pop(utterance_id, None)
        self._silent.pop(utterance_id, None)
        if speaking is not None:
            # The loop over rows looks names up, so what is taken away here is not met there.
            self._rows.pop(speaking.request.id, None)
            self._decoder.drop(speaking.request.id)

    def gauges(self) -> Mapping[str, float]:
        return {
            "utterances_admitted": float(len(self._admitted)),
            "vocoded_tokens_total": float(self._vocoder.tokens_vocoded_total),
            **self._decoder.gauges(),
            **self._guards.gauges(),
            **self._residency.gauges(),
        }

    def close(self) -> None:
        self._closed = True
        self._admitted.clear()
        self._rows.clear()
        self._waiting.clear()
        self._silent.clear()
        self._decoder.close()

    def _latents(self, voice: str | VoicePrint, language: Language) -> VoiceLatents:
        if isinstance(voice, VoicePrint):
            return latents_of(voice, self._device, self._digest)
        return self._presets[self._card.preset(voice, language).id]

    def _preset_print(self, preset_id: str) -> VoicePrint:
        """The print of a studio speaker, as if it had been learned."""
        return print_of(self._latents(preset_id, self._card.languages[0]), self._digest)

    def _wait(self, speaking: Speaking) -> None:
        """Those whose first sound somebody waits for come before the others."""
        if speaking.eager:
            at = sum(1 for each in self._waiting if each.eager)
            self._waiting.insert(at, speaking)
        else:
            self._waiting.append(speaking)

    def _fill(self) -> None:
        """Give free rows to who waits, the first ones alone: the earlier their texts are read in, the earlier they sound."""
        for _ in range(ADMITTED_A_STEP):
            if not self._waiting or len(self._rows) >= self._decoder.width:
                return
            speaking = self._waiting.popleft()
            if self._admitted.get(speaking.utterance.id) is not speaking:
                continue
            self._decoder.admit(speaking.request)
            self._rows[speaking.request.id] = speaking
            if self._admitted.get(speaking.utterance.id) is not speaking:  # dropped from another thread meanwhile
                self._rows.pop(speaking.request.id, None)
                self._decoder.drop(speaking.request.id)

    def _decoded(self) -> list[RowStep]:
        """A step of the decoder. Of a row for which there is no memory, the utterance ends, and nobody else's."""
        try:
            return self._decoder.step()
        except UtteranceFailed as failure:
            speaking = self._rows.pop(failure.utterance_id, None)
            if speaking is None:
                return []  # dropped meanwhile
            self._admitted.pop(speaking.utterance.id, None)
            failure.utterance_id = speaking.utterance.id
            raise

    def _take_in(self, row: RowStep) -> None:
        """A token of a row, of which the utterance may end."""
        speaking = self._rows.get(row.id)
        if speaking is None:
            return
        speaking.take_in(row)
        if speaking.end is not None:
            self._rows.pop(row.id, None)
            if speaking.looped:
                self._decoder.drop(row.id)
            self._judge(speaking)

    def _forget_all(self) -> None:
        for name in list(self._admitted):
            self.drop(name)
        self._waiting.clear()
        self._silent.clear()

    def _judge(self, speaking: Speaking) -> None:
        """Have a row that went wrong spoken again with another seed, unless it was heard already or that did not help."""
        verdict = judge(
            stopped=speaking.end is End.STOPPED, looped=speaking.looped, attempt=speaking.attempt, heard=speaking.heard,
            counters=self._guards,
        )  # fmt: skip
        if verdict is Verdict.KEEP:
            return
        utterance, what = speaking.utterance, "went round in circles" if speaking.looped else "did not come to its end"
        if verdict is Verdict.KEEP_CUT:
            _log.warning("utterance %s %s; what is sane of it is kept", utterance.id, what)
            return
        speaking.attempt += 1
        _log.info("utterance %s %s; it is spoken again (%d)", utterance.id, what, speaking.attempt)
        speaking.begin(
            dataclasses.replace(
                speaking.request,
                id=f"{utterance.id}~{speaking.attempt}",
                seed=retry_seed(utterance.seed, speaking.attempt),
            )
        )
        self._waiting.appendleft(speaking)

    def _next_window(self) -> Speaking | None:
        """Eager ones first, then in the order of admission."""
        ready = [each for each in list(self._admitted.values()) if each.ready]
        return next((each for each in ready if each.eager), ready[0] if ready else None)

    def _vocode(self, speaking: Speaking) -> list[AudioChunk]:
        name = speaking.utterance.id
        try:
            samples, last = speaking.vocode()
        except torch.OutOfMemoryError as error:
            self.drop(name)
            raise UtteranceFailed(
                "The device has too little memory to make the sound of one sentence: free some of it, choose a smaller "
                "VOICECORE_BATCH_SIZE, or run on the processor.",
                utterance_id=name,
            ) from error
        if self._admitted.get(name) is not speaking:
            return []  # dropped from another thread meanwhile
        if not last:
            return [_chunk(name, samples, last=False)] if samples.size else []
        self._admitted.pop(name, None)
        self._guards.tail(speaking.cut_samples, SAMPLE_RATE_HZ)
        return [_chunk(name, samples, last=True, times=self._word_times(speaking))]

    def _word_times(self, speaking: Speaking) -> WordTimes | None:
        if not speaking.utterance.word_times:
            return None
        language = self._card.spoken(speaking.utterance.language)
        return speaking.word_times(self._size.reading(spoken_text(speaking.utterance.text, code(language)), language))

    def _must_be_open(self) -> None:
        if self._closed:
            raise EngineFailed("The XTTS engine is closed: open it again.")


def _conditioning_part(loaded: LoadedXtts) -> torch.nn.Module:
    """What learns voices."""
    gpt = loaded.gpt
    return torch.nn.ModuleList([gpt.conditioning_encoder, gpt.conditioning_perceiver, loaded.hifigan.speaker_encoder])


def _release(loaded: LoadedXtts) -> None:
    """Let go of upstream's copies of what the decoder and the vocoder have packed: one and a half gigabytes."""
    loaded.gpt.gpt = None
    loaded.gpt.gpt_inference = None
    loaded.hifigan.waveform_decoder = None


def decoder_width(card: EngineCard) -> int:
    """Rows of the decoder: two thirds of the batch, so that others wait to take the place of who is only vocoded any more.

    Two at least, which the self-test takes; they hold no memory before they are used.
    """
    return max(2, card.batch_size * 2 // 3)


def _chunk(name: str, samples: np.ndarray | None, *, last: bool, times: WordTimes | None = None) -> AudioChunk:
    sound = np.zeros(0, np.float32) if samples is None else np.clip(samples, -1.0, 1.0)
    return AudioChunk(name, sound, SAMPLE_RATE_HZ, last=last, times=times)


def _sampling(card: EngineCard, utterance: Utterance) -> Sampling:
    """The knobs of the utterance, over the card's defaults. Raises `InvalidInput` for an unknown knob or a value out of range."""
    values = {name: parameter.default for name, parameter in card.parameters.items()}
    for name, value in utterance.parameters.items():
        if name not in card.parameters:
            raise InvalidInput(f"{name!r} is not a parameter of {card.name!r}.", field=name)
        values[name] = card.parameters[name].check(name, value)
    return Sampling(
        temperature=values["temperature"],
        top_k=int(values["top_k"]),
        top_p=values["top_p"],
        repetition_penalty=values["repetition_penalty"],
        length_penalty=values["length_penalty"],
    )
