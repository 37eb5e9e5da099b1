"""Settings that are small tables: `name=meaning` parts in the environment, a table in the settings file."""

from __future__ import annotations

from typing import TypeAlias

from voicecore.errors import InvalidInput

Pairs: TypeAlias = tuple[tuple[str, str], ...]


def read_pairs(name: str, value: object) -> Pairs:
    """The pairs, in their order. Raises `InvalidInput` naming the setting."""
    if isinstance(value, dict):
        found = list(value.items())
    elif isinstance(value, str):
        found = [(first, second) for first, _, second in (part.partition("=") for part in value.split(","))]
    else:
        found = []
    pairs = tuple((str(key).strip(), said.strip()) for key, said in found if isinstance(said, str))
    if not pairs or len(pairs) != len(found) or not all(key and said for key, said in pairs):
        raise InvalidInput(f"{name} is {value!r}; give name=meaning parts, separated by commas.")
    if len(dict(pairs)) != len(pairs):
        raise InvalidInput(f"{name} is {value!r}; it has a name twice.")
    return pairs
