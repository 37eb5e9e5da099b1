"""Fixtures of the tests of Wyoming."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .home import Home, at_home


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A home of its own."""
    with at_home(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home for tests that do not get into each other's way."""
    with at_home(tmp_path_factory.mktemp("data")) as made:
        yield made
