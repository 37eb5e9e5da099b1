"""Every field of the requests of our own contract is sent by some screen, or there is a reason why not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.http.test_openapi import described_now, operations

SOURCES = Path(__file__).parents[2] / "studio" / "src"
#: By the beginning of an address, the folders whose screens ask it.
SCREENS = {
    "/jobs/stream": ("speak", "api"),
    "/jobs": ("speak", "convert", "jobs", "api"),
    "/segments": ("speak",),
    "/presets": ("speak", "app"),
    "/voices": ("voices",),
    "/consents": ("voices",),
    "/quality-profiles": ("profiles",),
    "/rvc-models": ("convert",),
    "/admin": ("system",),
}
#: Other services' dialects.
ELSEWHERE = ("/v1/", "/v2/")
#: What several screens have in common.
SHARED = {"rvc", "advanced"}
#: Fields that no screen sends, and why.
LEFT_OUT = {
    "tts_engine": "another name of engine",
    "quality_profile": "another name of quality_profile_id",
    "POST /jobs/stream: target_language": "nothing translates, so it is only echoed",
    "GET /jobs/{job_id}/download: timeout": "the page asks for what is finished, and waits for nothing",
    "HEAD /jobs/{job_id}/download: timeout": "as above",
    "GET /jobs/{job_id}/subtitles: max_chars": "the page's subtitles are those that players expect",
    "GET /jobs/{job_id}/subtitles: max_lines": "as above",
    "GET /jobs/{job_id}/events: lastEventId": "a browser's own EventSource says it in a header",
    "POST /consents: given_at": "who agrees before the page agrees now",
    "POST /voices/clone: consent_given_at": "as above",
}


def fields_of(operation: dict[str, Any]) -> set[str]:
    """Names in its query and its body, whichever kinds of body there are."""
    found = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"}
    for kind in operation.get("requestBody", {}).get("content", {}).values():
        found |= kind["schema"]["properties"].keys()
    return found


def resolved(document: dict[str, Any]) -> dict[str, Any]:
    """With the schemas of bodies in their places."""
    schemas = document["components"]["schemas"]
    for _, _, operation in operations(document):
        for kind in operation.get("requestBody", {}).get("content", {}).values():
            name = kind["schema"].get("$ref", "").removeprefix("#/components/schemas/")
            kind["schema"] = schemas.get(name, kind["schema"])
    return document


def sources_of(folders: tuple[str, ...]) -> str:
    """The program of these folders and of what they share, without comments and types."""
    texts = [path.read_text("utf-8") for folder in folders for path in sorted((SOURCES / folder).glob("*.ts*"))
             if path.name not in {"schema.ts", "words.ts"}]  # fmt: skip
    shared = {name for text in texts for name in re.findall(r'from "\.\./(\w+)/', text)} & SHARED
    texts += [path.read_text("utf-8") for folder in sorted(shared) for path in sorted((SOURCES / folder).glob("*.ts*"))]
    program = re.sub(r"/\*.*?\*/|^\s*//.*?$", "", "\n".join(texts), flags=re.DOTALL | re.MULTILINE)
    # A type says what may be sent, and sends nothing.
    program = re.sub(
        r"^(?:export )?(?:type \w+ = [^;]*;|interface .*?^\})", "", program, flags=re.DOTALL | re.MULTILINE
    )
    if "[`rvc_${name}`]" not in program:
        return program
    return program + "".join(f'"rvc_{name}"' for name in re.findall(r'\{ name: "(\w+)", minimum', program))


def sends(program: str, field: str) -> bool:
    """Whether the field is written there as a key, as a name in quotes, or in a query."""
    name = re.escape(field)
    return re.search(rf'"{name}"|(?<![\w.?]){name}(?=[:,]| \}})|[?&]{name}=|\.{name} = ', program) is not None


def asked() -> list[tuple[str, str, set[str]]]:
    return [
        (method, path, fields)
        for method, path, operation in operations(resolved(described_now()))
        if not path.startswith(ELSEWHERE) and (fields := fields_of(operation))
    ]


@pytest.fixture(scope="module")
def requests() -> list[tuple[str, str, set[str]]]:
    return asked()


def folders(path: str) -> tuple[str, ...]:
    return SCREENS[max((each for each in SCREENS if path.startswith(each)), key=len)]


def test_every_field_of_a_request_is_sent_by_its_screen_or_left_out_for_a_reason(requests):
    missing = {
        f"{method.upper()} {path}: {field}"
        for method, path, fields in requests
        for field in fields
        if not sends(sources_of(folders(path)), field)
    }
    unknown = {each for each in missing if each not in LEFT_OUT and each.split(": ")[1] not in LEFT_OUT}
    assert unknown == set()


def test_no_reason_is_kept_for_a_field_that_is_sent_or_is_gone(requests):
    there = {name for method, path, fields in requests for field in fields
             if not sends(sources_of(folders(path)), field) for name in (field, f"{method.upper()} {path}: {field}")}  # fmt: skip
    assert LEFT_OUT.keys() - there == set()
