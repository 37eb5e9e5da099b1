"""What a job needs of the worker that takes it: an engine, and a converter too where its speech is converted.

Jobs of equal needs wait in one line, which has a name of one word, so that stores sort by it and doorbells ring by it:
`kokoro`, `rvc` (recordings, which need no engine), `kokoro+rvc`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import permutations

from voicecore.errors import require

_JOINT = "+"


def line_of(engine: str, converter: str | None = None) -> str:
    """The line of jobs that need these. A converter of the engine's own name is no further need.

    Raises:
        InvalidInput: for a name with a plus sign, which would be two names.
    """
    for name in (engine, converter or ""):
        require(_JOINT not in name, f"The name {name[:60]!r} has a plus sign in it; give the engine another name.")
    return engine if converter in (None, engine) else f"{engine}{_JOINT}{converter}"


def needs_of(line: str) -> frozenset[str]:
    """The names of what the jobs in this line need; each of them must be served by the worker that takes one."""
    return frozenset(line.split(_JOINT))


def lines_within(served: Collection[str]) -> frozenset[str]:
    """Every line whose needs are all among `served`. What no job ever needs together has a line, too, that stays empty."""
    names = [name for name in served if _JOINT not in name]
    return frozenset(names) | {_JOINT.join(pair) for pair in permutations(names, 2)}


def lines_served(served: Iterable[str], converter: str) -> tuple[str, ...]:
    """The lines of a worker that serves these, of which `converter` is the converter's name: what bells ring for it."""
    names = tuple(dict.fromkeys(served))
    if converter not in names:
        return names
    return (*names, *(line_of(name, converter) for name in names if name != converter))


def unserved(waiting: Mapping[str, int], workers: Iterable[Collection[str]]) -> dict[str, int]:
    """How many jobs wait in each line that no worker may take from.

    Args:
        waiting: jobs by line, as `JobStore.waiting` tells them.
        workers: what each worker serves. One must serve all that a job needs: two that have a half each are of no use.
    """
    there = [frozenset(names) for names in workers]
    return {
        line: jobs for line, jobs in sorted(waiting.items())
        if jobs and not any(needs_of(line) <= served for served in there)
    }  # fmt: skip
