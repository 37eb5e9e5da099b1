"""Write the description of the HTTP interface, from which the studio's types are made: `python scripts/write_openapi.py FILE`.

Other services' dialects (`/v1`, `/v2`) are left out, since the studio has no use for them.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from entrypoints.container import build
from entrypoints.http.app import create_app
from entrypoints.settings import Settings

_REFERENCE = "#/components/schemas/"


def description() -> str:
    """As text that is the same for the same interface."""
    with tempfile.TemporaryDirectory() as folder:
        service = build(Settings(engine="tone", data_dir=Path(folder))).service()
        found = create_app(service).openapi_schema.to_schema()
        service.close()
    found["info"]["version"] = "0"
    found["paths"] = {path: what for path, what in found["paths"].items() if not path.startswith(("/v1/", "/v2/"))}
    schemas = found["components"]["schemas"]
    reached = _reached(found["paths"], schemas)
    found["components"]["schemas"] = {name: what for name, what in schemas.items() if name in reached}
    return json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _reached(document: Any, schemas: dict[str, Any]) -> set[str]:
    """Names of the schemas that the document refers to, and those that they refer to."""
    found: set[str] = set()
    waiting = [document]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            name = str(each.get("$ref", "")).removeprefix(_REFERENCE)
            if name in schemas and name not in found:
                found.add(name)
                waiting.append(schemas[name])
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
    return found


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(description(), "utf-8")
