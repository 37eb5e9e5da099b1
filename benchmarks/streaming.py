"""What streaming costs: the first byte over HTTP beside the engine's own first chunk, and slow readers beside none."""

from __future__ import annotations

import contextlib
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
from server import running_service
from tables import Row, median, spread

from voicecore.language import Language
from voicecore.planning import plan_segments, resolve, utterance_maker
from voicecore.ports import SpeechEngine
from voicecore.registry import engine_provider

_LANGUAGE = Language("pt", "BR")
_VOICE = "female_warm"
#: How often a slow reader takes what it played meanwhile.
_PLAY_EVERY_S = 0.25
_SENTENCE = "Esta é a frase número {}, que ninguém disse antes e que ninguém vai dizer depois."


def _body(text: str) -> dict[str, object]:
    return {"mode": "dubbing", "text": text, "source_language": _LANGUAGE.tag, "voice_preset": _VOICE}


def _first_byte_s(client: httpx.Client, text: str) -> float:
    began = time.perf_counter()
    with client.stream("POST", "/jobs/stream", json=_body(text), params={"format": "pcm"}) as answer:
        answer.raise_for_status()
        pieces = answer.iter_raw()
        next(pieces)
        first_s = time.perf_counter() - began
        for _ in pieces:  # to its end, so that the next one finds an idle engine
            pass
    return first_s


def _first_chunk_s(engine: SpeechEngine, text: str, name: str) -> float:
    """From the text to the engine's first sound, as the service would ask for it, without the service."""
    began = time.perf_counter()
    resolved = dict(resolve(engine.card, {}, {}))
    utter = utterance_maker(engine.card, name, _LANGUAGE, _VOICE, resolved, 0)
    engine.admit(utter(plan_segments(engine, text, _LANGUAGE, resolved)[0]))
    chunks = engine.step()
    while not chunks:
        chunks = engine.step()
    first_s = time.perf_counter() - began
    while not chunks or not chunks[-1].last:
        chunks = engine.step()
    return first_s


def _first_sounds(client: httpx.Client, engine_name: str, rounds: int) -> Row:
    engine = engine_provider(engine_name).open()
    try:
        ours, alone = [], []
        for number in range(rounds + 1):  # the first of each warms up
            ours.append(_first_byte_s(client, _SENTENCE.format(2 * number)))
            alone.append(_first_chunk_s(engine, _SENTENCE.format(2 * number + 1), f"bench.{number}"))
    finally:
        engine.close()
    ours, alone = [1000 * each for each in ours[1:]], [1000 * each for each in alone[1:]]
    return Row("first byte of POST /jobs/stream", median(ours), "ms", median(alone), f"first chunk of {engine_name} without a service",
               limit="<= 1.1", spread=spread(ours))  # fmt: skip


@contextlib.contextmanager
def _slow_readers(url: str, job_id: str, count: int, *, settle_s: float) -> Iterator[None]:
    """So many clients that ask for a finished job's sound and take it as a player does: as fast as it is heard."""
    place = urlsplit(url)
    over = threading.Event()
    with contextlib.ExitStack() as stack:
        doors = []
        for _ in range(count):
            door = stack.enter_context(socket.socket())
            door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            door.connect((place.hostname, place.port))
            door.sendall(f"GET /jobs/{job_id}/stream?format=pcm HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            if not door.recv(1_000).startswith(b"HTTP/1.1 200"):
                raise SystemExit("A slow reader was refused.")
            doors.append(door)

        def play() -> None:
            while not over.wait(_PLAY_EVERY_S):
                for door in doors:
                    with contextlib.suppress(BlockingIOError):
                        door.recv(round(_PLAY_EVERY_S * 48_000), socket.MSG_DONTWAIT)

        player = threading.Thread(target=play)
        player.start()
        try:
            time.sleep(settle_s)  # until the buffers of all of them are full
            yield
        finally:
            over.set()
            player.join()
    time.sleep(settle_s)  # until all of them are forgotten


def _memory_mb() -> float:
    """Of all that this process started."""
    return sum(each.memory_info().rss for each in psutil.Process().children(recursive=True)) / 2**20


def _whole_s(client: httpx.Client, job_id: str) -> float:
    began = time.perf_counter()
    client.get(f"/jobs/{job_id}/stream", params={"format": "pcm"}).raise_for_status()
    return time.perf_counter() - began


def _crowd(url: str, client: httpx.Client, rounds: int, readers: int, settle_s: float) -> list[Row]:
    text = " ".join(_SENTENCE.format(number) for number in range(100))
    job_id = client.post("/jobs", json=_body(text)).raise_for_status().json()["id"]
    client.get(f"/jobs/{job_id}/download", params={"timeout": 600}).raise_for_status()
    _whole_s(client, job_id)
    before_mb = _memory_mb()
    alone, beside, crowd_mb = [], [], []
    for _ in range(rounds):
        alone.append(1000 * _whole_s(client, job_id))
        with _slow_readers(url, job_id, readers, settle_s=settle_s):
            beside.append(1000 * _whole_s(client, job_id))
            crowd_mb.append(_memory_mb())
    return [
        Row(f"a fast reader of a whole job beside {readers} slow ones", median(beside), "ms", median(alone), "beside none",
            limit="<= 1.10", spread=spread(beside)),
        Row(f"memory of the service with {readers} slow readers, at most", max(crowd_mb), "MB", before_mb, "with none",
            limit="<= 1.10", spread=spread(crowd_mb)),
    ]  # fmt: skip


def run(*, smoke: bool) -> list[Row]:
    rounds, readers, settle_s = (1, 3, 0.1) if smoke else (15, 50, 2.0)
    engine = "tone" if smoke else "kokoro"
    with (
        tempfile.TemporaryDirectory() as folder, running_service(Path(folder), engine) as url,
        httpx.Client(base_url=url, timeout=600) as client,
    ):  # fmt: skip
        return [_first_sounds(client, engine, rounds), *_crowd(url, client, rounds, readers, settle_s)]
