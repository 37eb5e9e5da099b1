"""Who gets the next free place in a batch that several slots share."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from adapters.hosts.waiting import PATIENCE, Waiting, WaitingLines
from voicecore.engine import Utterance
from voicecore.language import Language

PT = Language("pt", "BR")


def waiting(slot, name, *, eager=False):
    return Waiting(slot, name, Utterance(id=f"{slot}.{name}", text="oi", language=PT, voice="v", eager=eager))


def lines(*entries):
    made = WaitingLines()
    for entry in entries:
        made.add(entry)
    return made


def taken(made, places=None):
    return [(each.slot, each.name) for each in iter(lambda: made.take(places or {}), None)]


def test_nobody_waits_nobody_is_next():
    assert WaitingLines().take({}) is None


def test_places_go_round_the_slots():
    made = lines(*(waiting(slot, name) for slot in (1, 2, 3) for name in "ab"))
    assert taken(made) == [(1, "a"), (2, "a"), (3, "a"), (1, "b"), (2, "b"), (3, "b")]


def test_a_slot_that_has_fewer_places_is_next():
    made = lines(waiting(1, "a"), waiting(2, "a"))
    assert taken(made, {1: 4, 2: 1}) == [(2, "a"), (1, "a")]


def test_an_utterance_that_somebody_waits_to_hear_goes_before_the_others():
    made = lines(waiting(1, "a"), waiting(2, "a", eager=True))
    assert taken(made, {2: 3}) == [(2, "a"), (1, "a")]


def test_it_does_not_overtake_its_own_slot():
    made = lines(waiting(1, "a"), waiting(1, "b", eager=True))
    assert taken(made) == [(1, "a"), (1, "b")]


def test_one_that_was_passed_over_too_often_is_next_whoever_is_in_a_hurry():
    made = lines(waiting(1, "patient"))
    order = []
    for number in range(20):
        made.add(waiting(2, str(number), eager=True))
        order.append(made.take({1: 9}).slot)
    assert order.index(1) == PATIENCE * 2


def test_one_that_was_put_back_is_its_slots_first():
    made = lines(waiting(1, "a"), waiting(1, "b"))
    first = made.take({})
    made.put_back(first)
    assert taken(made) == [(1, "a"), (1, "b")]


def test_one_that_was_removed_is_never_next():
    gone = waiting(1, "a")
    made = lines(gone, waiting(1, "b"))
    made.remove(gone)
    made.remove(gone)
    assert len(made) == 1
    assert taken(made) == [(1, "b")]


@given(
    st.lists(st.tuples(st.integers(1, 5), st.booleans()), max_size=60),
    st.dictionaries(st.integers(1, 5), st.integers(0, 8)),
)
def test_everyone_is_taken_once_in_the_order_of_his_slot(entries, places):
    made = lines(*(waiting(slot, str(number), eager=eager) for number, (slot, eager) in enumerate(entries)))
    order = taken(made, places)
    assert Counter(order) == Counter((slot, str(number)) for number, (slot, _) in enumerate(entries))
    for slot in range(1, 6):
        numbers = [int(name) for owner, name in order if owner == slot]
        assert numbers == sorted(numbers)


@given(st.lists(st.tuples(st.integers(1, 5), st.booleans()), min_size=1, max_size=200), st.integers(1, 5))
def test_nobody_at_the_head_of_a_line_waits_for_ever(arrivals, patient):
    made = lines(waiting(patient, "patient"))
    passed = 0
    for number, (slot, eager) in enumerate(arrivals):
        if slot == patient:
            continue
        made.add(waiting(slot, str(number), eager=eager))
        if made.take({patient: 99}).name == "patient":
            break
        passed += 1
    # At most: twice for each of five slots, and once for each slot that was late before.
    assert passed <= PATIENCE * 5 + 5
