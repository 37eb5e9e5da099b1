"""Ordinary text in every language of the card, for tests of what is written, not of how it sounds."""

from __future__ import annotations

TEXTS = {
    "pt-BR": "Olá! O chão é bom — “sim”, disse a avó… às 10:30, não? Pinguim, exceção, lâmpada (e o Wi-Fi).",
    "en-US": 'The quick brown fox judges Mr. Smith\'s water bottle: "3.5 percent!" Buttons, thorough; vision?',
    "en-GB": "There are near and rare squares over the water, aren't there? Hello, Oxford — goodbye.",
    "es": "¿Los niños pequeños comen mucho? ¡Sí! El pingüino llegó «ayer» con la guitarra; averigüe.",
    "fr": "Où êtes-vous allés hier ? J'ai mangé une pomme, l'œuf et un bon vin blanc… c'était « très » bien !",
    "it": "Gli gnocchi sono pronti: perché non mangi? È già l'una, sciogli lo zucchero nell'acqua.",
    "hi": "नमस्ते दुनिया। क्या आप ठीक हैं? मैं बहुत खुश हूँ, धन्यवाद!",
}
