"""Voices by what a person calls them."""

from __future__ import annotations

from urllib.parse import quote

from entrypoints.cli.client import Answer, ServiceClient
from voicecore.errors import NotFound


def find_voice(client: ServiceClient, wanted: str) -> Answer:
    """The enrolled voice with this id, or else this name (without regard to case).

    Raises:
        NotFound: with the names that there are.
    """
    voices = client.call("GET", "/voices")["voices"]
    for voice in voices:
        if voice["id"] == wanted:
            return dict(voice)
    for voice in voices:
        if voice["name"].casefold() == wanted.strip().casefold():
            return dict(voice)
    known = ", ".join(voice["name"] for voice in voices) or "none yet"
    raise NotFound(f"There is no voice {wanted[:100]!r}; enrolled are: {known}.")


def job_path(job_id: str, *more: str) -> str:
    """The address of a job, whatever somebody typed for its id."""
    return "/".join(["/jobs", quote(job_id, safe=""), *more])
