from __future__ import annotations

from pathlib import Path

import pytest

from tests.instruments import tiny_contentvec
from tests.instruments.one_thread import one_thread  # noqa: F401 - a fixture of all tests here


@pytest.fixture(scope="session")
def contentvec_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with a small content encoder; not to be written to."""
    folder = tmp_path_factory.mktemp("contentvec")
    tiny_contentvec.write(folder)
    return folder
