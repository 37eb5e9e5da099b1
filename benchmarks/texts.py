"""Texts of known size for the benchmarks."""

from __future__ import annotations

SENTENCES = (
    "A velha estação de trem voltou a funcionar depois de muitos anos de silêncio.",
    "Os cientistas brasileiros descobriram uma nova espécie de peixe no fundo do rio.",
    "Por favor, deixe o seu recado depois do sinal e aguarde o nosso retorno.",
    "O mercado abre cedo, e as frutas mais frescas acabam antes das nove da manhã.",
    "Ninguém imaginava que a pequena livraria da esquina guardava mapas tão antigos.",
    "A chuva caiu a noite inteira, mas pela manhã o céu estava limpo e azul.",
    "Ela aprendeu a tocar violão sozinha, ouvindo os discos que eram do avô.",
    "O café desta região é conhecido pelo aroma doce e pelo sabor suave.",
    "Durante a viagem, eles contaram histórias para que o tempo passasse depressa.",
    "No fim da tarde, as crianças corriam pela praça enquanto os sinos tocavam.",
)


def sentences(count: int) -> str:
    """So many sentences, each its own segment."""
    return " ".join(SENTENCES[number % len(SENTENCES)] for number in range(count))


def characters(count: int) -> str:
    """Whole sentences of at most `count` characters together, and near it."""
    text = ""
    number = 0
    while len(text) + len(SENTENCES[number % len(SENTENCES)]) + 1 <= count:
        text += SENTENCES[number % len(SENTENCES)] + " "
        number += 1
    return text.strip()
