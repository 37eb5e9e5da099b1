"""Counts of what callers take, for all processes that share a Redis, by Redis' time."""

from __future__ import annotations

from datetime import timedelta

from redis import Redis

from adapters.redisclient import Lua
from adapters.stores.windows import checked
from voicecore.ports import Clock, Count, Window
from voicecore.records import epoch_us

_NOW = """
local now
if ARGV[1] == '' then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
else
  now = tonumber(ARGV[1])
end
"""
# KEYS: the beginning of the counter's keys, of which each window has its own, which expires after it.
# ARGV: now in µs ('' for the server's), amount, limit, length of the window in s.
_TAKE = Lua(
    _NOW
    + """
local length = ARGV[4] * 1000000
local number = math.floor(now / length)
local key = KEYS[1] .. string.format('%.0f', number)
local used = tonumber(redis.call('GET', key) or '0')
local taken = used + tonumber(ARGV[2]) <= tonumber(ARGV[3])
if taken then
  used = used + tonumber(ARGV[2])
  redis.call('SET', key, string.format('%.0f', used), 'EX', ARGV[4] + 60)
end
return {taken and 1 or 0, string.format('%.0f', used), math.ceil(((number + 1) * length - now) / 1000000)}
"""
)
_GIVE_BACK = Lua(
    _NOW
    + """
local key = KEYS[1] .. string.format('%.0f', math.floor(now / (ARGV[3] * 1000000)))
local used = redis.call('GET', key)
if used then redis.call('SET', key, string.format('%.0f', math.max(0, used - ARGV[2])), 'KEEPTTL') end
"""
)
# KEYS: the counter's places, by the end of each. ARGV: now in µs, holder, limit, how long in µs.
_HOLD = Lua(
    _NOW
    + """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
local held = redis.call('ZSCORE', KEYS[1], ARGV[2])
if not held and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[4]), ARGV[2])
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', ARGV[4] / 1000 + 60000))
return 1
"""
)
_LET_GO = Lua("return redis.call('ZREM', KEYS[1], ARGV[1])")
#: Lua counts exactly up to here.
_MOST = 2**53


class RedisQuota:
    """A key for each counter and window, and a sorted set of places; all of them expire by themselves."""

    def __init__(self, client: Redis, prefix: str, clock: Clock | None = None) -> None:
        """`client` stays the caller's, who closes it; `prefix` is that of all keys, without the colon.

        `clock` stands in for Redis' time, for the contract suite.
        """
        self._client = client
        self._prefix = prefix
        self._clock = clock

    def take(self, counter: str, amount: int, window: Window) -> Count:
        words = [self._now(), min(checked(amount), _MOST), min(window.limit, _MOST), window.length_s]
        taken, used, resets_in_s = _TAKE(self._client, [self._counted(counter, window)], words)
        return Count(bool(taken), int(used), max(1, int(resets_in_s)))

    def give_back(self, counter: str, amount: int, window: Window) -> None:
        words = [self._now(), min(checked(amount), _MOST), window.length_s]
        _GIVE_BACK(self._client, [self._counted(counter, window)], words)

    def hold(self, counter: str, holder: str, limit: int, lasts: timedelta) -> bool:
        lasts_us = lasts // timedelta(microseconds=1)
        return bool(_HOLD(self._client, [self._held(counter)], [self._now(), holder, limit, lasts_us]))

    def let_go(self, counter: str, holder: str) -> None:
        _LET_GO(self._client, [self._held(counter)], [holder])

    def close(self) -> None:
        """Nothing is its own."""

    def _now(self) -> int | str:
        return "" if self._clock is None else epoch_us(self._clock.now())

    def _counted(self, counter: str, window: Window) -> str:
        return f"{self._prefix}:quota:{counter}:{window.length_s}:"

    def _held(self, counter: str) -> str:
        return f"{self._prefix}:places:{counter}"
