"""Servers that speak with the very same network and voices, each in a process of its own, asked in OpenAI's dialect."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from server import free_port, running, running_service

from adapters.engines.kokoro import weights
from adapters.engines.kokoro.voices import Voices

FASTKOKORO = "fastkokoro[cpu]==0.7.0"
HERE = Path(__file__).parent
LANGUAGE = "pt-BR"
#: Kokoro's own voices of the language: what every server speaks with them is the same work.
VOICES = ("pf_dora", "pm_alex", "pm_santa")


@dataclass(frozen=True, slots=True)
class Peer:
    """A running server.

    Attributes:
        body: of a `POST /v1/audio/speech` for a text, a voice and a number; with another number nothing that was kept is given
            again, and the sound is the same.
        pids: its first processes; what they started counts as well.
    """

    name: str
    url: str
    body: Callable[[str, str, int], Mapping[str, object]]
    pids: frozenset[int]

    def memory_mb(self) -> float:
        """What it alone holds in memory now (USS), with its children."""
        total = 0
        for pid in self.pids:
            with contextlib.suppress(psutil.NoSuchProcess):
                first = psutil.Process(pid)
                for each in (first, *first.children(recursive=True)):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        total += each.memory_full_info().uss
        return total / 2**20


def _ours(text: str, voice: str, number: int) -> Mapping[str, object]:
    # A seed of its own keeps the segment cache out of it. Kokoro has no chance in it, so the sound is the same.
    return {
        "model": "kokoro",
        "input": text,
        "voice": voice,
        "response_format": "pcm",
        "language": LANGUAGE,
        "seed": number,
    }


def _theirs(text: str, voice: str, _: int) -> Mapping[str, object]:
    return {
        "model": "kokoro",
        "input": text,
        "voice": voice,
        "response_format": "pcm",
        "lang": LANGUAGE.lower(),
        "stream": True,
    }


def _files(folder: Path) -> tuple[Path, Path]:
    """The network and the voices that ship with us, as the peers want them."""
    model, archive = folder / "kokoro.onnx", folder / "voices.npz"
    model.write_bytes(weights.read())
    voices = Voices()
    np.savez(archive, **{name: voices.styles(name)[:, None, :] for name in VOICES})
    return model, archive


def _fastkokoro() -> str | None:
    """The command of an environment of its own (1.2 GB), made at the first call; None where it cannot be installed."""
    folder = Path(sys.prefix) / "fastkokoro-peer"
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    done = subprocess.run(
        [str(python), "-m", "pip", "install", "-q", FASTKOKORO], capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(f"{FASTKOKORO} cannot be installed here, and is left out: {done.stderr[-300:]}")
        return None
    return str(folder / "bin" / "fastkokoro")


@contextlib.contextmanager
def _our_own(folder: Path, name: str, **variables: str) -> Iterator[Peer]:
    before = _children()
    with running_service(folder, "kokoro", **variables) as url:
        yield Peer(name, url, _ours, _children() - before)


@contextlib.contextmanager
def _one(name: str, command: list[str], port: int, env: Mapping[str, str]) -> Iterator[Peer]:
    url = f"http://127.0.0.1:{port}"
    before = _children()
    with running(command, url, "/health", {**os.environ, **env}):
        yield Peer(name, url, _theirs, _children() - before)


def _children() -> frozenset[int]:
    return frozenset(each.pid for each in psutil.Process().children())


@contextlib.contextmanager
def running_peers(folder: Path, *, all_of_them: bool) -> Iterator[list[Peer]]:
    """Ours first. All run at once and are asked in turn: an idle server takes memory, and no processor."""
    model, voices = _files(folder)
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(_our_own(folder / "ours", "voicecore"))]
        if all_of_them:
            name = "voicecore with two slots of a thread each"
            peers.append(
                stack.enter_context(_our_own(folder / "two", name, VOICECORE_SLOTS="2", VOICECORE_THREADS="1"))
            )
        port = free_port()
        command = [sys.executable, str(HERE / "kokoro_onnx_server.py"), str(port), str(model), str(voices)]
        peers.append(stack.enter_context(_one("kokoro-onnx in Starlette", command, port, {})))
        if all_of_them and (command := _fastkokoro()) is not None:
            port = free_port()
            env = {
                "FASTKOKORO_MODEL_PATH": str(model), "FASTKOKORO_VOICES_PATH": str(voices), "FASTKOKORO_PORT": str(port),
                "FASTKOKORO_HOST": "127.0.0.1", "FASTKOKORO_DEFAULT_VOICE": VOICES[0], "FASTKOKORO_DEFAULT_LANG": LANGUAGE.lower(),
                "FASTKOKORO_CACHE_DIR": str(folder / "fastkokoro"),
            }  # fmt: skip
            peers.append(stack.enter_context(_one("fastkokoro", [command], port, env)))
        yield peers
