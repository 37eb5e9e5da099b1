"""A browser for all tests, and a service for those of each module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from dependency_injector import providers
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tests.http.room import Room, furnished
from voicecore.testing.shifter import ShifterIntake

from .browser import PATIENCE_MS, Visit, launched, visiting

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as made:
        yield made


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with launched(playwright) as made:
        yield made


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A service with the tone engine, and models of its converter."""
    folder = tmp_path_factory.mktemp("data")
    with furnished(folder, override=lambda made: made.intake.override(providers.Object(ShifterIntake()))) as made:
        yield made


@pytest.fixture
def visit(browser: Browser, room: Room) -> Iterator[Callable[..., Visit]]:
    """Makes visits to the module's service, which end with the test."""
    with ExitStack() as stack:

        def make(**wishes: Any) -> Visit:
            return stack.enter_context(visiting(browser, room.url, **wishes))

        yield make


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core's script."""
    path = Path(__file__).parents[2] / "studio" / "node_modules" / "axe-core" / "axe.min.js"
    return path.read_text("utf-8")
