"""The key of marks: made once, kept, and nobody else's."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from entrypoints.mark_key import KEY_FILE, known_marker, marker
from entrypoints.settings import Settings
from voicecore.errors import InvalidInput, StorageUnavailable


def test_the_key_is_made_at_the_first_need_kept_and_for_its_owner_only(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    assert known_marker(settings).secret is None
    assert not settings.data_dir.exists()
    first = marker(settings)
    assert marker(settings) == first == known_marker(settings)
    assert stat.S_IMODE((settings.data_dir / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in settings.data_dir.iterdir()] == [KEY_FILE]


def test_processes_that_begin_together_have_one_key(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    with ThreadPoolExecutor(8) as threads:
        assert len({made.key_name for made in threads.map(lambda _: marker(settings), range(32))}) == 1


def test_a_secret_of_the_settings_is_for_many_machines(tmp_path: Path) -> None:
    one, other = (Settings(data_dir=tmp_path / name, mark_secret="s" * 32) for name in "ab")
    assert marker(one) == marker(other)
    assert list(tmp_path.iterdir()) == []
    assert "s" * 32 not in repr(one)
    with pytest.raises(InvalidInput, match="VOICECORE_MARK_SECRET"):
        Settings(mark_secret="short")


@pytest.mark.parametrize("text", ["", "nothing of hex", "abcd"])
def test_a_damaged_key_is_told_and_not_replaced(tmp_path: Path, text: str) -> None:
    (tmp_path / KEY_FILE).write_text(text, "ascii")
    with pytest.raises(StorageUnavailable, match="VOICECORE_MARK_SECRET"):
        marker(Settings(data_dir=tmp_path))
    assert (tmp_path / KEY_FILE).read_text("ascii") == text
