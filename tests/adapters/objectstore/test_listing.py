"""Key order, whatever order the server lists in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.blobs.objectstore.listing import folder_of, in_key_order
from voicecore.ports import BlobStat

PARTS = st.text("ab-._0", min_size=1, max_size=3).filter(lambda part: part[0] != ".")
KEYS = st.sets(st.lists(PARTS, min_size=1, max_size=4).map("/".join), max_size=30)


def stats(keys: list[str]) -> list[BlobStat]:
    return [BlobStat(key, 1, "", datetime.now(UTC)) for key in keys]


def below(keys: set[str], folder: str) -> list[str]:
    return [key for key in keys if not folder or key.startswith(f"{folder}/")]


@pytest.mark.parametrize("order", [str, lambda key: key.split("/")], ids=["by bytes", "by folders"])
@given(keys=KEYS, folder=st.sampled_from(["", "a", "a/b", "-"]))
def test_keys_come_in_key_order_from_a_server_that_lists(order, keys: set[str], folder: str) -> None:
    listed = sorted(below(keys, folder), key=order)
    assert [stat.key for stat in in_key_order(stats(listed), folder)] == sorted(listed)


def test_names_that_are_no_keys_are_left_out() -> None:
    names = [".probe-1", "A", "a", "a/", "a/.b", "b//c", "c/d/e/f/g/h", "c/d/e/f/g/h/i", "d e"]
    assert [stat.key for stat in in_key_order(stats(names), "")] == ["a", "c/d/e/f/g/h"]


def test_one_job_is_in_memory_at_a_time() -> None:
    taken = []

    def listing():
        for key in sorted(f"jobs/job_{number:04}/{name}" for number in range(100) for name in ("a.wav", "plan")):
            taken.append(key)
            yield BlobStat(key, 1, "", datetime.now(UTC))

    first = next(in_key_order(listing(), "jobs"))
    assert (first.key, len(taken)) == ("jobs/job_0000/a.wav", 3)


@pytest.mark.parametrize(
    ("prefix", "folder"),
    [
        ("", ""),
        ("jobs", ""),
        ("jobs/", "jobs"),
        ("jobs/a/b", "jobs/a"),
        ("/", None),
        ("../x", None),
        ("a//b", None),
        ("A/", None),
    ],
)
def test_a_prefix_is_looked_for_in_its_folder(prefix: str, folder: str | None) -> None:
    assert folder_of(prefix) == folder
