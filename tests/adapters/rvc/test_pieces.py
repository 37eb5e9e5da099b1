"""Where long speech is cut, what each piece hears, and that what is laid together again has no seams."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.converters.rvc.pieces import FRAME, Piece, cut, even_length, joined, window


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(round(seconds * 16_000))).astype(np.float32)


def test_what_is_short_enough_stays_whole() -> None:
    assert cut(noise(12.0)) == (Piece(start=0, end=1_200),)
    assert cut(noise(0.5)) == (Piece(start=0, end=50),)


def test_a_cut_falls_into_the_pause() -> None:
    samples = noise(18.0)
    samples[round(8.0 * 16_000) : round(8.4 * 16_000)] = 0
    first, second = cut(samples)
    assert 8.05 < first.end / 100 < 8.35
    assert second == Piece(start=first.end, end=1_800)


@settings(deadline=None, max_examples=60)
@given(samples=st.integers(1, 400_000), seed=st.integers(0, 9), longest=st.floats(1.0, 5.0), share=st.floats(0.05, 0.5))
def test_pieces_follow_each_other_and_none_is_too_long_or_too_short(
    samples: int, seed: int, longest: float, share: float
) -> None:
    pieces = cut(noise(samples / 16_000, seed), longest_s=longest, shortest_s=longest * share)
    assert pieces[0].start == 0
    assert pieces[-1].end == -(-samples // FRAME)
    assert all(one.end == other.start for one, other in itertools.pairwise(pieces))
    lengths = [piece.end - piece.start for piece in pieces]
    assert max(lengths) <= int(longest * 100)
    assert len(pieces) == 1 or min(lengths) >= int(longest * share * 100)


@pytest.mark.parametrize("piece", [Piece(start=0, end=60), Piece(start=20, end=40), Piece(start=40, end=60)])
def test_a_piece_hears_its_surroundings_and_their_mirror_image_at_the_ends(piece: Piece) -> None:
    samples = np.arange(60 * FRAME, dtype=np.float32)
    heard = window(samples, piece, 30, 30)
    whole = np.pad(samples, 30 * FRAME, mode="reflect")
    assert np.array_equal(heard, whole[piece.start * FRAME : (piece.end + 60) * FRAME])


def test_the_last_frame_may_be_a_part_of_one() -> None:
    samples = np.arange(50 * FRAME + 7, dtype=np.float32)
    heard = window(samples, Piece(start=0, end=51), 30, 30)
    assert len(heard) == 111 * FRAME
    assert np.array_equal(heard, np.pad(samples, (30 * FRAME, 31 * FRAME - 7), mode="reflect"))


def test_shorter_speech_than_its_context_is_mirrored_more_than_once() -> None:
    heard = window(noise(0.2), Piece(start=0, end=20), 100, 100)
    assert len(heard) == 220 * FRAME
    assert np.abs(heard).max() < 1


def test_a_piece_may_hear_more_on_one_side() -> None:
    samples = np.arange(60 * FRAME, dtype=np.float32)
    heard = window(samples, Piece(start=20, end=60), 15, 5)
    assert np.array_equal(heard, np.pad(samples, (0, 5 * FRAME), mode="reflect")[5 * FRAME :])


@settings(deadline=None, max_examples=60)
@given(
    lengths=st.lists(st.integers(10, 40), min_size=1, max_size=5), short=st.integers(0, 79),
    per_frame=st.sampled_from([80, 100]), fade_s=st.sampled_from([0.0, 0.04, 0.1]),
)  # fmt: skip
def test_pieces_that_agree_are_joined_to_the_whole(
    lengths: list[int], short: int, per_frame: int, fade_s: float
) -> None:
    ends = np.cumsum(lengths)
    pieces = [Piece(start=int(end - length), end=int(end)) for end, length in zip(ends, lengths, strict=True)]
    length = int(ends[-1]) * per_frame - short
    # What a converter that does nothing would make of a long sound, of which each piece gets its part.
    truth = np.sin(np.arange(int(ends[-1]) * per_frame) / 17).astype(np.float32)
    asked: list[Piece] = []

    def convert(piece: Piece, start: int, stop: int) -> np.ndarray:
        asked.append(piece)
        assert 0 <= start <= piece.start < piece.end <= stop <= ends[-1]
        return truth[start * per_frame : stop * per_frame]

    made = joined(pieces, convert, length=length, samples_per_frame=per_frame, fade_s=fade_s)
    assert asked == pieces
    assert made.shape == (length,)
    assert np.abs(made - truth[:length]).max() < 1e-6


def test_pieces_that_do_not_agree_are_faded_and_not_broken() -> None:
    pieces = [Piece(start=0, end=20), Piece(start=20, end=40)]
    made = joined(
        pieces, lambda piece, start, stop: np.full((stop - start) * 100, 1.0 if piece.start else 0.0, np.float32),
        length=4_000, samples_per_frame=100,
    )  # fmt: skip
    assert np.abs(np.diff(made)).max() < 0.01
    assert (made[:1_800].max(), made[2_200:].min()) == (0, 1)


def test_lengths_are_few_and_hardly_longer() -> None:
    lengths = {frames: even_length(frames) for frames in range(80, 2_100)}
    assert all(frames <= even <= max(frames + 7, 1.07 * frames) for frames, even in lengths.items())
    assert len(set(lengths.values())) < 90


def test_what_is_heard_more_stands_behind() -> None:
    samples = np.arange(60 * FRAME, dtype=np.float32)
    heard = window(samples, Piece(start=40, end=60), 10, 10, frames=48)
    assert np.array_equal(heard, np.pad(samples, 48 * FRAME, mode="reflect")[78 * FRAME : 126 * FRAME])
