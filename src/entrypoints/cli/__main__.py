"""`python -m entrypoints.cli`, for environments whose scripts are not on the path."""

from __future__ import annotations

from entrypoints.cli import main

main()
