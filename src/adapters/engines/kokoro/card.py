"""What the Kokoro engine says of itself, without loading the network."""

from __future__ import annotations

import hashlib

from adapters.modelfiles import data_path
from voicecore.engine import EngineCard, Enrolment
from voicecore.language import Language
from voicecore.timing import TimeSource
from voicecore.voice import PRESETS, VoicePreset

from .model import MAX_TOKENS, SAMPLE_RATE_HZ
from .phonemes import ESPEAK_CODES
from .recipes import PresetBook, read_presets
from .weights import MODEL_SHA256

NAME = "kokoro"
#: Raise it when text normalisation, phonemes, trimming or the limiter change what is heard: it is part of the digest.
SOUND_VERSION = 1
LANGUAGES = tuple(Language.parse(tag) for tag in ("pt-BR", "en-US", "en-GB", "es", "fr", "it", "hi"))
_DATA = ("kokoro/voices.npz", "kokoro/vocab.json", "kokoro/presets.json", "kokoro/matching.npz")
_DESCRIPTIONS = {
    "female_generic": "A clear female voice.",
    "male_generic": "A clear male voice.",
    "female_young": "A high, bright female voice.",
    "male_deep": "A low male voice.",
    "female_warm": "A full, warm female voice.",
    "male_warm": "A full, warm male voice.",
    "female_soft": "A soft, quiet female voice.",
    "male_soft": "A soft, quiet male voice.",
}
_ENROLMENT = Enrolment(
    method="voice matching",
    description=(
        "Finds the mixture of Kokoro's timbres nearest to the reference and shifts pitch and spectrum towards it. "
        "It resembles the speaker; it is not a clone and will not pass for one."
    ),
)


def model_digest() -> str:
    """sha256 over everything that decides the sound: weights, voices, alphabet, presets, matching, `SOUND_VERSION`.

    Raises `MissingModel` when a shipped file is absent.
    """
    digest = hashlib.sha256(f"{MODEL_SHA256} {SOUND_VERSION}".encode())
    for name in _DATA:
        digest.update(hashlib.sha256(data_path(name).read_bytes()).digest())
    return digest.hexdigest()


def make_card() -> EngineCard:
    """The card; reads the shipped data files (10 MB) and nothing else."""
    book = read_presets()
    return EngineCard(
        name=NAME,
        title="Kokoro-82M",
        description="Natural speech on ordinary processors: an 82-million-parameter network with fixed voices.",
        version="1.0",
        model_digest=model_digest(),
        licence="Apache-2.0 (network and voices), GPL-3.0-or-later (espeak-ng, which makes the phonemes)",
        sample_rate_hz=SAMPLE_RATE_HZ,
        languages=LANGUAGES,
        presets=(*_eight(book), *_native(book)),
        segment_limit=MAX_TOKENS,
        segment_unit="phonemes",
        enrolment=_ENROLMENT,
        word_times=TimeSource.DURATIONS,
        notes=(
            "Most presets lend the timbre of one voice to the rhythm of a native one; native voices have their own names.",
            "French has one native voice, a woman: men in French have the rhythm of a Spanish one.",
            "The presets in Hindi are told apart by measurement, but were not checked by a recogniser.",
            "Enrolled voices are matched, not cloned.",
        ),
    )


def _eight(book: PresetBook) -> list[VoicePreset]:
    return [
        VoicePreset(
            id=name,
            name=name.replace("_", " "),
            description=_DESCRIPTIONS[name],
            languages=tuple(each for each in LANGUAGES if name in book.recipes.get(each.tag, {})),
            gender=name.split("_")[0],
        )
        for name in PRESETS
    ]


def _native(book: PresetBook) -> list[VoicePreset]:
    """Kokoro's own voices. The second letter of a name is the gender."""
    return [
        VoicePreset(
            id=name,
            name=name.split("_")[1].capitalize(),
            description=f"Kokoro's own voice {name}, native in {tag}.",
            languages=(Language.parse(tag),),
            gender="female" if name[1] == "f" else "male",
        )
        for tag in ESPEAK_CODES
        for name in sorted(book.native.get(tag, {}))
    ]
