"""Whether an unpickled checkpoint is an RVC voice: its layout, its config, and what it says of itself.

The layout is that of RVC's `extract_small_model` (infer/lib/train/process_ckpt.py): `weight`, name → tensor; `config`, a list
of 18; `version`, `f0`, `sr`, `info`. Applio adds its own keys, of which two matter: which encoder made the content features
that it was trained on, and which vocoder it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.converters.rvc.intake.tensors import named_tensors, plain_arrays
from adapters.converters.rvc.stored import StoredVoice
from adapters.converters.rvc.values import CONTENT_WIDTH, VoiceConfig
from voicecore.errors import ModelCorrupt

#: Its columns are the content features that the voice hears: 256 in v1, 768 in v2.
_HEARS = "enc_p.emb_phone.weight"
#: There are only voices with it that follow a pitch.
_PITCH = "enc_p.emb_pitch.weight"
_SPEAKERS = "emb_g.weight"
_INFO_LENGTH = 200
#: Of what the config holds in one place; RVC's longest has 18.
_LIST_LENGTH = 128
_RATES = {"32k": 32_000, "40k": 40_000, "48k": 48_000}
#: Names under which the usual encoder goes.
_USUAL_ENCODERS = ("contentvec", "hubert_base", "hubert", "")
_USUAL_VOCODERS = ("hifigan", "default", "")


@dataclass(frozen=True, slots=True)
class _Said:
    """What the checkpoint says of itself."""

    version: str
    f0: bool
    notes: tuple[str, ...]


def read_checkpoint(document: Any, file_bytes: int) -> StoredVoice:
    """The voice, every shape of which is compared before a number of it is touched.

    Args:
        document: what the unpickler made.
        file_bytes: of the file it came from, more than which its tensors cannot have.

    Raises:
        ModelCorrupt: with the first thing that no RVC voice has.
    """
    try:
        return _read(document, file_bytes)
    except (AttributeError, ValueError, TypeError, OverflowError, RecursionError, RuntimeError) as error:
        # What Python and torch say to values that nobody thinks of: numbers of thousands of digits, lists within lists.
        raise ModelCorrupt(
            f"The model holds what no RVC voice has ({type(error).__name__}); it was not taken."
        ) from error


def _read(document: Any, file_bytes: int) -> StoredVoice:
    weight, config = _parts(document)
    tensors = named_tensors(weight)
    said = _said(document, tensors)
    if _SPEAKERS not in tensors or tensors[_SPEAKERS].dim() != 2:
        raise ModelCorrupt(f"The model has no table of speakers ({_SPEAKERS}); it is not an RVC voice.")
    described = VoiceConfig.of(config, version=said.version, f0=said.f0, speakers=tensors[_SPEAKERS].shape[0])
    notes = (*said.notes, *_rate_note(document.get("sr"), described))
    return StoredVoice(
        config=described,
        tensors=plain_arrays(tensors, described, file_bytes),
        info=_plain(document.get("info")),
        notes=notes,
    )


def _parts(document: Any) -> tuple[Mapping[Any, Any], list[Any]]:
    if not isinstance(document, dict):
        raise ModelCorrupt(f"The model is a saved {type(document).__name__[:40]}, not the dictionary of an RVC voice.")
    if "weight" not in document and "model" in document:
        raise ModelCorrupt(
            "The model is a checkpoint of training (G_….pth or a pretrained network), not a voice; "
            "export the voice from it, 'weights/NAME.pth' in RVC."
        )
    weight, config = document.get("weight"), document.get("config")
    if not isinstance(weight, dict) or not weight:
        raise ModelCorrupt("The model has no tensors under 'weight'; it is not an RVC voice.")
    if not isinstance(config, list | tuple):
        raise ModelCorrupt("The model has no list under 'config'; it is not an RVC voice.")
    if not _is_short(config, 3):
        raise ModelCorrupt("The model's config holds what is no short list of small numbers; it is not an RVC voice.")
    return weight, list(config)


def _is_short(value: Any, depth: int) -> bool:
    """Whether messages may write it out: a small file can hold lists in lists whose words no memory could hold."""
    if isinstance(value, list | tuple):
        return depth > 0 and len(value) <= _LIST_LENGTH and all(_is_short(each, depth - 1) for each in value)
    if type(value) is int:
        return value.bit_length() < 64
    return type(value) in (float, bool) or (isinstance(value, str) and len(value) <= _LIST_LENGTH)


def _said(document: Mapping[Any, Any], tensors: Mapping[str, Any]) -> _Said:
    vocoder = _plain(document.get("vocoder"))
    if vocoder.lower().replace("-", "").replace(" ", "") not in _USUAL_VOCODERS:
        raise ModelCorrupt(f"The model's vocoder is {vocoder[:40]!r}; only RVC's own, HiFi-GAN, is known here.")
    hears = tensors.get(_HEARS)
    if hears is None or hears.dim() != 2:
        raise ModelCorrupt(f"The model has no {_HEARS}; it is not an RVC voice.")
    version, notes = _version(document.get("version"), hears.shape[1])
    f0 = document.get("f0", 1)
    if type(f0) not in (int, bool) or f0 not in (0, 1):
        raise ModelCorrupt(f"The model says f0 {_brief(f0)!r}; 1 (follows the pitch) and 0 are known.")
    if bool(f0) != (_PITCH in tensors):
        has = "has" if _PITCH in tensors else "lacks"
        raise ModelCorrupt(f"The model says f0 {int(f0)}, but it {has} the tensors that follow a pitch; it is damaged.")
    encoder = _plain(document.get("embedder_model"))
    if encoder.lower() not in _USUAL_ENCODERS:
        notes = (
            *notes,
            f"It was trained on the features of {encoder[:40]!r}, not of ContentVec, and is going to sound wrong.",
        )
    return _Said(version, bool(f0), notes)


def _version(said: Any, width: int) -> tuple[str, tuple[str, ...]]:
    by_width = {each: version for version, each in CONTENT_WIDTH.items()}
    if said is None:
        if width not in by_width:
            raise ModelCorrupt(f"The model hears {width} content features a frame; RVC's voices hear 256 or 768.")
        return by_width[width], (f"It names no version; its weights are those of {by_width[width]}.",)
    if not isinstance(said, str) or said not in CONTENT_WIDTH:
        raise ModelCorrupt(f"The model is of RVC version {_brief(said)!r}; v1 and v2 are known.")
    if CONTENT_WIDTH[said] != width:
        raise ModelCorrupt(
            f"The model says it is {said}, which hears {CONTENT_WIDTH[said]} content features a frame; its weights hear {width}."
        )
    return said, ()


def _rate_note(said: Any, config: VoiceConfig) -> tuple[str, ...]:
    rate = _RATES.get(said, 0) if isinstance(said, str) else said
    if said is None or (type(rate) is int and rate == config.sample_rate_hz):
        return ()
    return (f"It says sr {_brief(said)!r}, but its network makes {config.sample_rate_hz} Hz, which is what counts.",)


def _plain(text: Any) -> str:
    """Somebody's words, short and printable; anything else is no words."""
    if not isinstance(text, str):
        return ""
    return "".join(each for each in text[:_INFO_LENGTH] if each.isprintable()).strip()


def _brief(value: Any) -> str:
    """A value for a message; of a list, only that it is one."""
    if type(value) in (str, int, float, bool):
        return _plain(str(value))[:20]
    return type(value).__name__[:20]
