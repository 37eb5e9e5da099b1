"""Speak a fixed text at start, and compare the tokens with those that this model gave before.

A newer version of a library that changes the output without a word has spoilt people's audio before (see the issues of
transformers with `generate`). Such a change stops the engine here, not the listeners later.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from voicecore.errors import Conflict, SelfTestFailed
from voicecore.language import Language

from .decoder import Decoder
from .text_size import TextSize
from .values import DecodeRequest, RowStep, Sampling, VoiceLatents

_log = logging.getLogger("voicecore.xtts")

FILE = "selftest.json"
_TEXT, _LANGUAGE = "The quick brown fox jumps over the lazy dog, at half past eight.", Language("en", None)
#: 1.9 s of speech: long enough for a changed sampler to show, short enough not to delay the start by more than some seconds.
_TOKENS = 40
_SEED = 20_26
#: Their versions stand beside the digest, so that the message can name what has changed.
_PACKAGES = ("torch", "coqui-tts", "transformers", "tokenizers")


def tokens_digest(decoder: Decoder, size: TextSize) -> str:
    """sha256 over the tokens of a greedy and of a sampled row, and over the ids of the text they speak."""
    ids = size.ids(_TEXT, _LANGUAGE)
    voice = _voice(decoder.channels, decoder.device)
    for name, sampling in (("greedy", Sampling(greedy=True)), ("sampled", Sampling())):
        decoder.admit(
            DecodeRequest(
                id=name, text_ids=ids, voice=voice, sampling=sampling, seed=_SEED, max_tokens=_TOKENS,
            )
        )  # fmt: skip
    rows: dict[str, list[int]] = {"greedy": [], "sampled": []}
    ended = 0
    while ended < len(rows):
        steps: list[RowStep] = decoder.step()
        for step in steps:
            rows[step.id].append(step.token)
            ended += step.end is not None
    told = json.dumps({"text": ids, **rows})
    return hashlib.sha256(told.encode()).hexdigest()


def _voice(channels: int, device: torch.device) -> VoiceLatents:
    """A voice that no checkpoint can change: numbers of NumPy's PCG64, whose stream is part of its promises."""
    numbers = np.random.Generator(np.random.PCG64(_SEED))
    gpt = numbers.standard_normal((32, channels), dtype=np.float32)
    return VoiceLatents(key="self-test", gpt=torch.from_numpy(gpt).to(device), speaker=torch.zeros(512, device=device))


def check(folder: Path, key: str, digest: str) -> None:
    """Compare with what is written down for `key` in the model's folder; the first time, write it down.

    Args:
        key: names what may rightly change the tokens: model, kind of device, precision.

    Raises:
        SelfTestFailed: if another digest is written down there.
    """
    known = _read(folder)
    now = {name: version(name) for name in _PACKAGES}
    before: dict[str, Any] | None = known.get(key)
    if before is None:
        _write(folder, {**known, key: {"digest": digest, "made_with": now}})
        return
    if before["digest"] != digest:
        changed = [
            f"{name} {before['made_with'].get(name)} → {there}"
            for name, there in now.items()
            if before["made_with"].get(name) != there
        ]
        raise SelfTestFailed(
            f"XTTS does not speak as it did before on this machine ({', '.join(changed) or 'no package of ours changed'}), so it is "
            "not used: install the former versions again, or listen to it and run voicecore models self-test xtts --renew."
        )


def forget(folder: Path) -> None:
    """Drop what is written down: the next start writes it anew."""
    (folder / FILE).unlink(missing_ok=True)


def _read(folder: Path) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = json.loads((folder / FILE).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise Conflict(f"{folder / FILE} cannot be read ({error}): delete it, and it is written anew.") from error
    return found


def _write(folder: Path, content: Mapping[str, object]) -> None:
    part = folder / f"{FILE}.{os.getpid()}.part"
    try:
        part.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
        part.replace(folder / FILE)
    except OSError as error:
        # A folder that may only be read is a good practice; then every start is the first, and people should know.
        _log.warning("the self-test of XTTS cannot be written down in %s (%s): nothing is compared with", folder, error)
