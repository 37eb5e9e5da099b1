"""What a client is told of an error, whichever way it is told: an answer, an event, a socket's last word, a health check."""

from __future__ import annotations

from entrypoints.service import Service


def told_outside(service: Service, sentence: str) -> str:
    """The sentence without the folders of this machine. Which file it is helps to mend it; where that lies is none of a client's
    business, and `/health` answers everybody.
    """
    settings = service.settings
    for folder in (settings.weights_dir, settings.data_dir):
        sentence = sentence.replace(f"{folder}/", "")
        # A relative one may be any word.
        sentence = sentence.replace(str(folder), "the data folder") if folder.is_absolute() else sentence
    return sentence
