"""Jobs are found by what a person remembers of them, each once and in order, however they are asked for."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.usecases.conftest import House, request

from voicecore.access import Caller, Scope
from voicecore.errors import InvalidInput
from voicecore.job import JobStatus
from voicecore.ports import JobQuery
from voicecore.usecases import find_jobs as module
from voicecore.usecases.find_jobs import find_jobs, plain
from voicecore.voice import DEFAULT_PRESET


def texts(found):
    return [job.request.text for job in found.jobs]


@pytest.mark.parametrize(
    "search", ["bom DIA", "BÔM día", "dia bom", f"{DEFAULT_PRESET} dia", "tone bom", "  dia   bom  ", "di om", "ﬁm"]
)
def test_every_word_counts_wherever_it_stands_without_case_and_accents(house, search):
    house.submit(request("Bom dia a todos, até o fim."))
    house.submit(request("Boa noite."))
    assert texts(find_jobs(house.store, JobQuery(), search)) == ["Bom dia a todos, até o fim."]


def test_a_job_is_found_by_its_id_or_a_part_of_it(house):
    house.submit(request("Um."))
    job = house.submit(request("Dois."))
    for search in (job.id, job.id.upper(), job.id[3:], job.id[-8:], f"dois {job.id}"):
        assert [each.id for each in find_jobs(house.store, JobQuery(), search).jobs] == [job.id]


def test_a_few_letters_are_not_looked_for_in_ids_where_they_stand_by_chance(house):
    house.submit(request("Um."))
    for search in ("job_", "0", "00001"):
        assert find_jobs(house.store, JobQuery(), search).jobs == ()


def test_filters_count_beside_the_search(house):
    for key in ("key_a", "key_b"):
        house.submit(request("Bom dia."), caller=Caller(key, frozenset({Scope.SPEAK})))
    assert len(find_jobs(house.store, JobQuery(), "bom").jobs) == 2
    assert len(find_jobs(house.store, JobQuery(owner="key_a"), "bom").jobs) == 1
    assert find_jobs(house.store, JobQuery(status=JobStatus.COMPLETED), "bom").jobs == ()


@pytest.mark.parametrize("search", ["", "   ", "x" * 201])
def test_what_is_no_search_is_refused(house, search):
    with pytest.raises(InvalidInput, match="give 1 to 200") as refusal:
        find_jobs(house.store, JobQuery(), search)
    assert refusal.value.field == "search"


@settings(max_examples=40, deadline=None)
@given(
    marks=st.lists(st.booleans(), max_size=30), limit=st.integers(1, 7), page=st.integers(1, 9),
    most=st.integers(1, 12),
)  # fmt: skip
def test_pages_of_a_search_hold_all_that_fits_once_and_in_order(marks, limit, page, most):
    house = House()
    for number, mark in enumerate(marks):
        house.submit(request(f"{'Este' if mark else 'Aquele'} {number}."))
    wanted = [f"Este {number}." for number, mark in enumerate(marks) if mark][::-1]
    got, looked_at, cursor = [], 0, None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_PAGE", page)
        patch.setattr(module, "LOOKED_AT", most)
        while True:
            found = find_jobs(house.store, JobQuery(limit=limit, cursor=cursor), "este")
            assert len(found.jobs) <= limit
            assert found.looked_at <= most
            assert found.total == len(marks)
            got, looked_at, cursor = got + texts(found), looked_at + found.looked_at, found.next_cursor
            if cursor is None:
                break
    assert got == wanted
    assert looked_at == len(marks)


@given(st.text(max_size=40))
def test_text_is_compared_with_itself_whatever_letters_it_has(text):
    assert plain(plain(text)) == plain(text)
