"""docs/tour.md leads through files that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOUR = (ROOT / "docs" / "tour.md").read_text("utf-8")
#: What the tour calls a file or a folder.
NAMED = sorted(set(re.findall(r"`((?:[\w-]+/)*(?:[\w-]+\.(?:py|lua|toml|md)|[\w-]+/)|tests/[\w/]+)`", TOUR)))


@pytest.fixture(scope="module")
def there() -> list[str]:
    """Every file and folder of ours, from the checkout's root."""
    found = [path.relative_to(ROOT).as_posix() + "/" * path.is_dir() for folder in ("src", "tests", "docs", "studio")
             for path in [ROOT / folder, *(ROOT / folder).rglob("*")] if "node_modules" not in path.parts]  # fmt: skip
    return found + [path.name for path in ROOT.iterdir()]


def test_the_tour_names_many_files():
    assert len(NAMED) > 100


def test_whatever_the_tour_names_is_there(there):
    missing = [
        name for name in NAMED if not any(f"/{path}".rstrip("/").endswith(f"/{name}".rstrip("/")) for path in there)
    ]
    assert missing == []


def test_whatever_the_tour_links_to_is_there():
    links = re.findall(r"\]\(([^)#:]+)", TOUR)
    assert links
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
