"""How a page looks: pictures of it, and what axe-core finds wrong."""

from __future__ import annotations

import os
from pathlib import Path

from .browser import Visit

#: Where pictures of the screens are put, if anywhere: docs/studio.md shows some of them.
PICTURES = os.environ.get("STUDIO_PICTURES")


def picture(visit: Visit, name: str, *, whole: bool = False) -> None:
    """Keep a picture, if pictures are kept; `whole` has all that one can scroll to."""
    if PICTURES:
        visit.page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=whole)


def serious(visit: Visit, axe: str) -> list[str]:
    """What axe-core finds that keeps people out. Without `preload`, for which it would need inline styles."""
    visit.page.evaluate(axe)
    found = visit.page.evaluate("() => axe.run(document, {resultTypes: ['violations'], preload: false})")
    return [
        f"{each['id']}: {each['help']} at {[node['target'] for node in each['nodes']][:3]}"
        for each in found["violations"] if each["impact"] in ("serious", "critical")
    ]  # fmt: skip
