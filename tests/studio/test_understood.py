"""What a visitor hears is understood: the loudspeaker's samples, streamed from the engine that ships, read by a recogniser."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from tests.http.server_process import serving
from voicecore.audio import Audio

from .browser import visiting

TEXTS = (
    ("pt-BR", "pt-BR", "Bom dia! O trem parte às oito horas. Não esqueça o guarda-chuva."),
    ("en-US", "en-US", "Good morning! The train leaves at eight o'clock. Do not forget your umbrella."),
)


@pytest.fixture(scope="module")
def kokoro(tmp_path_factory: pytest.TempPathFactory):
    with serving(tmp_path_factory.mktemp("kokoro"), VOICECORE_ENGINE="kokoro") as made:
        yield made


@pytest.mark.parametrize(("locale", "language", "text"), TEXTS, ids=[each[0] for each in TEXTS])
def test_what_is_played_while_it_is_made_is_the_text(browser: Browser, kokoro, locale: str, language: str, text: str):
    from tests.instruments.recogniser import transcribe, word_error_rate

    with visiting(browser, kokoro.url, locale=locale) as here:
        here.go("speak")
        here.settled()
        area = here.page.locator("#text")
        area.fill(text)
        # The service has planned it: the page knows its language.
        expect(here.page.locator("#text-notes")).to_contain_text(re.compile("segment|trecho"))
        area.press("Control+Enter")
        expect(here.page.locator(".exports button").first).to_be_enabled(timeout=180_000)
        # Played to its end.
        expect(here.page.locator(".transport").get_by_role("button", name=re.compile("^(Play|Ouvir)$"))).to_be_visible(
            timeout=180_000
        )
        expect(here.page.locator(".mirror .word")).to_have_count(1)
        pieces = here.heard()
    samples = np.concatenate([np.asarray(each["samples"], dtype=np.float32) for each in pieces])
    heard = transcribe(Audio(samples, pieces[0]["rate"]), language)
    assert word_error_rate(text, heard, language) <= 0.1, heard
