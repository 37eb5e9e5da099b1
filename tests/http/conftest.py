"""Fixtures of the HTTP tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .elevenlabs_clients import OPENED
from .openai_clients import close_all
from .room import Room, furnished


@pytest.fixture(autouse=True)
def _clients_are_closed() -> Iterator[None]:
    yield
    close_all()
    OPENED.close()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A room of its own."""
    with furnished(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A room for tests that do not get into each other's way."""
    with furnished(tmp_path_factory.mktemp("data")) as made:
        yield made
