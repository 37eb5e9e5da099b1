"""The catalogue in Redis, beside the jobs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic

from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from adapters.redisclient import Lua, ask, translated
from adapters.stores.naming import check_free, check_room, missing, shelf_key
from voicecore import consent_records, key_records, records
from voicecore.access import ApiKey
from voicecore.consent import Consent
from voicecore.conversion_model import ConversionModel
from voicecore.errors import StorageUnavailable
from voicecore.ports import Item
from voicecore.quality import QualityProfile
from voicecore.voice import VoiceProfile

# KEYS of every script: records by id, ids by name key, name keys by id, ids by order of adding.
#: ARGV: id, name key, record, whether this was said before and its answer got lost, and how many there may be ('' for any).
_ADD = Lua("""
local old = redis.call('HGET', KEYS[1], ARGV[1])
if old then return (ARGV[4] == '1' and old == ARGV[3]) and 'done' or 'id' end
if redis.call('HEXISTS', KEYS[2], ARGV[2]) == 1 then return 'name' end
local count = redis.call('HLEN', KEYS[1])
if ARGV[5] ~= '' and count >= tonumber(ARGV[5]) then return tostring(count) end
local last = redis.call('ZREVRANGE', KEYS[4], 0, 0, 'WITHSCORES')
redis.call('ZADD', KEYS[4], (tonumber(last[2]) or 0) + 1, ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('HSET', KEYS[2], ARGV[2], ARGV[1])
redis.call('HSET', KEYS[3], ARGV[1], ARGV[2])
return 'done'
""")
_REPLACE = Lua("""
local old = redis.call('HGET', KEYS[3], ARGV[1])
if not old then return 'missing' end
local owner = redis.call('HGET', KEYS[2], ARGV[2])
if owner and owner ~= ARGV[1] then return 'name' end
redis.call('HDEL', KEYS[2], old)
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('HSET', KEYS[2], ARGV[2], ARGV[1])
redis.call('HSET', KEYS[3], ARGV[1], ARGV[2])
return 'done'
""")
_DELETE = Lua("""
local old = redis.call('HGET', KEYS[3], ARGV[1])
if not old then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], old)
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[1])
return 1
""")
_ALL = Lua("""
local found = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[4], 0, -1)) do
  found[#found + 1] = redis.call('HGET', KEYS[1], id)
end
return found
""")


class RedisShelf(Generic[Item]):
    """Four keys that begin with the shelf's name; every change of them is one script."""

    def __init__(
        self,
        client: Redis,
        prefix: str,
        shelf: str,
        *,
        dump: Callable[[Item], str],
        load: Callable[[str | bytes], Item],
    ) -> None:
        self._client = client
        key = f"{prefix}:{shelf}"
        self._keys = [key, f"{key}:names", f"{key}:named", f"{key}:order"]
        self._dump = dump
        self._load = load

    def add(self, item: Item, *, room: int | None = None) -> None:
        words, most = [item.id, shelf_key(item), self._dump(item)], "" if room is None else str(room)
        try:
            done = _ADD(self._client, self._keys, [*words, "0", most])
        except StorageUnavailable as error:
            # Not after a timeout: the caller has waited for long enough.
            if not isinstance(error.__cause__, RedisConnectionError):
                raise
            done = _ADD(self._client, self._keys, [*words, "1", most])
        check_free(item, id_used=done == b"id", name_used=done == b"name")
        if done != b"done":
            check_room(int(done), room)

    def get(self, item_id: str) -> Item | None:
        record = ask(self._client, "HGET", self._keys[0], item_id)
        return None if record is None else self._load(record)

    def all(self) -> Sequence[Item]:
        return tuple(self._load(record) for record in _ALL(self._client, self._keys))

    def replace(self, item: Item) -> None:
        done = _REPLACE(self._client, self._keys, [item.id, shelf_key(item), self._dump(item)])
        if done == b"missing":
            raise missing(item.id)
        check_free(item, id_used=False, name_used=done == b"name")

    def delete(self, item_id: str) -> bool:
        return bool(_DELETE(self._client, self._keys, [item_id]))


class RedisCatalog:
    """Four shelves, and a hash of default profiles. A record of a newer program is `StorageUnavailable`, with its version."""

    def __init__(self, client: Redis, prefix: str) -> None:
        """`client` stays the caller's, who closes it; `prefix` is that of all keys, without the colon."""
        self._client = client
        self._defaults = f"{prefix}:default_profile"
        self._voices = RedisShelf(client, prefix, "voices", dump=records.dump_voice, load=records.load_voice)
        self._profiles = RedisShelf(client, prefix, "profiles", dump=records.dump_profile, load=records.load_profile)
        self._models = RedisShelf(client, prefix, "models", dump=records.dump_model, load=records.load_model)
        self._keys = RedisShelf(client, prefix, "keys", dump=key_records.dump_key, load=key_records.load_key)
        self._consents = RedisShelf(
            client, prefix, "consents", dump=consent_records.dump_consent, load=consent_records.load_consent
        )

    @property
    def voices(self) -> RedisShelf[VoiceProfile]:
        return self._voices

    @property
    def profiles(self) -> RedisShelf[QualityProfile]:
        return self._profiles

    @property
    def models(self) -> RedisShelf[ConversionModel]:
        return self._models

    @property
    def keys(self) -> RedisShelf[ApiKey]:
        return self._keys

    @property
    def consents(self) -> RedisShelf[Consent]:
        return self._consents

    def default_profile(self, engine: str) -> str | None:
        found = ask(self._client, "HGET", self._defaults, engine)
        return None if found is None else found.decode()

    def set_default_profile(self, engine: str, profile_id: str | None) -> None:
        with translated():
            if profile_id is None:
                self._client.hdel(self._defaults, engine)
            else:
                self._client.hset(self._defaults, engine, profile_id)

    def close(self) -> None:
        """Nothing is its own."""
