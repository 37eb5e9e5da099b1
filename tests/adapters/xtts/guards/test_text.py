"""What of a text XTTS is given."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.engines.xtts.guards import spoken_text


def _words(text: str) -> list[str]:
    """What has to stay: letters, digits and marks, save those that only say how a character is drawn."""
    kinds = {char: (unicodedata.category(char), unicodedata.name(char, "")) for char in text}
    return [
        char
        for char, (kind, name) in ((each, kinds[each]) for each in text)
        if kind[0] in "LMN" and not (kind == "Me" or "VARIATION SELECTOR" in name)
    ]


_MESSY = st.text() | st.text(
    st.sampled_from("aZé1 2\u0301.,!?;:…-—–'’\"«»“”()[]{}/\\*_#@%&¿¡\u200b\u00ad\u2764\ufe0f\u20e3\n\t。、😀")
)


@given(_MESSY, st.sampled_from(["pt", "en", "es", "ja", "zh-cn"]))
@example("3.5 e 1.000,00", "pt")
def test_no_letter_or_digit_is_lost_or_moved(text, language):
    spoken = spoken_text(text, language)
    if any(unicodedata.category(char)[0] in "LN" for char in text):
        assert _words(spoken) == _words(text)
    else:
        assert not spoken


@given(_MESSY)
def test_nothing_unspeakable_is_left(text):
    spoken = spoken_text(text, "pt")
    assert spoken == spoken.strip()
    assert not any(
        unicodedata.category(char) in {"Cc", "Cf", "Pi", "Pf", "Ps", "Pe", "So"} - {""}
        for char in spoken
        if char != "°"
    )
    assert "  " not in spoken
    assert not spoken.endswith((".", ",", "…", ";", ":", "。"))


@given(_MESSY)
def test_what_is_clean_stays_as_it_is(text):
    once = spoken_text(text, "es")
    assert spoken_text(once, "es") == once


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Olá, mundo.", "Olá, mundo"),
        ("“Vamos”, disse ele.", "Vamos, disse ele"),
        ("— Quem é? — perguntou ela...", "Quem é? perguntou ela"),
        ("Ele (o irmão) saiu.", "Ele, o irmão, saiu"),
        ("Pare!!! Agora?!", "Pare! Agora?"),
        ("Espera… não sei.", "Espera, não sei"),
        ("O guarda-chuva d’água custa R$ 3,50 às 10:30.", "O guarda-chuva d'água custa R$ 3,50 às 10:30"),
        ("De 1990–2000, 50% em exemplo.com.", "De 1990-2000, 50% em exemplo.com"),
        ("Fim.Começo", "Fim. Começo"),
        ("[STOP] *forte* 😀 pa\u200bla\u00advra", "STOP, forte palavra"),
        ("Faz -5 graus", "Faz -5 graus"),
        ("Olá \u2764\ufe0f mundo", "Olá mundo"),
        ("Fim. \u2764\ufe0f", "Fim"),
        ("Item 1\ufe0f\u20e3 aqui", "Item 1 aqui"),
        ("...", ""),
        ("👍 —", ""),
    ],
)
def test_texts_as_they_are_sent(text, spoken):
    assert spoken_text(text, "pt") == spoken


def test_only_spanish_keeps_inverted_marks():
    assert spoken_text("¿Qué? ¡Ya!", "es") == "¿Qué? ¡Ya!"
    assert spoken_text("¿Qué? ¡Ya!", "pt") == "Qué? Ya!"
