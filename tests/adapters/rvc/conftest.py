from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

from adapters.coqui import prepare_coqui
from tests.instruments import rvc_python, tiny_contentvec
from tests.instruments.one_thread import one_thread  # noqa: F401 - a fixture of all tests here


@pytest.fixture(scope="session")
def upstream_pipeline() -> Any:
    """rvc-python's module `modules.vc.pipeline`."""
    prepare_coqui()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return rvc_python.module("modules.vc.pipeline")


@pytest.fixture(scope="session")
def contentvec_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with a small content encoder; not to be written to."""
    folder = tmp_path_factory.mktemp("contentvec")
    tiny_contentvec.write(folder)
    return folder
