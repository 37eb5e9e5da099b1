"""`/`: the studio, a web page, for browsers; and where to go from here, for programs.

The page is built from `studio/` (TypeScript) into `studio_page/` beside this module when the package is built. It talks to
nothing but this service's own interface. An installation that was built without it says how to get it.
"""

from __future__ import annotations

import mimetypes
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from litestar import Request, Response, Router, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath

from entrypoints.http.door import OPEN
from entrypoints.http.health import Index, index_of
from voicecore.errors import NotFound

FOLDER = Path(__file__).with_name("studio_page")
_INDEX, _STAMP = "index.html", "sources.txt"
#: In the page's own HTML; a new one for each answer takes its place.
_NONCE = "__NONCE__"
#: Files that the build compressed, best first.
_CODINGS = {"br": ".br", "gzip": ".gz"}
#: Names of all files but the first hold a digest of their content, so none ever changes.
_FOR_EVER = "public, max-age=31536000, immutable"
_WHERE = {
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_MISSING = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>voicecore</title>
<h1>voicecore is running</h1>
<p>This installation has no studio, the web page that belongs here: it was built without a network, or with BUILD_STUDIO=off.</p>
<p>To get it, build the package again where npm packages can be fetched: <code>pip install --force-reinstall --no-deps .</code>
in the checkout. Nothing else is needed, Node.js comes with the build.</p>
<p>All else works without it: see <a href="/openapi.json">/openapi.json</a> and <a href="/health">/health</a>.</p>
"""


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file of the page, as it is and compressed."""

    media_type: str
    content: bytes
    coded: Mapping[str, bytes]

    def for_client(self, accepted: str) -> tuple[bytes, str | None]:
        """What to send to a client that says this in `Accept-Encoding`, and its coding."""
        names = {each.partition(";")[0].strip().lower() for each in accepted.split(",") if "q=0" not in each}
        return next(((body, name) for name, body in self.coded.items() if name in names), (self.content, None))


def page_of(folder: Path) -> Mapping[str, PageFile]:
    """The page's files by name; none, if it was not built. They are few and small, and no path of a client is ever opened."""
    names = sorted(each.name for each in folder.glob("*") if each.is_file()) if (folder / _INDEX).is_file() else []
    plain = [name for name in names if name != _STAMP and not name.endswith(tuple(_CODINGS.values()))]
    return {name: _file(folder, name, names) for name in plain}


def _file(folder: Path, name: str, names: list[str]) -> PageFile:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    # Systems disagree about scripts.
    kind = "text/javascript" if name.endswith(".js") else kind
    coded = {
        coding: (folder / f"{name}{ending}").read_bytes() for coding, ending in _CODINGS.items() if f"{name}{ending}" in names
    }  # fmt: skip
    return PageFile(kind, (folder / name).read_bytes(), coded)


@cache
def _page() -> Mapping[str, PageFile]:
    return page_of(FOLDER)


def policy(nonce: str) -> str:
    """What the page may do: its own files, this service, and sounds that it made itself. `nonce` is for the waveform's style."""
    return (
        "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self'; media-src 'self' blob:; "
        f"style-src 'self' 'nonce-{nonce}'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def wants_page(accept: str) -> bool:
    """Whether a browser asks to show something, by its `Accept` header."""
    return any(each.partition(";")[0].strip().lower() == "text/html" for each in accept.split(","))


def is_built() -> bool:
    """Whether this installation has the page."""
    return _INDEX in _page()


@get(
    "/", sync_to_thread=False, media_type="application/json",
    responses={200: ResponseSpec(Index, generate_examples=False, description="Where to go from here.")},
)  # fmt: skip
def front(request: Request[Any, Any, Any]) -> Response[Any]:
    """Where to go from here; for a browser (`Accept: text/html`) the studio."""
    vary = {"Vary": "Accept"}
    if not wants_page(request.headers.get("accept", "")):
        return Response(index_of(), media_type="application/json", headers=vary)
    found = _page().get(_INDEX)
    nonce = secrets.token_urlsafe(16)
    text = _MISSING if found is None else found.content.decode().replace(_NONCE, nonce)
    return Response(
        text, media_type="text/html", headers={**vary, **_WHERE, "Content-Security-Policy": policy(nonce)}
    )  # fmt: skip


@get("/studio/{name:str}", sync_to_thread=False, include_in_schema=False)
def page_file(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    """A file of the studio."""
    found = _page().get(name) if name != _INDEX else None
    if found is None:
        raise NotFound("The studio has no such file; reload the page, it may be of another version.")
    body, coding = found.for_client(request.headers.get("accept-encoding", ""))
    headers = {"Cache-Control": "no-cache" if name.endswith(".txt") else _FOR_EVER, "Vary": "Accept-Encoding"}
    if coding is not None:
        headers["Content-Encoding"] = coding
    return Response(body, media_type=found.media_type, headers=headers)


router = Router("/", route_handlers=[front, page_file], tags=["health"], opt={"needs": OPEN})
