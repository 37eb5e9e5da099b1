"""A fixture for folders whose tests load torch: a conftest imports it, and it holds for all tests below."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """The networks here are so small that threads only wait for each other, and several tests run at once."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
