"""A tiny checkpoint for everybody: made once for all processes of a test run, by the project's own way in."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

import pytest

from adapters.engines.xtts.checkpoint import FOLDER, Checkpoint
from adapters.engines.xtts.intake import intake
from adapters.engines.xtts.upstream import LoadedXtts, load
from tests.instruments import tiny_xtts
from tests.instruments.one_thread import one_thread  # noqa: F401 - a fixture of all tests here


@pytest.fixture(scope="session")
def upstream_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Upstream's four files of the tiny checkpoint; not to be written to."""
    return _shared(tmp_path_factory) / "upstream"


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models whose `xtts/` is the tiny checkpoint in the stored form; not to be written to."""
    return _shared(tmp_path_factory) / "models"


@pytest.fixture(scope="session")
def tiny(tiny_folder: Path) -> LoadedXtts:
    """The tiny checkpoint, loaded on the processor; its weights are not to be changed."""
    return load(Checkpoint(tiny_folder / FOLDER), "cpu")


def _shared(factory: pytest.TempPathFactory) -> Path:
    """One folder for all workers of pytest-xdist, made by the first that comes."""
    base = factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        base = base.parent
    folder = base / "tiny-xtts"
    with (base / "tiny-xtts.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            half = base / "tiny-xtts-half"
            shutil.rmtree(half, ignore_errors=True)
            tiny_xtts.make(half / "upstream")
            intake(half / "upstream", half / "models" / FOLDER, version="tiny")
            half.rename(folder)
    return folder
