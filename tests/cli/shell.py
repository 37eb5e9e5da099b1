"""The command line as a user meets it: a process with a clean environment, the tone engine and a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

#: Far above anything that happens here, torch loaded for the first time on a busy machine too; only a hang meets it.
PATIENCE_S = 180


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: bytes
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Command(subprocess.Popen[bytes]):
    """A command that does not outlive a test that failed: it would be waited for without an end."""

    def __exit__(self, kind: type[BaseException] | None, *more: object) -> None:
        if kind is not None:
            self.kill()
        super().__exit__(kind, *more)  # type: ignore[arg-type]


class Shell:
    def __init__(self, home: Path) -> None:
        self.home = home
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("VOICECORE_")}
        self.environment = inherited | {
            "HOME": str(home),
            "VOICECORE_ENGINE": "tone",
            "VOICECORE_DATA_DIR": str(home / "data"),
            "PYTHONWARNINGS": "error::ResourceWarning",
        }

    def slow(self, **plan: object) -> Shell:
        """The same shell, where the tone engine follows a plan."""
        other = Shell(self.home)
        other.environment = self.environment | {"VOICECORE_TESTING_TONE": json.dumps(plan)}
        return other

    def start(self, *arguments: str, **options: Any) -> Command:
        """A command in the background, with pipes."""
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return Command(
            [sys.executable, "-m", "entrypoints.cli", *arguments],
            cwd=self.home, env=self.environment, **(pipes | options),
        )  # fmt: skip

    def run(self, *arguments: str, stdin: bytes | BinaryIO = b"", **options: Any) -> Result:
        """A command until its end. `stdin` is what it reads, or the file that it reads from."""
        given = stdin if isinstance(stdin, bytes) else None
        with self.start(*arguments, **({} if given is not None else {"stdin": stdin}), **options) as process:
            try:
                out, err = process.communicate(given, timeout=PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return Result(process.returncode, out or b"", (err or b"").decode())
