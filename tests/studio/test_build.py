"""The wheel has the page, is built without a Node.js of one's own, and without a network it is built without the page."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from entrypoints.http import studio

ROOT = Path(__file__).parents[2]
#: What the build reads.
READ = ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "NOTICE", "src", "models", "studio")


def test_what_is_tested_here_has_the_page_with_the_licences_of_what_is_in_it():
    names = {path.name for path in studio.FOLDER.iterdir()}
    assert {"index.html", "licences.txt"} <= names
    licences = (studio.FOLDER / "licences.txt").read_text("utf-8")
    assert all(each in licences for each in ("preact", "wavesurfer.js", "openapi-fetch", "Copyright"))
    page = (studio.FOLDER / "index.html").read_text("utf-8")
    assert "http://" not in page
    assert "https://" not in page


def test_without_a_registry_the_package_is_built_without_the_page(tmp_path: Path):
    copy = tmp_path / "source"
    copy.mkdir()
    for name in READ:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("node_modules", "studio_page", "__pycache__")
            shutil.copytree(ROOT / name, copy / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, copy / name)
    environment = {name: value for name, value in os.environ.items() if name != "BUILD_STUDIO"}
    environment |= {
        "npm_config_registry": "http://127.0.0.1:9",
        "npm_config_fetch_retries": "0",
        "npm_config_cache": str(tmp_path / "cache"),
    }
    # With what is installed here, so that no registry is asked for the tools of the build either.
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
        "-w",
        str(tmp_path / "made"),
        str(copy),
    ]
    subprocess.run(command, check=True, env=environment, timeout=900)
    (wheel,) = (tmp_path / "made").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "entrypoints/http/studio.py" in names
    assert not any("studio_page" in name for name in names)
