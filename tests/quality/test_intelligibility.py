"""A recogniser writes down what the presets say: word error rate at most 0.10 for every preset, in pt-BR and English."""

from __future__ import annotations

import itertools

import pytest

import voicecore
from tests.instruments.cores import threads_here
from tests.instruments.recogniser import transcribe, word_error_rate
from voicecore import PRESETS
from voicecore.audio import join, silence

pytestmark = pytest.mark.quality

MAX_WER = 0.10
SENTENCES = {
    "pt-BR": (
        "Os cientistas descobriram uma nova espécie de peixe.",
        "O trem atrasou de novo por causa da chuva.",
        "Por favor, deixe o seu recado depois do sinal.",
        "A reunião começa às nove horas da manhã.",
        "Ela aprendeu a tocar violão sozinha em casa.",
        "As crianças corriam pela praça no fim da tarde.",
        "O médico disse que o resultado ficou pronto hoje.",
        "Nós vamos viajar para o litoral no próximo mês.",
        "A biblioteca fica ao lado da escola do bairro.",
        "Ninguém sabia onde estava a chave da porta.",
    ),
    "en-US": (
        "The morning train was late again because of the rain.",
        "She could not believe that the old house was hers.",
        "Please leave your message after the tone.",
        "The meeting starts at nine in the morning.",
        "He learned to play the guitar by himself.",
        "The children were running through the park.",
        "The doctor said that the results are ready today.",
        "We are going to travel to the coast next month.",
        "The library is right next to the school.",
        "Nobody knew where the key to the door was.",
    ),
}
#: Written as people write; the recogniser must hear what a person would say.
WRITTEN = {
    "pt-BR": (
        ("Custa R$ 25,50 na loja.", "Custa vinte e cinco reais e cinquenta centavos na loja."),
        ("A consulta é dia 3 de maio.", "A consulta é dia três de maio."),
        ("São 14h30 agora.", "São quatorze horas e trinta minutos agora."),
        ("O Dr. Silva mora no 2º andar.", "O doutor Silva mora no segundo andar."),
        ("Choveu em 80% do país.", "Choveu em oitenta por cento do país."),
    ),
    "en-US": (
        ("It costs $25.50 in the shop.", "It costs twenty five dollars and fifty cents in the shop."),
        ("Dr. Smith lives on the 2nd floor.", "Doctor Smith lives on the second floor."),
        ("It rained in 80% of the country.", "It rained in eighty percent of the country."),
        # The recogniser writes the year in figures, however it is said; tests/adapters/spoken holds the words.
        ("She was born in 1999.", "She was born in 1999."),
    ),
}


@pytest.fixture(scope="module")
def studio():
    with voicecore.open("kokoro", threads=threads_here()) as studio:
        yield studio


#: The recogniser takes as long for four seconds as for thirty, so five sentences are heard together.
TOGETHER = 5


def _spoken_together(
    studio: voicecore.Studio, sentences: tuple[str, ...], language: str, preset: str
) -> voicecore.Audio:
    """Each sentence spoken by itself, then half a second of silence."""
    rate = studio.card.sample_rate_hz
    parts = [studio.say(each, language=language, voice=preset).samples for each in sentences]
    return join(itertools.chain.from_iterable((part, silence(0.5, rate)) for part in parts), rate)


@pytest.mark.parametrize("language", list(SENTENCES))
@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_understood(studio, language, preset):
    sentences = SENTENCES[language]
    heard = []
    for first in range(0, len(sentences), TOGETHER):
        group = sentences[first : first + TOGETHER]
        heard.append(transcribe(_spoken_together(studio, group, language, preset), language))
    rate = word_error_rate(" ".join(sentences), " ".join(heard), language)
    print(f"{preset} {language}: WER {rate:.3f} over {len(sentences)} sentences")
    assert rate <= MAX_WER, heard


@pytest.mark.parametrize(("language", "pair"), [(lang, pair) for lang, pairs in WRITTEN.items() for pair in pairs])
def test_numbers_money_dates_and_abbreviations_are_heard_as_a_person_would_say_them(studio, language, pair):
    written, spoken = pair
    heard = transcribe(studio.say(written, language=language), language)
    rate = word_error_rate(spoken, heard, language)
    print(f"{language} {rate:.2f}: {written!r} heard as {heard!r}")
    assert rate <= 0.25


def test_a_long_text_is_spoken_whole_from_its_first_to_its_last_sentence(studio):
    text = " ".join(SENTENCES["pt-BR"])
    heard = transcribe(studio.say(text, language="pt-BR"), "pt-BR")
    assert word_error_rate(text, heard, "pt-BR") <= MAX_WER
