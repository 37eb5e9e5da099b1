"""What a Containerfile says, as far as ours needs it: stages, their instructions, and what those leave behind."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

_CONTINUED = re.compile(r"\\\s*\n")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction, its words as written behind the keyword."""

    keyword: str
    rest: str

    def words(self) -> list[str]:
        """Of its exec form (a JSON list), else separated by white space."""
        return json.loads(self.rest) if self.rest.startswith("[") else self.rest.split()


@dataclass(slots=True)
class Stage:
    """From one FROM to the next."""

    base: str
    name: str
    instructions: list[Instruction] = field(default_factory=list)

    def every(self, keyword: str) -> list[Instruction]:
        return [each for each in self.instructions if each.keyword == keyword]

    def last(self, keyword: str) -> Instruction:
        return self.every(keyword)[-1]

    def environment(self) -> dict[str, str]:
        """What ENV sets, `$PATH` and its like not replaced."""
        return dict(pair.split("=", 1) for each in self.every("ENV") for pair in each.words())

    def copied(self) -> list[str]:
        """Paths of the checkout that come in."""
        copies = [each.words() for each in self.every("COPY") if not each.rest.startswith("--from=")]
        return [path for words in copies for path in words[:-1]]


def stages(path: Path) -> tuple[dict[str, str], list[Stage]]:
    """The defaults of the arguments before the first FROM, and the stages."""
    lines = [line for line in path.read_text("utf-8").splitlines(keepends=True) if not line.lstrip().startswith("#")]
    arguments: dict[str, str] = {}
    found: list[Stage] = []
    for line in _CONTINUED.sub(" ", "".join(lines)).splitlines():
        if not line.strip():
            continue
        keyword, rest = line.strip().split(maxsplit=1)
        if keyword == "FROM":
            base, _, name = rest.partition(" AS ")
            found.append(Stage(base, name))
        elif not found:
            assert keyword == "ARG", f"{keyword} stands before the first FROM"
            arguments.update([rest.split("=", 1)])
        else:
            found[-1].instructions.append(Instruction(keyword, rest.strip()))
    return arguments, found
