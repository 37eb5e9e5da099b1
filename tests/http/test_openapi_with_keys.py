"""The description when keys are asked for: with a good one all is answered as it says, without one nothing is but the open doors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import content_type_conformance, status_code_conformance

from voicecore.access import KeyLimits, Scope

from .people import Person, person
from .room import PATIENCE_S, Room, furnished
from .test_matrix import OPEN_PATHS
from .test_openapi import CHECKS, DESCRIBED, requests_of

few = settings(max_examples=3, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Room, Person]]:
    """A service that asks for keys, and its administrator, who is never too fast."""
    with furnished(tmp_path_factory.mktemp("data")) as room:
        unbound = KeyLimits(requests_per_minute=0, characters_per_day=0, voices=0, streams=0)
        with person(room, "Root", [Scope.ADMIN], unbound) as root:
            yield room, root


@pytest.mark.parametrize("operation", sorted(DESCRIBED), ids=" ".join)
def test_with_a_good_key_all_is_answered_as_described(guarded, operation: tuple[str, str]):
    room, root = guarded

    def check(case: Case) -> None:
        answer = case.call(timeout=PATIENCE_S, headers={"X-API-Key": root.text})
        assert answer.status_code not in (401, 403), answer.text
        assert answer.status_code < 500 or answer.status_code == 501, answer.text
        case.validate_response(answer, checks=CHECKS)

    few(given(case=requests_of(room, operation, GenerationMode.POSITIVE))(check))()


@pytest.mark.parametrize(
    "headers", [{}, {"X-API-Key": "vk_" + "a" * 20 + "_" + "b" * 32}], ids=["no key", "a wrong key"]
)
@pytest.mark.parametrize("operation", sorted(DESCRIBED), ids=" ".join)
def test_without_one_everything_but_the_open_doors_is_a_401_as_described(guarded, operation: tuple[str, str], headers):
    room, _ = guarded

    def check(case: Case) -> None:
        answer = case.call(timeout=PATIENCE_S, headers=headers)
        assert (answer.status_code == 401) == (operation[1] not in OPEN_PATHS), answer.text
        case.validate_response(answer, checks=(status_code_conformance, content_type_conformance))

    few(given(case=requests_of(room, operation, GenerationMode.POSITIVE))(check))()
