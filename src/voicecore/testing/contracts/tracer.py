"""What every `Tracer` that traces must do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread

import pytest

from voicecore.errors import NotFound
from voicecore.log_lines import carried
from voicecore.ports import Span, Tracer
from voicecore.traceparent import traceparent_of

STRANGERS = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@dataclass(frozen=True, slots=True)
class Seen:
    """An ended span as its receiver sees it; ids in hexadecimal. `facts` have no prefix."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str | None
    facts: dict[str, object]
    error: str | None


def ids(span: Span) -> tuple[str, str]:
    """Of its trace and its own."""
    assert traceparent_of(span.traceparent) is not None
    _, trace_id, span_id, _ = str(span.traceparent).split("-")
    return trace_id, span_id


class TracerContract:
    """Subclass it, with fixtures `tracer` and `seen`, which gives the spans that ended, by name."""

    def test_a_span_within_another_is_below_it(self, tracer: Tracer, seen: Callable[[], dict[str, Seen]]) -> None:
        with tracer.span("above") as above, tracer.span("below") as below:
            assert ids(below)[0] == ids(above)[0]
        assert seen()["below"].parent_id == ids(above)[1]
        assert seen()["above"].parent_id is None

    def test_a_span_that_the_caller_ends_is_below_the_open_one_and_not_open_itself(
        self, tracer: Tracer, seen: Callable[[], dict[str, Seen]]
    ) -> None:
        with tracer.span("above") as above:
            first, second = tracer.start("first"), tracer.start("second")
            first.end()
            first.end()
            second.end()
        assert {seen()[name].parent_id for name in ("first", "second")} == {ids(above)[1]}

    def test_a_span_goes_below_one_of_another_process(
        self, tracer: Tracer, seen: Callable[[], dict[str, Seen]]
    ) -> None:
        with tracer.span("unrelated"), tracer.span("below", parent=STRANGERS) as below:
            assert ids(below)[0] == STRANGERS.split("-")[1]
        assert seen()["below"].parent_id == STRANGERS.split("-")[2]

    @pytest.mark.parametrize(
        "parent", ["", "garbage", STRANGERS.upper(), STRANGERS + "-more", f"00-{'0' * 32}-{'0' * 16}-01"]
    )
    def test_what_is_no_name_of_a_span_is_not_a_parent(
        self, tracer: Tracer, seen: Callable[[], dict[str, Seen]], parent: str
    ) -> None:
        tracer.start("alone", parent=parent).end()
        assert seen()["alone"].parent_id is None

    def test_facts_are_kept(self, tracer: Tracer, seen: Callable[[], dict[str, Seen]]) -> None:
        span = tracer.start("work", engine="tone", index=3)
        span.note(samples=7, cached=True)
        span.end()
        assert seen()["work"].facts == {"engine": "tone", "index": 3, "samples": 7, "cached": True}

    def test_an_error_fails_its_span_by_its_code_or_class_and_its_message_is_not_told(
        self, tracer: Tracer, seen: Callable[[], dict[str, Seen]]
    ) -> None:
        with pytest.raises(NotFound), tracer.span("ours"):
            raise NotFound("secret words")
        with pytest.raises(KeyError), tracer.span("theirs"):
            raise KeyError("secret words")
        assert (seen()["ours"].error, seen()["theirs"].error) == ("not_found", "KeyError")
        assert "secret" not in repr(seen())

    def test_what_is_open_is_open_in_a_thread_that_is_carried_and_in_no_other(
        self, tracer: Tracer, seen: Callable[[], dict[str, Seen]]
    ) -> None:
        with tracer.span("above") as above:
            for thread in (
                Thread(target=carried(lambda: tracer.start("carried").end())),
                Thread(target=lambda: tracer.start("other").end()),
            ):
                thread.start()
                thread.join()
        assert seen()["carried"].parent_id == ids(above)[1]
        assert seen()["other"].parent_id is None

    def test_it_is_closed_more_than_once(self, tracer: Tracer) -> None:
        tracer.close()
        tracer.close()
        tracer.start("late").end()
