"""The REST service of `docs/http.md`."""

from __future__ import annotations

from entrypoints.http.app import create_app

__all__ = ["create_app"]
