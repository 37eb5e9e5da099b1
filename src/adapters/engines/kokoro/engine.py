"""The Kokoro speech engine.

Has two responsibilities: to find for every utterance its phonemes, style and gain, and to keep the order of what was
admitted. One utterance is one call of the network, so a step speaks one utterance whole.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Mapping, Sequence

import numpy as np

from voicecore.audio import Audio, AudioChunk, Samples
from voicecore.engine import EngineCard, Utterance
from voicecore.errors import Conflict, EngineFailed, InvalidInput
from voicecore.language import Language
from voicecore.timing import NO_TIMES, WordTimes
from voicecore.voice import VoicePrint

from .finish import ends, faded, levelled, speech_level_db
from .heard import heard_words
from .matched import MatchedVoice
from .model import MAX_SPEED, MAX_TOKENS, MIN_SPEED, SAMPLE_RATE_HZ, KokoroModel
from .phonemes import Phonemes, phonemes
from .recipes import Recipe, read_presets
from .spoken import spoken
from .symbols import PUNCTUATION
from .voices import Voices

_LOG = logging.getLogger(__name__)
#: A new voice speaks this once, so that its gain is a constant of the voice and not of each segment. It is short,
#: since it is most of what enrolment costs.
_CALIBRATION = "Hoje de manhã caminhei pela praia."
#: Level of speech (`speech_level_db`) at which enrolled voices are as loud as the presets: -20 LUFS lies 1.4 dB below, give
#: or take 0.4 dB, in 150 utterances of Kokoro.
_TARGET_LEVEL_DB = -18.6


@functools.lru_cache(maxsize=512)
def _read_aloud(text: str, tag: str) -> Phonemes:
    """Phonemes of a text whose numbers and signs became words. Segmentation measures the same text again and again."""
    found = phonemes(spoken(text, tag), tag)
    if found.unknown:
        _LOG.warning("Kokoro has no symbol for %s in a text in %s; it was left out.", dict(found.unknown), tag)
    return found


class KokoroEngine:
    """A `SpeechEngine` that owns one loaded network. Equal utterances give equal samples, bit for bit."""

    def __init__(self, model: KokoroModel, card: EngineCard) -> None:
        self._model: KokoroModel | None = model
        self._card = card
        self._voices = Voices()
        self._presets = read_presets()
        self._admitted: dict[str, Utterance] = {}

    @property
    def card(self) -> EngineCard:
        return self._card

    def measure(self, text: str, language: Language) -> int:
        return len(_read_aloud(text, self._card.spoken(language).tag).symbols)

    def enroll(self, clips: Sequence[Audio], language: Language) -> VoicePrint:
        matched = MatchedVoice.learn(clips, self._card.spoken(language).tag)
        ids = phonemes(_CALIBRATION, "pt-BR").ids
        plain = self._network().speak(ids, matched.style(self._voices, "pt-BR", len(ids)))
        level_db = speech_level_db(matched.recoloured(plain, SAMPLE_RATE_HZ), SAMPLE_RATE_HZ)
        return matched.print(self._card, gain_db=_TARGET_LEVEL_DB - level_db)

    def mix(self, parts: Sequence[tuple[str | VoicePrint, float]]) -> VoicePrint:
        # A preset is styles by the length of the text and the language; an enrolled voice is a timbre, a pitch and an
        # equaliser. There is no print that could hold what lies between.
        del parts
        raise InvalidInput("Kokoro does not mix voices; its presets are mixtures already.", field="engine")

    def admit(self, utterance: Utterance) -> None:
        self._network()
        if utterance.id in self._admitted:
            raise Conflict(f"Utterance {utterance.id!r} is admitted already.")
        if len(self._admitted) >= self._card.batch_size:
            raise Conflict(f"Kokoro speaks {self._card.batch_size} utterance at a time: step or drop the one before.")
        size = self.measure(utterance.text, utterance.language)
        if size > MAX_TOKENS:
            raise InvalidInput(f"The segment has {size} phonemes; the limit is {MAX_TOKENS}: split the text.")
        self._check_speed(utterance)
        self._voice(utterance)
        self._admitted[utterance.id] = utterance

    def step(self) -> Sequence[AudioChunk]:
        waiting = next(iter(self._admitted.values()), None)
        if waiting is None:
            return ()
        try:
            samples, times = self._speak(waiting)
        finally:
            kept = self._admitted.pop(waiting.id, None)
        # Dropped from another thread while the network worked: no chunk may follow.
        return () if kept is None else (AudioChunk(waiting.id, samples, SAMPLE_RATE_HZ, last=True, times=times),)

    def drop(self, utterance_id: str) -> None:
        self._admitted.pop(utterance_id, None)

    def gauges(self) -> Mapping[str, float]:
        return {"utterances_admitted": float(len(self._admitted))}

    def close(self) -> None:
        self._admitted.clear()
        self._model = None

    def _speak(self, utterance: Utterance) -> tuple[Samples, WordTimes]:
        network = self._network()
        tag = self._card.spoken(utterance.language).tag
        said = _read_aloud(utterance.text, tag)
        if not set(said.symbols) - set(PUNCTUATION) - {" "}:
            # The network makes breath and noise of signs alone; the pause they stand for is the pipeline's.
            return np.zeros(0, np.float32), NO_TIMES
        ids = said.ids
        voice = self._voice(utterance)
        speed = utterance.parameters.get("speed", 1.0)
        if isinstance(voice, MatchedVoice):
            plain, frames = network.speak_timed(ids, voice.style(self._voices, tag, len(ids)), speed)
            plain = voice.recoloured(plain, SAMPLE_RATE_HZ)
        else:
            speed = min(MAX_SPEED, max(MIN_SPEED, speed * voice.pace))
            plain, frames = network.speak_timed(ids, voice.style(self._voices, len(ids)), speed)
        first, last = ends(plain, SAMPLE_RATE_HZ)
        times = heard_words(utterance.text, tag, said, frames, (first, last))
        return levelled(faded(plain[first:last], SAMPLE_RATE_HZ), voice.gain_db), times

    def _network(self) -> KokoroModel:
        if self._model is None:
            raise EngineFailed("The Kokoro engine is closed: open it again.")
        return self._model

    def _voice(self, utterance: Utterance) -> Recipe | MatchedVoice:
        language = self._card.spoken(utterance.language)
        if isinstance(utterance.voice, VoicePrint):
            return MatchedVoice.of(utterance.voice, self._card.name)
        recipe = self._presets.recipe(utterance.voice, language.tag)
        if recipe is None:
            self._card.preset(utterance.voice, language)
            raise InvalidInput(f"Kokoro has no recipe for {utterance.voice!r} in {language}.", field="voice_preset")
        return recipe

    def _check_speed(self, utterance: Utterance) -> None:
        for name, value in utterance.parameters.items():
            if name not in self._card.parameters:
                known = ", ".join(self._card.parameters)
                raise InvalidInput(f"{name!r} is not a parameter of Kokoro; it knows: {known}.", field=name)
            self._card.parameters[name].check(name, value)
