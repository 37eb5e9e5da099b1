"""How screens looked when somebody last looked at them: `references/NAME.json`, made anew by `STUDIO_REFERENCES=write`."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from .browser import PATIENCE_MS
from .layout import Box, differences

FOLDER = Path(__file__).with_name("references")
WRITING = os.environ.get("STUDIO_REFERENCES") == "write"
#: A screen that was the same for so long is taken for whole.
_STILL_S = 1.5
_LOOK_EVERY_S = 0.1
_SHOWN = 12
_RENEW = (
    "If it is meant: STUDIO_REFERENCES=write STUDIO_PICTURES=FOLDER pytest tests/studio/test_looks.py writes the references "
    "anew; look at the pictures, then commit them."
)


def stays(name: str, look: Callable[[], list[Box]]) -> None:
    """Hold a layout against its reference. Waits for it as for everything: a slow machine shows it later, not otherwise."""
    if WRITING:
        _write(name, _still(look))
        return
    wanted = _read(name)
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while found := differences(look(), wanted):
        assert time.monotonic() < deadline, _told(name, found)
        time.sleep(_LOOK_EVERY_S)


def same(name: str, seen: dict[str, Any]) -> None:
    """Hold named values against their reference."""
    path = FOLDER / f"{name}.json"
    if WRITING:
        path.write_text(json.dumps(seen, indent=0, sort_keys=True) + "\n", "utf-8")
        return
    wanted = json.loads(path.read_text("utf-8"))
    found = [
        f"{key} is {seen.get(key)} and was {wanted.get(key)}"
        for key in sorted(wanted | seen) if seen.get(key) != wanted.get(key)
    ]  # fmt: skip
    assert not found, _told(name, found)


def _told(name: str, found: Sequence[str]) -> str:
    more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    return "\n".join((f"{name} looks otherwise:", *found[:_SHOWN], *more, _RENEW))


def _still(look: Callable[[], list[Box]]) -> list[Box]:
    seen, since = look(), time.monotonic()
    while time.monotonic() - since < _STILL_S:
        time.sleep(_LOOK_EVERY_S)
        if (now := look()) != seen:
            seen, since = now, time.monotonic()
    return seen


def _read(name: str) -> list[Box]:
    path = FOLDER / f"{name}.json"
    assert path.is_file(), f"{name} has no reference. {_RENEW}"
    return [Box(*each) for each in json.loads(path.read_text("utf-8"))]


def _write(name: str, boxes: Sequence[Box]) -> None:
    FOLDER.mkdir(exist_ok=True)
    lines = ",\n".join(json.dumps(astuple(each), ensure_ascii=False, separators=(",", ":")) for each in boxes)
    (FOLDER / f"{name}.json").write_text(f"[\n{lines}\n]\n", "utf-8")
