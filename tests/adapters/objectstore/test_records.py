"""The line of metadata that says what a blob should be."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.blobs.objectstore.blocks import Blocks
from adapters.blobs.objectstore.record import ATTRIBUTE, attributes_of, read_record
from voicecore.errors import BlobCorrupt
from voicecore.ports import BlobStat

DIGEST = hashlib.sha256(b"x").hexdigest()


@given(st.integers(0, 10**14), st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))
def test_what_was_written_is_read(size: int, put_at: datetime) -> None:
    stat = BlobStat("a/b", size, DIGEST, put_at)
    assert read_record("a/b", attributes_of(stat), size) == stat


@pytest.mark.parametrize(
    "line",
    [
        "",
        "1",
        f"1 {DIGEST} 5",
        f"2 {DIGEST} 5 0",
        f"1 {DIGEST[1:]} 5 0",
        f"1 {DIGEST} 6 0",
        f"1 {DIGEST} -5 0",
        f"1 {DIGEST} 5 0 ",
    ],
)
def test_anything_else_is_damage(line: str) -> None:
    with pytest.raises(BlobCorrupt, match="a/b"):
        read_record("a/b", {ATTRIBUTE: line} if line else {}, 5)


def test_the_time_of_a_put_survives_to_the_microsecond() -> None:
    put_at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=1)
    assert read_record("a", attributes_of(BlobStat("a", 1, DIGEST, put_at)), 1).modified_at == put_at


@given(st.lists(st.tuples(st.integers(0, 70), st.integers(0, 70)), max_size=20), st.integers(0, 60), st.integers(0, 10))
def test_blocks_are_the_bytes_of_the_object(reads: list[tuple[int, int]], start: int, first: int) -> None:
    content = bytes(range(64))
    blocks = Blocks(lambda begin, end: content[begin:end], len(content), start, content[start : start + first])
    for offset, length in reads:
        assert blocks.read_at(offset, length) == content[offset : offset + length]


def test_an_object_that_ends_early_is_not_asked_for_ever() -> None:
    assert Blocks(lambda _begin, _end: b"", 100, 0, b"ab").read_at(0, 10) == b"ab"
