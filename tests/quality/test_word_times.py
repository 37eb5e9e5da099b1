"""A recogniser, which tells when it heard each word, agrees with the times that the engine tells."""

from __future__ import annotations

import difflib
from statistics import median

import pytest

import voicecore
from tests.instruments.cores import threads_here
from tests.instruments.recogniser import transcribe_words
from voicecore.audio import Samples, join
from voicecore.timing import WordTiming, place

pytestmark = pytest.mark.quality

#: Whisper finds words by its attention in steps of 20 ms, and is itself some 50 to 100 ms off.
MAX_MEDIAN_S, MAX_WORST_S = 0.10, 0.6
TEXTS = {
    "pt-BR": "Os cientistas descobriram uma nova espécie de peixe. O trem atrasou de novo por causa da chuva, e ninguém sabia "
    "onde estava a chave da porta. A biblioteca fica ao lado da escola do bairro.",
    "en-US": "The morning train was late again because of the rain. She could not believe that the old house was hers, and "
    "nobody knew where the key to the door was. The library is right next to the school.",
}


@pytest.fixture(scope="module")
def studio():
    with voicecore.open("kokoro", threads=threads_here()) as studio:
        yield studio


@pytest.mark.parametrize(("language", "speed"), [("pt-BR", 1.0), ("en-US", 1.3)])
def test_words_are_heard_when_the_engine_says(studio, language, speed):
    text = TEXTS[language]
    words, parts = _spoken(studio, text, language, speed)
    heard = transcribe_words(join(parts, studio.card.sample_rate_hz), language)
    ours = [text[word.start : word.end].lower() for word in words]
    theirs = ["".join(each for each in word.lower() if each.isalnum() or each in "'-") for word, _, _ in heard]
    pairs = [
        (words[block.a + step], heard[block.b + step])
        for block in difflib.SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks()
        for step in range(block.size)
    ]
    starts = [word.start_s - start_s for word, (_, start_s, _) in pairs]
    ends = [word.end_s - end_s for word, (_, _, end_s) in pairs]
    sizes = [abs(each) for each in (*starts, *ends)]
    print(
        f"{language} at speed {speed}: {len(pairs)} of {len(words)} words; ours less whisper's: start median "
        f"{1000 * median(starts):.0f} ms, end median {1000 * median(ends):.0f} ms; size median {1000 * median(sizes):.0f} ms, "
        f"worst {1000 * max(sizes):.0f} ms"
    )
    assert len(pairs) >= 0.8 * len(words)
    assert median(sizes) <= MAX_MEDIAN_S
    assert max(sizes) <= MAX_WORST_S


def _spoken(studio: voicecore.Studio, text: str, language: str, speed: float) -> tuple[list[WordTiming], list[Samples]]:
    """The words of the text in the time of the whole sound, and that."""
    words: list[WordTiming] = []
    parts: list[Samples] = []
    begin = at = 0
    for chunk in studio.speech(text, language=language, speed=speed):
        at += len(chunk.samples)
        parts.append(chunk.samples)
        if chunk.last:
            words += place(chunk.times, chunk.segment, text, start_s=begin / studio.card.sample_rate_hz).words
            begin = at
    return words, parts
