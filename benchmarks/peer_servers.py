"""Our service beside other servers of the same network and voices: first byte, requests a second, memory, and whose sound it is.

Each request has a text of its own, and the voices take turns. What came while many asked at once is compared with what the same
server says to the same text alone: an answer is mixed up if it is another sound. Servers of another network, as Piper's, are not
here: what they take says nothing of the server.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx
import numpy as np
from speech_peers import VOICES, Peer, running_peers
from tables import Row, median, percentile, spread
from texts import sentences

_WHO = ("Helena", "Marcelo", "Beatriz", "Antônio", "Luciana", "Fernando", "Carolina", "Ricardo", "Juliana", "Eduardo")
_WHAT = ("um livro antigo", "uma carta rasgada", "um mapa do porto", "uma chave dourada", "um violão sem cordas",
         "uma caixa de música", "um relógio parado", "uma foto da família", "um caderno vazio", "uma moeda rara")  # fmt: skip
_WHERE = ("na gaveta da cozinha", "debaixo da escada", "no fundo do quintal", "dentro do armário", "atrás do espelho",
          "no banco da praça", "na estante da sala", "perto da janela", "no porão da casa", "ao lado da lareira")  # fmt: skip
#: Sounds that are the same have nearly the same length and run alike.
_SAME_LENGTH, _ALIKE = 0.02, 0.95


@dataclass(frozen=True, slots=True)
class Load:
    """How much is asked: requests for each number of clients, in each of some rounds, and how many answers are looked at."""

    requests: dict[int, int]
    rounds: int
    looked_at: int
    long_text: str
    text: str

    def text_of(self, number: int) -> str:
        """One that no other number has, without figures, which servers read out differently."""
        who, what, where = (part[number // 10**place % 10] for place, part in enumerate((_WHO, _WHAT, _WHERE)))
        return self.text.format(who=who, what=what, where=where)


FULL = Load({1: 4, 4: 12, 16: 16}, rounds=2, looked_at=8, long_text=sentences(10),
            text="{who} encontrou {what} {where}, e contou isso a todos antes do jantar.")  # fmt: skip
SMOKE = Load({1: 1, 2: 2}, rounds=1, looked_at=1, long_text="Bom dia a todos.", text="Bom dia, {who}.")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request. `sound`: 16-bit samples; None if it failed."""

    text: str
    voice: str
    first_ms: float
    whole_ms: float
    sound: np.ndarray | None


@dataclass(slots=True)
class Found:
    """What was seen of one server."""

    answers: dict[int, list[Answer]] = field(default_factory=lambda: defaultdict(list))
    rates: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    long_first_ms: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    mixed_up: int = 0


def _ask(client: httpx.Client, peer: Peer, text: str, voice: str, number: int) -> Answer:
    began = time.perf_counter()
    first_ms, pieces = 0.0, []
    try:
        with client.stream("POST", f"{peer.url}/v1/audio/speech", json=peer.body(text, voice, number)) as answer:
            answer.raise_for_status()
            for piece in answer.iter_raw():
                first_ms = first_ms or 1000 * (time.perf_counter() - began)
                pieces.append(piece)
    except httpx.HTTPError as error:
        print(f"{peer.name}: {error!r}")
        return Answer(text, voice, 0.0, 0.0, None)
    data = b"".join(pieces)
    sound = np.frombuffer(data[: len(data) // 2 * 2], "<i2") if len(data) > 2 else None
    return Answer(text, voice, first_ms, 1000 * (time.perf_counter() - began), sound)


def _alike(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    if one is None or other is None or abs(len(one) - len(other)) > _SAME_LENGTH * len(one):
        return False
    length = min(len(one), len(other))
    first, second = one[:length].astype(np.float64), other[:length].astype(np.float64)
    return float(first @ second) >= _ALIKE * float(np.linalg.norm(first) * np.linalg.norm(second))


@contextmanager
def _memory_watched(peer: Peer, most_mb: list[float]) -> Iterator[None]:
    """Notes the most that the server held meanwhile."""
    over, seen = threading.Event(), [peer.memory_mb()]

    def look() -> None:
        while not over.wait(0.5):
            seen.append(peer.memory_mb())

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        most_mb.append(max(seen))


def _round(client: httpx.Client, peer: Peer, load: Load, found: Found, numbers: Iterator[int]) -> None:
    found.long_first_ms.append(_ask(client, peer, load.long_text, VOICES[0], next(numbers)).first_ms)
    for clients, requests in load.requests.items():
        asked = [next(numbers) for _ in range(requests)]

        def ask(number: int) -> Answer:
            return _ask(client, peer, load.text_of(number), VOICES[number % len(VOICES)], number)

        with ThreadPoolExecutor(clients) as pool, _memory_watched(peer, found.memory_mb):
            began = time.perf_counter()
            answers = list(pool.map(ask, asked))
            found.rates[clients].append(len(asked) / (time.perf_counter() - began))
        found.answers[clients] += answers


def _look_closer(client: httpx.Client, peer: Peer, load: Load, found: Found, numbers: Iterator[int]) -> None:
    """Ask again, alone, for some of what came while most asked at once."""
    crowded = found.answers[max(load.requests)][-load.looked_at :]
    alone = [_ask(client, peer, each.text, each.voice, next(numbers)) for each in crowded]
    found.mixed_up = sum(not _alike(each.sound, again.sound) for each, again in zip(crowded, alone, strict=True))


def _rows(ours: Found, theirs: Found, name: str, load: Load) -> Iterator[Row]:
    def row(what: str, unit: str, mine: list[float], others: list[float]) -> Row:
        return Row(what, median(mine), unit, median(others), name, spread=spread(mine))

    def each(found: Found, clients: int, of: str) -> list[float]:
        return [getattr(answer, of) for answer in found.answers[clients] if answer.sound is not None] or [float("nan")]

    first = min(load.requests)
    yield row("first byte, one sentence", "ms", each(ours, first, "first_ms"), each(theirs, first, "first_ms"))
    yield row(f"first byte of {len(load.long_text)} characters", "ms", ours.long_first_ms, theirs.long_first_ms)
    for clients in load.requests:
        yield row(f"requests, {clients} at once", "/s", ours.rates[clients], theirs.rates[clients])
        mine, others = each(ours, clients, "whole_ms"), each(theirs, clients, "whole_ms")
        yield Row(f"a request, {clients} at once, p99", percentile(mine, 0.99), "ms", percentile(others, 0.99), name)
        mine, others = each(ours, clients, "first_ms"), each(theirs, clients, "first_ms")
        yield Row(f"first byte, {clients} at once, p99", percentile(mine, 0.99), "ms", percentile(others, 0.99), name)
    yield Row("memory at most", max(ours.memory_mb), "MB", max(theirs.memory_mb), name)
    yield Row("sound of a request", _seconds(ours), "s", _seconds(theirs), name)
    yield Row("failed answers", _failed(ours), "%", _failed(theirs), name)
    yield Row(f"mixed-up answers, of {load.looked_at}", ours.mixed_up, "", theirs.mixed_up, name)


def _seconds(found: Found) -> float:
    return median(
        [len(each.sound) / 24_000 for some in found.answers.values() for each in some if each.sound is not None]
        or [0.0]
    )


def _failed(found: Found) -> float:
    answers = [each for some in found.answers.values() for each in some]
    return 100 * sum(each.sound is None for each in answers) / len(answers)


def run(*, smoke: bool) -> list[Row]:
    load = SMOKE if smoke else FULL
    numbers = count()
    with (
        tempfile.TemporaryDirectory() as folder, running_peers(Path(folder), all_of_them=not smoke) as peers,
        httpx.Client(timeout=600, limits=httpx.Limits(max_connections=64)) as client,
    ):  # fmt: skip
        found = {peer.name: Found() for peer in peers}
        for peer in peers:  # it may load its network at the first request, and once for each that comes meanwhile
            with ThreadPoolExecutor(2) as pool:
                warming = [next(numbers) for _ in range(2)]
                list(pool.map(lambda n, peer=peer: _ask(client, peer, load.text_of(n), VOICES[0], n), warming))
        for turn in range(load.rounds):
            for peer in peers[turn % len(peers) :] + peers[: turn % len(peers)]:
                _round(client, peer, load, found[peer.name], numbers)
        for peer in peers:
            _look_closer(client, peer, load, found[peer.name], numbers)
    first, *others = peers
    return [row for peer in others for row in _rows(found[first.name], found[peer.name], peer.name, load)]
