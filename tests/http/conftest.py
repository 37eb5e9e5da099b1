"""Fixtures of the HTTP tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from entrypoints.http import health

from .elevenlabs_clients import OPENED
from .openai_clients import close_all
from .room import Room, furnished


@pytest.fixture(autouse=True)
def _clients_are_closed() -> Iterator[None]:
    yield
    close_all()
    OPENED.close()


@pytest.fixture(autouse=True, scope="session")
def _the_disk_has_room() -> Iterator[None]:
    """What health says here does not depend on how full this machine is; the grades have tests of their own."""

    def usage(folder: Path) -> SimpleNamespace:
        true = shutil.disk_usage(folder)
        return SimpleNamespace(total=true.total, free=max(true.free, true.total // 2))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(health, "shutil", SimpleNamespace(disk_usage=usage))
        yield


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
