"""What a client is told of an error, whichever way it is told: an answer, an event, a socket's last word, a health check."""

from __future__ import annotations

from entrypoints.service import Service


def told_outside(service: Service, sentence: str) -> str:
    """The sentence without the folders of this machine: `/health` answers everybody."""
    return service.settings.without_folders(sentence)
