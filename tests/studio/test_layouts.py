"""Layouts are compared by what people see: what moved, what is gone, what is new, what changed its colour. No browser is needed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from . import references
from .layout import NEAR_COLOUR, NEAR_PX, Box, differences
from .references import same, stays

H1 = Box("h1", "Jobs", 16, 76, 300, 29, "161925ff", "00000000")
FIND = Box("input search", "Find", 16, 130, 200, 40, "161925ff", "ffffffff")
OLDER = Box("button", "Older", 100, 2_000, 90, 40, "161925ff", "eceef6ff")
SCREEN = [H1, FIND, OLDER]


def test_a_layout_is_like_itself_and_like_one_that_differs_by_a_hair():
    near = replace(FIND, x=FIND.x + NEAR_PX, height=FIND.height - NEAR_PX, colour="1e1925ff")
    assert NEAR_COLOUR == 0x1E - 0x16
    assert differences(SCREEN, SCREEN) == []
    assert differences([H1, near, OLDER], SCREEN) == []


def test_far_down_a_page_as_much_more_is_allowed_as_small_differences_add_up_to():
    assert differences([H1, FIND, replace(OLDER, y=2_040)], SCREEN) == []
    assert differences([H1, FIND, replace(OLDER, y=2_060)], SCREEN) == ["button 'Older': y is 2060 px and was 2000"]


@pytest.mark.parametrize("side", ["x", "y", "width", "height"])
def test_what_moved_or_grew_is_told_by_name(side: str):
    far = getattr(FIND, side) + 30
    found = differences([H1, replace(FIND, **{side: far}), OLDER], SCREEN)
    assert found == [f"input search 'Find': {side} is {far} px and was {far - 30}"]


@pytest.mark.parametrize("part", ["colour", "background"])
def test_another_colour_is_told(part: str):
    found = differences([replace(H1, **{part: "b3161bff"}), FIND, OLDER], SCREEN)
    assert found == [f"h1 'Jobs': {part} is #b3161bff and was #{getattr(H1, part)}"]


def test_what_is_gone_and_what_is_new_shifts_nothing_else():
    new = Box("select", "State", 16, 100, 90, 40, "161925ff", "ffffffff")
    assert differences([H1, OLDER], SCREEN) == ["input search 'Find' is gone"]
    assert differences([H1, new, FIND, OLDER], SCREEN) == ["select 'State' is new, at 16, 100"]
    assert differences([H1, new, OLDER], SCREEN) == ["input search 'Find' is gone", "select 'State' is new, at 16, 100"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(references, "FOLDER", tmp_path / "references")
    return tmp_path / "references"


def test_a_reference_that_was_written_is_met_and_another_layout_says_how_to_renew_it(folder, monkeypatch):
    monkeypatch.setattr(references, "_STILL_S", 0.0)
    monkeypatch.setattr(references, "WRITING", True)
    stays("jobs", lambda: SCREEN)
    monkeypatch.setattr(references, "WRITING", False)
    stays("jobs", lambda: SCREEN)
    monkeypatch.setattr(references, "PATIENCE_MS", 0)
    with pytest.raises(AssertionError, match=r"(?s)jobs looks otherwise.*'Older' is gone.*STUDIO_REFERENCES=write"):
        stays("jobs", lambda: SCREEN[:2])
    with pytest.raises(AssertionError, match=r"voices has no reference.*STUDIO_REFERENCES=write"):
        stays("voices", lambda: SCREEN)


def test_a_screen_that_is_late_is_waited_for(folder):
    references._write("jobs", SCREEN)
    looks = iter([SCREEN[:1], SCREEN[:2], SCREEN])
    stays("jobs", lambda: next(looks))


def test_a_token_of_another_value_is_told(folder, monkeypatch):
    folder.mkdir()
    monkeypatch.setattr(references, "WRITING", True)
    same("tokens", {"--gap": "1rem", "--bg": "#fff"})
    monkeypatch.setattr(references, "WRITING", False)
    same("tokens", {"--gap": "1rem", "--bg": "#fff"})
    with pytest.raises(AssertionError, match=r"--gap is 2rem and was 1rem"):
        same("tokens", {"--gap": "2rem", "--bg": "#fff"})
