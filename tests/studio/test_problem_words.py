"""A refusal is told in the reader's language: what to do, by its code, and below it the service's own sentence."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

import entrypoints.http
from entrypoints.http import problems
from tests.http.people import MOST, expire, person
from tests.http.room import Room, furnished
from voicecore.errors import VoiceCoreError
from voicecore.testing.shifter import shifter_file

from .browser import visiting

WORDS = Path(__file__).parents[2] / "studio" / "src" / "api" / "words.ts"
#: Said by the page itself.
OF_THE_PAGE = {"unreachable", "defect"}
#: A code that is written out where an answer is made.
_WRITTEN = re.compile(r'(?:"code": |\bcode=|_respond\(request, \d+, )"([a-z_]+)"')


def kinds(kind: type[VoiceCoreError]) -> Iterator[type[VoiceCoreError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from kinds(each)


def answered() -> set[str]:
    """Every code that the service's own interface can answer, from the program itself; other services' dialects left out."""
    folder = Path(entrypoints.http.__file__).parent
    for module in pkgutil.iter_modules([str(folder)]):
        importlib.import_module(f"entrypoints.http.{module.name}")
    ours = {
        each.code for each in kinds(VoiceCoreError) if each.__module__.startswith(("voicecore.", "entrypoints.http."))
    }
    written = {code for path in folder.glob("*.py") for code in _WRITTEN.findall(path.read_text("utf-8"))}
    return ours | written | set(problems._CODES.values())


def worded(language: str) -> dict[str, str]:
    """The words of one language, by code."""
    table = re.search(
        rf"^const {language}\b[^\n]*= \{{\n(.*?)^\}};", WORDS.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    assert table is not None
    return dict(re.findall(r'^  (\w+): "(.+)",$', table[1], re.MULTILINE))


@pytest.mark.parametrize("language", ["ENGLISH", "PORTUGUESE"])
def test_every_code_that_the_service_can_answer_has_words(language: str):
    assert worded(language).keys() - OF_THE_PAGE == answered()
    assert all(text.endswith(".") for text in worded(language).values())


def test_codes_are_found_however_they_are_made():
    found = answered()
    assert {"invalid_input", "disk_full", "idle", "internal_error", "not_ready", "unsupported_media_type"} <= found


def test_a_text_that_calls_itself_a_sound_is_refused_in_portuguese_with_the_services_sentence_below(visit, room: Room):
    files = {"pth_file": ("n.pth", shifter_file(), "application/octet-stream")}
    assert room.client.post("/rvc-models", data={"name": "Para recusas"}, files=files).status_code == 201
    here = visit(locale="pt-BR", strict=False)
    here.go("convert")
    here.settled()
    text = {"name": "texto.wav", "mimeType": "audio/wav", "buffer": b"Isto e um texto, e nao um som. " * 50}
    here.page.locator(".drop input").first.set_input_files([text])
    here.button("Converter").last.click()
    told = here.page.get_by_role("alert").filter(has_text="Não é um arquivo de som que se entenda aqui.")
    expect(told).to_be_visible()
    expect(told.locator(".said")).to_contain_text(re.compile("wav, mp3", re.IGNORECASE))
    here.page.get_by_label("Idioma", exact=True).select_option("en")
    expect(here.page.get_by_role("alert")).to_contain_text("This is no sound file that is understood here.")


def test_a_key_that_has_expired_is_told_in_portuguese(browser: Browser, tmp_path):
    with (
        furnished(tmp_path) as own, person(own, "Ana", MOST) as ana,
        visiting(browser, own.url, locale="pt-BR", strict=False) as here,
    ):  # fmt: skip
        here.go("speak")
        here.page.get_by_label("Chave (vk_…)").fill(ana.text)
        here.button("Usar esta chave").click()
        here.page.get_by_label("Texto", exact=True).fill("Ainda aqui.")
        expect(here.page.locator("#text-notes")).to_contain_text("1 trecho")
        expire(own, ana)
        here.button(re.compile("^Falar")).click()
        dialog = here.page.get_by_role("dialog")
        expect(dialog).to_contain_text("a sua chave não vale mais")
        expect(dialog).to_contain_text("expired")
