"""torch on one thread."""

from __future__ import annotations

from tests.instruments.one_thread import one_thread  # noqa: F401 - a fixture of all tests here
