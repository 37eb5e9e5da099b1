"""OpenAI's own client, of a room; closed when the test is over."""

from __future__ import annotations

import openai

from .room import Room

OPENED: list[openai.OpenAI] = []


def client_of(room: Room, **options) -> openai.OpenAI:
    client = openai.OpenAI(base_url=f"{room.client.base_url}/v1", api_key="none", max_retries=0, **options)
    OPENED.append(client)
    return client


def close_all() -> None:
    while OPENED:
        OPENED.pop().close()
