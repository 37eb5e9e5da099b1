"""Random and broken files: only our own errors come out, and the process lives.

The fast run decodes a few dozen; `VOICECORE_FUZZ_EXAMPLES=5000` asks for more.
"""

from __future__ import annotations

import io
import os
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.adapters.audio.files import all_formats

from adapters.audio import SandboxedCodec
from adapters.audio.mp4_boxes import check_whole
from adapters.audio.sniff import AudioFormat, sniff
from adapters.audio.wire import BrokenStream, Reception
from voicecore.audio import Audio
from voicecore.errors import InvalidAudio, UnsupportedAudioFormat, VoiceCoreError
from voicecore.ports import AudioLimits

EXAMPLES = int(os.environ.get("VOICECORE_FUZZ_EXAMPLES", "4"))
FILES = all_formats()


def mutated(data: bytes, chance: random.Random) -> bytes:
    """`data` with one to eight wounds, most of them in its first 200 bytes, where the headers are."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(min(len(out), 200) if chance.random() < 0.7 else len(out))
        wound = chance.randrange(5)
        if wound == 0:
            out[at] = chance.choice([0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)])
        elif wound == 1:
            out[at : at + 4] = chance.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\0\0\0\x80"])
        elif wound == 2:
            del out[at : at + chance.randrange(1, 64)]
        elif wound == 3:
            out[at:at] = chance.randbytes(chance.randrange(1, 64))
        else:
            out[at : at + 16] = out[-16:]
        if len(out) < 16:
            break
    return bytes(out)


@pytest.mark.parametrize("seed", range(EXAMPLES))
@pytest.mark.parametrize("name", sorted(FILES))
def test_a_wounded_file_is_audio_or_refused(name: str, seed: int) -> None:
    data = mutated(FILES[name], random.Random(f"{name} {seed}"))
    heard = decoded_or_refused(data)
    if isinstance(heard, InvalidAudio):
        # This word would mean that the child crashed and only the wall between us was left.
        assert "decoder" not in heard.message
        return
    assert 0 < heard.duration_s <= 5
    assert np.isfinite(heard.samples).all()


def decoded_or_refused(data: bytes) -> Audio | InvalidAudio:
    try:
        return SandboxedCodec().decode(io.BytesIO(data), AudioLimits(max_duration_s=5, max_wall_s=180))
    except InvalidAudio as refusal:
        return refusal


@pytest.mark.parametrize("seed", range(EXAMPLES))
@pytest.mark.parametrize(
    "magic", [b"RIFF\0\0\0\0WAVEfmt ", b"fLaC", b"\0\0\0\x14ftypM4A ", b"\x1a\x45\xdf\xa3\x87\x42\x82\x84webm"]
)
def test_noise_behind_a_good_signature_is_refused(magic: bytes, seed: int) -> None:
    data = magic + random.Random(seed).randbytes(2_000)
    with pytest.raises(InvalidAudio):
        SandboxedCodec().decode(io.BytesIO(data), AudioLimits(max_wall_s=180))


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_random_bytes_have_a_known_format_or_are_refused(data: bytes) -> None:
    try:
        assert sniff(io.BytesIO(data)) in AudioFormat
    except UnsupportedAudioFormat:
        return


@given(st.sampled_from(sorted(FILES)), st.integers(0, 2**32))
@settings(deadline=None)
def test_wounded_signatures_have_a_known_format_or_are_refused(name: str, seed: int) -> None:
    try:
        assert sniff(io.BytesIO(mutated(FILES[name][:500], random.Random(seed)))) in AudioFormat
    except UnsupportedAudioFormat:
        return


@given(st.integers(0, 2**32))
@settings(deadline=None)
def test_wounded_boxes_are_whole_or_refused(seed: int) -> None:
    try:
        check_whole(io.BytesIO(mutated(FILES["m4a"], random.Random(seed))))
    except InvalidAudio:
        return


@given(st.lists(st.binary(max_size=40)), st.sampled_from([b"", b"R\x04\0\0\0\x40\x1f\0\0", b"E\x08\0\0\0"]))
def test_whatever_a_child_writes_is_taken_or_refused(pieces: list[bytes], start: bytes) -> None:
    reception = Reception(AudioLimits(max_duration_s=1))
    try:
        for piece in [start, *pieces]:
            reception.feed(piece)
    except (BrokenStream, VoiceCoreError):
        return
    assert not reception.complete or len(reception.samples()) > 0
