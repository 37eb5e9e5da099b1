"""Names of query parameters: one that a route does not have is refused, since what it was meant to say would be lost."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from voicecore.errors import InvalidInput

#: Name and value, as they were sent, in their order.
Pairs = Sequence[tuple[str, str]]
#: Characters of what somebody sent that are shown to him again.
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class QueryNames:
    """The query parameters of one route.

    Attributes:
        names: all of them.
        lists: those that may be sent more than once.
    """

    names: frozenset[str]
    lists: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not self.lists <= self.names:
            raise ValueError("Each list is a parameter, too.")

    def check(self, pairs: Pairs) -> None:
        """Raises `InvalidInput` for a name that is not here, and for one that is sent twice where one value is taken."""
        sent = [name for name, _ in pairs]
        for name in sent:
            if name not in self.names:
                raise self._unknown(name)
        for name, times in Counter(sent).items():
            if times > 1 and name not in self.lists:
                raise InvalidInput(f"The query parameter {name!r} is sent {times} times; send it once.", field=name)

    def _unknown(self, name: str) -> InvalidInput:
        said, has = f"This route has no query parameter {shown(name)}", ", ".join(sorted(self.names))
        near = _nearest(name, self.names)
        if not self.names:
            said += ": it takes none; leave it out."
        elif near is None:
            said += f"; it has: {has}."
        else:
            said += f"; did you mean {near!r}? It has: {has}."
        return InvalidInput(said, field=shown(name)[1:-1])


def _nearest(name: str, known: Iterable[str]) -> str | None:
    """Case and the way words are joined do not count."""
    plain = {_plain(each): each for each in sorted(known)}
    near = difflib.get_close_matches(_plain(name[:_SHOWN]), plain, n=1)
    return plain[near[0]] if near else None


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "").strip()


def shown(text: str) -> str:
    """What somebody sent, in quotes: on one line, not too long, and without what a terminal or a page would act upon."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
