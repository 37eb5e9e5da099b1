"""Maintainers' tool: write the sizes and digests of the shipped files into `models/manifest.json`.

    python -m adapters.modelfiles.refresh

It adds no file and removes none: what a file is, and under which licence, is for a person to write.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from adapters.modelfiles import data_path


def refresh(manifest: Path) -> int:
    """Rewrite a manifest from the files beside it; how many of its entries changed."""
    document = json.loads(manifest.read_text(encoding="utf-8"))
    changed = 0
    for model in document["models"]:
        for entry in model["files"]:
            if entry.get("shipped"):
                data = (manifest.parent / entry["path"]).read_bytes()
                fresh = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
                changed += any(entry.get(key) != value for key, value in fresh.items())
                entry.update(fresh)
    manifest.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return changed


if __name__ == "__main__":
    sys.stdout.write(f"{refresh(data_path('manifest.json'))} entries changed\n")
