"""The installation under test: the one that the Containerfile's lines made (`nox -s sbom`), else the running one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def installation() -> Path:
    """Its prefix, with `bin/python` in it."""
    return Path(os.environ.get("VOICECORE_TESTING_IMAGE", sys.prefix))


@pytest.fixture(scope="session")
def found_by_path(installation) -> dict[str, str]:
    """Variables without which the running installation, when its source lies beside it, is not found."""
    here = str(installation) == sys.prefix and os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": here} if here else {}
