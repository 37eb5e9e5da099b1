"""The tiny checkpoint as a maker of requests."""

from __future__ import annotations

import pytest

from adapters.engines.xtts.upstream import LoadedXtts
from tests.adapters.xtts.decoder.rows import Texts


@pytest.fixture(scope="session")
def texts(tiny: LoadedXtts) -> Texts:
    return Texts(tiny)
