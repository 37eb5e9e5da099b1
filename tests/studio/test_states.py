"""Screens in the midst of being used are as whole and accessible as empty ones; their pictures are those of docs/studio.md."""

from __future__ import annotations

import io
import re
import wave

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.http.room import Room
from voicecore.testing.shifter import shifter_file

from .looks import picture, serious

TEXT = "Bom dia a todos. Esta é a segunda frase, um pouco mais comprida. E a terceira vem aqui, logo depois."


def recording(seconds: float = 8.0, loud: float = 0.4) -> bytes:
    """A WAV file that looks like speech: a voice whose pitch moves, with pauses."""
    rate = 16_000
    at = np.arange(int(seconds * rate)) / rate
    pitch = 150 + 40 * np.sin(2 * np.pi * 0.7 * at)
    voice = np.sin(2 * np.pi * np.cumsum(pitch) / rate) * (0.4 + 0.6 * np.abs(np.sin(2 * np.pi * 1.9 * at)))
    samples = np.where(at % 1.6 < 1.2, loud * voice, 0.0)
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes((np.clip(samples, -1, 1) * 32_767).astype("<i2").tobytes())
    return file.getvalue()


@pytest.fixture(scope="module", autouse=True)
def furniture(room: Room):
    for text in ("Uma frase de ontem.", "Duas frases. De hoje.", TEXT):
        room.spoken(text=text)
    room.enrolled("Ana Souza")
    files = {"pth_file": ("narrator.pth", shifter_file(), "application/octet-stream")}
    assert room.client.post("/rvc-models", data={"name": "Narrador"}, files=files).status_code == 201


@pytest.fixture(params=[("pt-BR", "light", 1440), ("en-US", "dark", 1440), ("pt-BR", "dark", 360)], ids=str)
def here(visit, request):
    locale, scheme, width = request.param
    made = visit(locale=locale, scheme=scheme, width=width, height=800 if width < 600 else 860)
    made.name = f"{locale[:2]}-{scheme}-{width}"
    return made


def whole(here, axe: str, name: str) -> None:
    picture(here, f"{name}-{here.name}")
    assert serious(here, axe) == []
    wide = here.page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]


def test_a_text_that_is_heard(here, axe: str):
    here.go("speak")
    here.settled()
    area = here.page.locator("#text")
    area.fill(TEXT)
    expect(here.page.locator("#text-notes")).to_contain_text(re.compile("3 (segments|trechos)"))
    area.press("Control+Enter")
    expect(here.page.locator(".exports button").first).to_be_enabled()
    here.page.locator(".transport .waveform").focus()
    here.page.keyboard.press("End")
    here.page.keyboard.press("ArrowLeft")
    expect(here.page.locator(".mirror .heard").first).to_be_attached()
    whole(here, axe, "speaking")


def test_the_tour(here, axe: str):
    here.go("speak")
    here.settled()
    here.button(re.compile("^(Tour|Visita guiada)$")).click()
    dialog = here.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    whole(here, axe, "tour")
    dialog.get_by_role("button", name=re.compile("^(Next|Avançar)$")).click()
    whole(here, axe, "tour-voice")


def test_a_voice_that_is_about_to_be_learned(here, axe: str):
    here.go("voices")
    here.settled()
    good, bad = recording(), recording(seconds=3, loud=1.8)
    here.page.locator(".clone .drop input").first.set_input_files(
        [
            {"name": "good.wav", "mimeType": "audio/wav", "buffer": good},
            {"name": "loud.wav", "mimeType": "audio/wav", "buffer": bad},
        ]
    )
    expect(here.page.locator(".clip .sound-row")).to_have_count(2)
    whole(here, axe, "cloning")


def test_a_conversion_and_its_result(here, axe: str):
    here.go("convert")
    here.settled()
    here.page.locator(".drop input").first.set_input_files(
        [{"name": "said.wav", "mimeType": "audio/wav", "buffer": recording()}]
    )
    here.page.get_by_label(re.compile("^(Pitch|Altura)$")).fill("5")
    here.button(re.compile("^(Convert|Converter)$")).last.click()
    expect(here.page.locator(".melody svg")).to_be_visible()
    here.page.locator(".melody").scroll_into_view_if_needed()
    whole(here, axe, "converted")


def test_the_details_of_a_job(here, axe: str):
    here.go("jobs")
    here.page.locator(".job-name", has_text="Bom dia").first.click()
    expect(here.page.locator(".details tbody tr")).to_have_count(3)
    whole(here, axe, "job")


def test_a_profile_that_is_looked_at_and_a_key_that_is_made(here, axe: str):
    here.go("profiles")
    here.settled()
    here.page.locator(".profile button").first.click()
    expect(here.page.get_by_role("dialog")).to_be_visible()
    whole(here, axe, "profile")
    here.page.keyboard.press("Escape")
    here.go("system")
    here.settled()
    here.button(re.compile("^(New key|Nova chave)$")).click()
    whole(here, axe, "key")
