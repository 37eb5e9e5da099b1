"""What `doctor` looks at: what happens when it is used."""

from __future__ import annotations

import io
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from entrypoints.cli.finding import Finding, State
from entrypoints.converters import offered_converters
from entrypoints.settings import Settings
from voicecore.conversion import F0Method
from voicecore.errors import VoiceCoreError
from voicecore.ports import AudioLimits
from voicecore.registry import engine_provider
from voicecore.request import OutputFormat
from voicecore.studio import Studio

_WORD = {"pt": "Olá, mundo!", "en": "Hello, world!"}
_LITTLE_SPACE = 1 << 30


def check_speaking(settings: Settings) -> Iterator[Finding]:
    """Speak a word with the engine of the settings."""
    what = f"speaking ({settings.engine})"
    provider = engine_provider(settings.engine, settings.engine_settings)
    if problems := provider.problems():
        yield Finding(what, State.ERROR, " ".join(problems))
        return
    with Studio(provider.open(threads=settings.threads or None)) as studio:
        card = studio.card
        language = card.languages[0]
        began = time.perf_counter()
        audio = studio.say(_WORD.get(language.language, "1, 2, 3."), language=language.tag)
        took_s = time.perf_counter() - began
    if not audio.peak:
        yield Finding(what, State.ERROR, "the engine made silence", "voicecore models verify")
        return
    pace = f"{audio.duration_s:.2f} s of speech in {took_s:.2f} s"
    yield Finding(what, State.OK, f"{pace}; languages: {', '.join(map(str, card.languages))}; licence {card.licence}")


def check_conversion(settings: Settings) -> Iterator[Finding]:
    """Whether models of RVC can be used, and each pitch tracker. Nothing is loaded; without it everything else works."""
    what = "voice conversion (RVC)"
    converters = offered_converters(settings)
    if problems := converters.problems():
        yield Finding(what, State.OFF, " ".join(problems))
        return
    off = converters.methods_off()
    there = [method.value for method in F0Method if method not in off]
    yield Finding(what, State.OK, f"models can be used; pitch trackers: {', '.join(there) or 'none'}")
    for method, reason in off.items():
        yield Finding(f"pitch tracker {method.value}", State.OFF, reason)


def check_codecs() -> Iterator[Finding]:
    """Write a tone in every format and read it back."""
    from adapters.audio import SandboxedCodec  # noqa: PLC0415 - starts a child process for reading

    codec = SandboxedCodec()
    rate = 24_000
    tone = (0.3 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)).astype(np.float32)
    works, broken = [], []
    for audio_format in OutputFormat:
        try:
            data = b"".join(codec.encode([tone], rate, audio_format))
            back = codec.decode(io.BytesIO(data), AudioLimits())
            if abs(back.duration_s - 1) > 0.1 or back.peak < 0.1:
                broken.append(f"{audio_format}: {back.duration_s:.2f} s came back of 1 s")
            else:
                works.append(audio_format.value)
        except VoiceCoreError as error:
            broken.append(f"{audio_format}: {error.message}")
    if works:
        yield Finding("audio formats", State.OK, f"{', '.join(works)}: written and read back")
    if broken:
        yield Finding("audio formats", State.OFF, " ".join(broken), "pip install 'voicecore[audio]'")


def check_data_folder(settings: Settings) -> Iterator[Finding]:
    """Whether jobs and voices can be kept. Nothing is made but a file that is gone at once."""
    yield folder_works("data folder", settings.data_dir, "VOICECORE_DATA_DIR", State.WARNING)


def folder_works(what: str, folder: Path, setting: str, otherwise: State) -> Finding:
    """Whether files can be written into `folder`, or where it would be made; `otherwise` is the state if not."""
    existing = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    free = shutil.disk_usage(existing).free
    try:
        if not existing.is_dir():
            raise NotADirectoryError(20, "is not a folder", str(existing))
        with tempfile.TemporaryFile(dir=existing) as probe:
            probe.write(b"voicecore")
            os.fsync(probe.fileno())
    except OSError as error:
        return Finding(what, otherwise, f"{folder}: {error.strerror}", f"set {setting}")
    made = "" if folder.exists() else ", will be made"
    state = State.OK if free >= _LITTLE_SPACE else State.WARNING
    return Finding(what, state, f"{folder}{made}; {free / 2**30:.1f} GiB free",
                   "" if state is State.OK else f"free some space, or set {setting}")  # fmt: skip


def check_port(settings: Settings) -> Iterator[Finding]:
    """Whether the service runs, could run, or something else sits on its port."""
    what, where = "service", f"{settings.host}:{settings.port}"
    if not _taken(settings):
        yield Finding(what, State.OFF, f"none runs at {where}; the port is free", "voicecore serve")
        return
    import httpx  # noqa: PLC0415 - only if something answers

    try:
        answer = httpx.get(f"http://{where}/health", timeout=5.0).json()
        ours = answer.get("service") == "audio-voice"
    except (httpx.HTTPError, ValueError, AttributeError):
        ours = False
    if ours:
        yield Finding(what, State.OK, f"runs at {where}, version {answer.get('version')}, {answer.get('status')}")
    else:
        yield Finding(what, State.WARNING, f"something else sits at {where}", "voicecore serve --port …")


def _taken(settings: Settings) -> bool:
    """Whether anybody answers there. A listener's address such as 0.0.0.0 is asked on this machine."""
    try:
        with socket.create_connection((settings.host, settings.port), timeout=2):
            return True
    except OSError:
        return False
