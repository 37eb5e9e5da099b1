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
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from voicecore.engine_settings import Precision
from voicecore.errors import ModelCorrupt, SelfTestFailed
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a self-test that passed has found.

    Attributes:
        key: what the digest is of: model, kind of device, precision.
        digest: sha256 in hex of what was said.
        known: whether it was compared with what was written down; else there was nothing to compare with.
        kept: whether it is written down now.
        made_with: package → version with which what is written down was made.
    """

    key: str
    digest: str
    known: bool
    kept: bool
    made_with: Mapping[str, str]


def machine(device: str | torch.device, precision: Precision) -> str:
    """What of a machine may rightly change the tokens, such as `cpu/AVX512`: folders of models are shared by machines.

    In `exact` a released-size network gave the same tokens with any instructions tried (SSE4 to AVX-512, one thread or two). In
    bf16 it did not: processors with instructions for bf16 add up in another order than those without, so these count, too.
    """
    place = torch.device(device)
    if place.type != "cpu":
        return f"{place.type}/{torch.cuda.get_device_name(place)}"
    names = [torch.backends.cpu.get_cpu_capability()]
    if precision is not Precision.EXACT:
        found = torch.cpu.get_capabilities()
        names += sorted(name for name, there in found.items() if "bf16" in name and there is True)
    return f"cpu/{'+'.join(names)}"


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


def check(folder: Path, key: str, digest: str) -> Comparison:
    """Compare with what is written down for `key` in the model's folder; the first time, write it down.

    Args:
        key: names what may rightly change the tokens: model, kind of device, precision.

    Raises:
        SelfTestFailed: if another digest is written down there.
        ModelCorrupt: if what is written down cannot be read.
    """
    known = _read(folder)
    now = {name: version(name) for name in _PACKAGES}
    before = known.get(key)
    if before is None:
        kept = _write(folder, {**known, key: {"digest": digest, "made_with": now}})
        return Comparison(key=key, digest=digest, known=False, kept=kept, made_with=now)
    made_with: dict[str, str] = before["made_with"]
    if before["digest"] != digest:
        changed = [
            f"{name} {made_with.get(name)} → {there}" for name, there in now.items() if made_with.get(name) != there
        ]
        why = ", ".join(changed) or "no package of ours changed, perhaps the processor did"
        raise SelfTestFailed(
            f"XTTS does not speak as it did before on this machine ({why}), so it is not used: "
            "install the former versions again, or listen to it and run voicecore models self-test xtts --renew."
        )
    return Comparison(key=key, digest=digest, known=True, kept=True, made_with=made_with)


def forget(folder: Path) -> None:
    """Drop what is written down: the next start writes it anew."""
    (folder / FILE).unlink(missing_ok=True)


def _read(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    try:
        found = json.loads((folder / FILE).read_text("utf-8"))
        return {
            key: {"digest": str(each["digest"]), "made_with": dict(each["made_with"])} for key, each in found.items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelCorrupt(
            f"{folder / FILE} cannot be read ({error}), so XTTS cannot be compared with what it said before: listen to it, and "
            "run voicecore models self-test xtts --renew."
        ) from error


def _write(folder: Path, content: Mapping[str, object]) -> bool:
    """Whether it could be."""
    part = folder / f"{FILE}.{os.getpid()}.part"
    try:
        part.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
        part.replace(folder / FILE)
    except OSError as error:
        # A folder that may only be read is a good practice; then every start is the first, and people should know.
        _log.warning("the self-test of XTTS cannot be written down in %s (%s): nothing is compared with", folder, error)
        return False
    return True
