"""The roster of workers in Redis, by Redis' time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from redis import Redis

from adapters.redisclient import Lua
from voicecore.errors import StorageUnavailable
from voicecore.gauges import bounded
from voicecore.ports import WorkerCard

#: 2: with gauges. Cards of 1 are read; programs of 1 pass over the gauges.
_VERSION = 2

# KEYS: the set of names, which lives as long as its longest card, and the beginning of the cards' keys.
_ANNOUNCE = Lua("""
redis.call('SET', KEYS[2] .. ARGV[1], ARGV[2], 'PX', ARGV[3])
redis.call('SADD', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
""")
_WITHDRAW = Lua("""
redis.call('DEL', KEYS[2] .. ARGV[1])
redis.call('SREM', KEYS[1], ARGV[1])
""")
_PRESENT = Lua("""
local cards = {}
for _, name in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local card = redis.call('GET', KEYS[2] .. name)
  if card then cards[#cards + 1] = card else redis.call('SREM', KEYS[1], name) end
end
return cards
""")


class RedisRoster:
    """A key for each worker, which expires by itself, and a set of their names."""

    def __init__(self, client: Redis, prefix: str) -> None:
        """`client` stays the caller's, who closes it; `prefix` is that of all keys, without the colon."""
        self._client = client
        self._keys = [f"{prefix}:workers", f"{prefix}:worker:"]

    def announce(self, card: WorkerCard, lasts: timedelta) -> None:
        milliseconds = max(1, lasts // timedelta(milliseconds=1))
        _ANNOUNCE(self._client, self._keys, [card.name, _dump(card), milliseconds])

    def withdraw(self, name: str) -> None:
        _WITHDRAW(self._client, self._keys, [name])

    def present(self) -> Sequence[WorkerCard]:
        cards = [_load(record) for record in _PRESENT(self._client, self._keys)]
        return tuple(sorted(cards, key=lambda card: card.name))


def _dump(card: WorkerCard) -> str:
    return json.dumps({
        "v": _VERSION, "name": card.name, "engines": card.engines, "slots": card.slots, "busy": card.busy,
        "started_at": card.started_at.isoformat(), "version": card.version,
        "gauges": {engine: dict(told) for engine, told in card.gauges.items()},
    })  # fmt: skip


def _load(record: bytes) -> WorkerCard:
    """The card. What a newer worker says besides is passed over: while workers are upgraded, old and new ones are there."""
    try:
        document = json.loads(record)
        return WorkerCard(
            name=str(document["name"]),
            engines=tuple(map(str, document["engines"])),
            slots=int(document["slots"]),
            busy=int(document["busy"]),
            started_at=datetime.fromisoformat(document["started_at"]),
            version=str(document["version"]),
            gauges=bounded(document.get("gauges", {})),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StorageUnavailable(
            f"A worker's card in Redis cannot be read ({error!r}): upgrade this program to the workers' version, or set "
            "VOICECORE_REDIS_PREFIX to another prefix."
        ) from error
