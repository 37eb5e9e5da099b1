"""The lines of waiting jobs in memory: by what they need, then priority, then age."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from adapters.stores.cursor import Place
from voicecore.job import SynthesisJob
from voicecore.records import epoch_us


@dataclass(frozen=True, slots=True, order=True)
class Turn:
    """When a job starts: the least of all claimable turns is next. `rank` is that of the job's priority."""

    rank: int
    place: Place


def place_of(job: SynthesisJob) -> Place:
    """The job's place in time."""
    return Place(epoch_us(job.created_at), job.id)


def turn_of(job: SynthesisJob) -> Turn:
    """The job's turn."""
    return Turn(job.handling.priority.rank, place_of(job))


class Line:
    """One sorted list of turns for each line, so that a claim looks only at the first of each. Not locked."""

    def __init__(self) -> None:
        self._turns: dict[str, list[Turn]] = {}

    def join(self, job: SynthesisJob) -> None:
        """Put a queued job where its turn is."""
        insort(self._turns.setdefault(job.line, []), turn_of(job))

    def leave(self, job: SynthesisJob) -> None:
        """Take out a job that is in the line."""
        turns = self._turns[job.line]
        del turns[bisect_left(turns, turn_of(job))]
        if not turns:
            del self._turns[job.line]

    def firsts(self, lines: Collection[str] | None) -> Iterator[Turn]:
        """The first turn of each of these lines, or of all."""
        return (turns[0] for line, turns in self._turns.items() if lines is None or line in lines)

    def lengths(self) -> dict[str, int]:
        """How many wait in each line that is not empty."""
        return {line: len(turns) for line, turns in self._turns.items()}
