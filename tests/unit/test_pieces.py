"""Recordings in pieces: cut where it is quiet, and nothing is lost, doubled or moved when they are joined."""

from __future__ import annotations

import io
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicecore.audio import Audio
from voicecore.errors import BlobCorrupt
from voicecore.pieces import CONTEXT_S, PIECE_S, join_pieces, piece_count, read_pieces

RATE = 8_000


def recording(seconds: float, rate: int = RATE, *, gaps: bool = True) -> Audio:
    """A tone with a pause of 0.3 s in every 2.3 s."""
    t = np.arange(round(seconds * rate)) / rate
    sound = 0.5 * np.sin(2 * np.pi * 220 * t)
    if gaps:
        sound *= (t % 2.3) < 2.0
    return Audio(sound.astype(np.float32), rate)


def pieces_of(audio: Audio):
    return list(read_pieces(io.BytesIO(audio.wav_bytes())))


def resampled(samples, rate, wanted):
    length = round(len(samples) * wanted / rate)
    return np.interp(np.arange(length) * rate / wanted, np.arange(len(samples)), samples).astype(np.float32)


def test_a_short_recording_is_one_piece_as_it_is() -> None:
    audio = recording(PIECE_S)
    (piece,) = pieces_of(audio)
    assert (piece.start, piece.end, piece.audio_start) == (0, len(audio.samples), 0)
    assert np.abs(piece.audio.samples - audio.samples).max() < 1 / 32767


def test_long_ones_are_cut_in_their_pauses_and_each_piece_has_sound_around_it() -> None:
    audio = recording(100.0)
    pieces = pieces_of(audio)
    assert len(pieces) == piece_count(len(audio.samples), RATE) == 4
    assert [piece.start for piece in pieces[1:]] == [piece.end for piece in pieces[:-1]]
    assert (pieces[0].start, pieces[-1].end) == (0, len(audio.samples))
    for piece in pieces[:-1]:
        around = audio.samples[piece.end - 100 : piece.end + 100]
        assert not around.any()
    for piece in pieces[1:]:
        assert piece.start - piece.audio_start == round(CONTEXT_S * RATE)
    assert all(20 < len(piece.audio.samples) / RATE < 40 for piece in pieces)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(0.5, 130.0), st.sampled_from([8_000, 11_025, 22_050, 44_100]), st.sampled_from([32_000, 40_000, 48_000]),
    st.booleans(),
)  # fmt: skip
def test_joined_pieces_are_as_long_as_the_whole_to_a_sample(seconds: float, rate: int, wanted: int, gaps: bool) -> None:
    audio = recording(seconds, rate, gaps=gaps)
    converted = ((piece, resampled(piece.audio.samples, rate, wanted)) for piece in pieces_of(audio))
    assert sum(map(len, join_pieces(converted, wanted))) == round(len(audio.samples) * wanted / rate)


@pytest.mark.parametrize("gaps", [True, False])
@pytest.mark.parametrize("rate", [8_000, 11_025])
def test_joined_pieces_are_the_whole_where_a_piece_sounds_as_the_whole_does(rate: int, gaps: bool) -> None:
    audio = recording(95.0, rate, gaps=gaps)
    whole = resampled(audio.samples, rate, 32_000)
    converted = ((piece, resampled(piece.audio.samples, rate, 32_000)) for piece in pieces_of(audio))
    joined = np.concatenate(list(join_pieces(converted, 32_000)))
    # Of a place between two samples of another rate, pieces begin up to half a sample off.
    assert np.abs(joined - whole).max() < 0.01


def test_a_recording_without_any_pause_or_sound_is_cut_near_the_middle_of_the_search() -> None:
    pieces = pieces_of(Audio(np.zeros(61 * RATE, np.float32), RATE))
    assert [piece.end / RATE for piece in pieces] == pytest.approx([61 / 3, 2 * 61 / 3, 61], abs=0.1)


def test_no_seam_is_heard_where_neighbours_differ() -> None:
    audio = recording(70.0, gaps=False)
    pieces = pieces_of(audio)
    flat = [(piece, np.full(len(piece.audio.samples), 0.1 * number, np.float32)) for number, piece in enumerate(pieces)]
    joined = np.concatenate(list(join_pieces(flat, RATE)))
    assert np.abs(np.diff(joined)).max() < 0.002


def test_memory_does_not_grow_with_the_recording() -> None:
    def peak(seconds: float) -> int:
        data = recording(seconds).wav_bytes()
        tracemalloc.start()
        for block in join_pieces(((p, p.audio.samples) for p in read_pieces(io.BytesIO(data))), RATE):
            del block
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found - len(data)  # the reader's own copy of the file

    assert peak(600.0) < 1.5 * peak(90.0) + 2_000_000


@pytest.mark.parametrize("data", [b"", b"RIFF", b"no sound at all", recording(1.0).wav_bytes()[:30]])
def test_what_is_no_recording_of_ours_is_damaged(data: bytes) -> None:
    with pytest.raises(BlobCorrupt, match="send it again"):
        list(read_pieces(io.BytesIO(data)))
