"""Maintainers' tool: write the sizes and digests of the shipped files into `models/manifest.json`.

    python -m adapters.modelfiles.refresh

It adds no file and removes none: what a file is, and under which licence, is for a person to write.
"""

from __future__ import annotations

import hashlib
import json
import sys

from adapters.modelfiles import data_path


def main() -> int:
    """Rewrite the manifest; the number of entries that changed is printed."""
    path = data_path("manifest.json")
    document = json.loads(path.read_text(encoding="utf-8"))
    changed = 0
    for model in document["models"]:
        for entry in model["files"]:
            if not entry.get("shipped"):
                continue
            data = data_path(entry["path"]).read_bytes()
            fresh = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            changed += any(entry.get(key) != value for key, value in fresh.items())
            entry.update(fresh)
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(f"{path.name}: {changed} entries changed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
