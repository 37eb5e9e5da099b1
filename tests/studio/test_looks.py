"""Every screen, in both languages, light and dark, on a phone and on a wide screen: it is whole and everybody can use it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.http.room import Room
from voicecore.testing.shifter import shifter_file

from .layout import layout, tokens
from .looks import picture, serious
from .references import same, stays

SCREENS = ("speak", "voices", "convert", "jobs", "profiles", "system")
#: Each screen is seen in each language, scheme and width at least once; not in all that can be combined.
LOOKS = (("en-US", "light", 1440), ("pt-BR", "dark", 360), ("pt-BR", "light", 1440), ("en-US", "dark", 360))
TITLES = {
    "en-US": ("Speak", "Voices", "Convert", "Jobs", "Profiles", "System"),
    "pt-BR": ("Falar", "Vozes", "Converter", "Trabalhos", "Perfis", "Sistema"),
}


@pytest.fixture(scope="module", autouse=True)
def furniture(room: Room):
    """Something on every screen."""
    room.spoken(text="Olá, mundo! Esta é uma frase. E esta é outra.")
    room.enrolled("Ana Souza")
    files = {"pth_file": ("narrator.pth", shifter_file(), "application/octet-stream")}
    assert room.client.post("/rvc-models", data={"name": "Narrator"}, files=files).status_code == 201


@pytest.mark.parametrize(("locale", "scheme", "width"), LOOKS, ids=str)
@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_is_whole_and_accessible(visit, axe: str, screen: str, locale: str, scheme: str, width: int):
    here = visit(locale=locale, scheme=scheme, width=width, height=800 if width < 600 else 1000)
    here.go(screen)
    expect(here.page.locator("main h1")).to_have_text(TITLES[locale][SCREENS.index(screen)])
    here.settled()
    picture(here, f"{screen}-{locale[:2]}-{scheme}-{width}", whole=True)
    assert serious(here, axe) == []
    wide = here.page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1], "nothing is wider than the screen"
    stays(f"{screen}-{locale[:2]}-{scheme}-{width}", lambda: layout(here.page))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_and_sizes_are_those_of_the_references(visit, scheme: str):
    here = visit(scheme=scheme)
    here.go("jobs")
    same(f"tokens-{scheme}", tokens(here.page))


def test_language_and_colours_can_be_chosen_and_are_kept(visit):
    here = visit()
    here.go("speak")
    here.page.get_by_label("Language", exact=True).select_option("pt")
    expect(here.page.locator("main h1")).to_have_text("Falar")
    here.page.get_by_label("Cores").select_option("dark")
    here.page.reload()
    expect(here.page.locator("main h1")).to_have_text("Falar")
    assert here.page.evaluate("() => getComputedStyle(document.body).color") != "rgb(22, 25, 37)"
    assert here.page.evaluate("() => document.documentElement.lang") == "pt-BR"


def test_the_page_is_small_and_asks_for_no_more_than_it_shows(visit, room: Room):
    here = visit()
    sizes: dict[str, int] = {}
    here.page.on("response", lambda answer: sizes.update({answer.url: int(answer.headers.get("content-length", 0))}))
    for screen in SCREENS:
        here.go(screen)
        here.settled()
    own = {url: size for url, size in sizes.items() if "/studio/" in url or url.rstrip("/") == room.url}
    assert 30_000 < sum(own.values()) <= 250_000, own
