"""Voices and conversion models by what a person calls them."""

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
    return _found(voices, wanted, f"There is no voice {wanted[:100]!r}; enrolled are")


def find_model(client: ServiceClient, wanted: str) -> Answer:
    """As `find_voice`, of a conversion model."""
    models = client.call("GET", "/rvc-models")["models"]
    return _found(models, wanted, f"There is no conversion model {wanted[:100]!r}; there are")


def find_key(client: ServiceClient, wanted: str) -> Answer:
    """As `find_voice`, of an API key; a revoked one is only found by its id."""
    keys = client.call("GET", "/admin/keys")["keys"]
    named = [key for key in keys if key["revoked_at"] is None or key["id"] == wanted]
    return _found(named, wanted, f"There is no key {wanted[:100]!r}; there are")


def _found(listed: list[Answer], wanted: str, otherwise: str) -> Answer:
    for each in listed:
        if each["id"] == wanted:
            return dict(each)
    for each in listed:
        if each["name"].casefold() == wanted.strip().casefold():
            return dict(each)
    known = ", ".join(each["name"] for each in listed) or "none yet"
    raise NotFound(f"{otherwise}: {known}.")


def job_path(job_id: str, *more: str) -> str:
    """The address of a job, whatever somebody typed for its id."""
    return "/".join(["/jobs", quote(job_id, safe=""), *more])
