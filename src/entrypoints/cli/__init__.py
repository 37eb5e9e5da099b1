"""The command line: `voicecore`. Everything is imported when it is needed, so that `--help` answers at once."""

from __future__ import annotations

import importlib.util
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line of this process and end it with the exit code of `docs/cli.md`."""
    missing = [name for name in ("click", "rich", "httpx") if importlib.util.find_spec(name) is None]
    if missing:
        sys.stderr.write(f"voicecore: the command line needs {', '.join(missing)}: pip install 'voicecore[cli]'\n")
        sys.exit(3)  # as every other part that is not installed
    from entrypoints.cli.app import run  # noqa: PLC0415 - click may be missing, see above

    sys.exit(run(sys.argv[1:]))
