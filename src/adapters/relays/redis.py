"""Live sound over Redis streams, for a service whose workers are other processes than its listeners'."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
from redis import Redis

from adapters.redisclient import Lua, translated
from voicecore.errors import StorageUnavailable
from voicecore.job import JobId
from voicecore.ports import LiveChunk

_log = logging.getLogger("voicecore.relays")

#: Of an entry. A reader skips what it does not know: sound may be lost, but is never invented.
VERSION = b"1"
#: How long a publisher believes what it last heard about followers.
_BELIEF_S = 0.5
#: After a failure nothing is tried for so long, so that an outage does not hold up the synthesis with every chunk.
_REST_S = 10.0
#: A follower says at least so often that it is there, and is believed for so long after the last time.
_SAY_AGAIN_S, _HEARD_MS = 2.0, 10_000
#: A stream lives so long after its last entry.
_STREAM_MS = 60_000
#: The most that a stream keeps for slow followers: entries, and bytes if entries are as large as the newest.
_ENTRIES, _BYTES = 256, 8 << 20
#: One blocking read; well under the client's limit for an answer, which would take it for an outage.
_BLOCK_MS = 1_000
_COUNT = 16
_BELIEFS_LIMIT = 1_024

#: Whether somebody listens is asked in the same step, so that no stream is made for nobody.
_PUBLISH = Lua("""
if redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[1], '*', unpack(ARGV, 3))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
""")
#: The last entry from before, after which the new follower's begin.
_FOLLOW = Lua("""
redis.call('SET', KEYS[2], '1', 'PX', ARGV[1])
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
return last[1] and last[1][1] or '0-0'
""")


class RedisEar:
    """Reads a job's stream from where it stood, and says every now and then that somebody is here.

    Who does not listen for longer than that is believed loses what is published meanwhile, which the next `start` shows.
    """

    def __init__(self, client: Redis, stream_key: str, heard_key: str, last: bytes, closed: threading.Event) -> None:
        """`last` is the entry after which it hears; `closed` is set with the relay."""
        self._client, self._stream_key, self._heard_key = client, stream_key, heard_key
        self._last, self._closed = last, closed
        self._said = time.monotonic()
        self._chunks: deque[LiveChunk] = deque()
        self._ended = False

    @property
    def over(self) -> bool:
        """Whether nothing comes any more."""
        return self._closed.is_set() or (self._ended and not self._chunks)

    def hear(self, timeout_s: float) -> LiveChunk | None:
        """The next chunk, or None."""
        deadline = time.monotonic() + timeout_s
        while not self.over and not self._chunks:
            left_s = deadline - time.monotonic()
            try:
                self._read(left_s)
            except StorageUnavailable:
                # The stream outlives a short outage, and its reader goes on where it was.
                self._closed.wait(min(0.2, max(0.0, left_s)))
            if left_s <= 0:
                break
        return self._chunks.popleft() if self._chunks and not self._closed.is_set() else None

    def close(self) -> None:
        """Nothing is heard any more. That nobody is here shows when it is not said again."""
        self._ended = True
        self._chunks.clear()

    def _read(self, left_s: float) -> None:
        """Entries after the last one, once there are any; none after a while. That somebody is here is said first."""
        now = time.monotonic()
        say = now - self._said >= _SAY_AGAIN_S
        block: list[Any] = ["BLOCK", max(1, min(_BLOCK_MS, int(left_s * 1_000)))] if left_s > 0 else []
        with translated():
            both = self._client.pipeline(transaction=False)
            if say:
                both.set(self._heard_key, "1", px=_HEARD_MS)
            both.execute_command("XREAD", "COUNT", _COUNT, *block, "STREAMS", self._stream_key, self._last)  # type: ignore[no-untyped-call]
            answer = both.execute()[-1]
        self._said = now if say else self._said
        for place, fields in answer[0][1] if answer else ():
            self._last = place
            if fields.get(b"v") != VERSION or self._ended:
                continue
            if b"end" in fields:
                self._ended = True
            else:
                self._chunks.append(_chunk(fields))


class RedisRelay:
    """A stream for each job that is followed, and a key that says so. Both expire by themselves.

    An idle follower costs Redis one and a half commands a second, a chunk that somebody hears one script, and a job that
    nobody follows two EXISTS a second.
    """

    def __init__(self, client: Redis, prefix: str) -> None:
        """`client` stays the caller's, who closes it; a follower takes one of its connections while it waits."""
        self._client = client
        self._prefix = prefix
        self._lock = threading.Lock()
        #: What is believed of a job's followers, and until when.
        self._beliefs: dict[JobId, tuple[bool, float]] = {}
        self._closed = threading.Event()

    def followed(self, job_id: JobId) -> bool:
        with self._lock:
            belief, until = self._beliefs.get(job_id, (False, 0.0))
        if self._closed.is_set():
            return False
        if time.monotonic() < until:
            return belief
        try:
            with translated():
                found = bool(self._client.exists(self._heard_key(job_id)))
        except StorageUnavailable as error:
            self._rest(job_id, error)
            return False
        self._believe(job_id, found=found)
        return found

    def publish(self, job_id: JobId, chunk: LiveChunk) -> None:
        if not self.followed(job_id):
            return
        data = np.ascontiguousarray(chunk.samples, dtype="<f4").tobytes()
        entries = max(4, min(_ENTRIES, _BYTES // (len(data) + 1)))
        self._send(job_id, entries, {
            "start": chunk.start, "rate": chunk.sample_rate_hz, "voice": chunk.voice, "attempt": chunk.attempt,
            "samples": data,
        })  # fmt: skip

    def end(self, job_id: JobId) -> None:
        if self._closed.is_set():
            return
        # Asked of Redis whatever is believed: who came a moment ago must hear of the end.
        self._send(job_id, _ENTRIES, {"end": "1"})
        with self._lock:
            self._beliefs.pop(job_id, None)

    def follow(self, job_id: JobId) -> RedisEar:
        """As the port says. Raises `StorageUnavailable` if Redis cannot be reached now; later outages are only silence."""
        last = _FOLLOW(self._client, [self._stream_key(job_id), self._heard_key(job_id)], [_HEARD_MS])
        self._believe(job_id, found=True)
        return RedisEar(self._client, self._stream_key(job_id), self._heard_key(job_id), last, self._closed)

    def close(self) -> None:
        self._closed.set()

    def _send(self, job_id: JobId, entries: int, fields: Mapping[str, str | int | bytes]) -> None:
        words = [word for pair in fields.items() for word in pair]
        keys = [self._stream_key(job_id), self._heard_key(job_id)]
        try:
            heard = _PUBLISH(self._client, keys, [entries, _STREAM_MS, "v", VERSION, *words])
        except StorageUnavailable as error:
            self._rest(job_id, error)
        else:
            self._believe(job_id, found=bool(heard))

    def _believe(self, job_id: JobId, *, found: bool, for_s: float = _BELIEF_S) -> None:
        with self._lock:
            if len(self._beliefs) >= _BELIEFS_LIMIT:
                self._beliefs.clear()  # they are only saved questions
            self._beliefs[job_id] = (found, time.monotonic() + for_s)

    def _rest(self, job_id: JobId, error: StorageUnavailable) -> None:
        _log.warning("Live sound of %s pauses for %.0f s: %s", job_id, _REST_S, error)
        self._believe(job_id, found=False, for_s=_REST_S)

    def _stream_key(self, job_id: JobId) -> str:
        return f"{self._prefix}:live:{job_id}"

    def _heard_key(self, job_id: JobId) -> str:
        return f"{self._prefix}:followed:{job_id}"


def _chunk(fields: Mapping[bytes, bytes]) -> LiveChunk:
    return LiveChunk(
        start=int(fields[b"start"]),
        samples=np.frombuffer(fields[b"samples"], dtype="<f4"),
        sample_rate_hz=int(fields[b"rate"]),
        voice=fields.get(b"voice", b"").decode(),
        attempt=int(fields.get(b"attempt", 0)),
    )
