"""What Redis and the network say, as voicecore's errors: one sentence with the cause and the setting to look at."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from redis import exceptions

from voicecore.errors import InvalidInput, StorageUnavailable

#: By the code that begins an error, also of a command inside a script (`… -OOM command not allowed …`).
_CODES = {
    "WRONGPASS": "Redis does not accept the user or password: set the right ones in VOICECORE_REDIS_URL.",
    "NOAUTH": "Redis wants a password: put it into VOICECORE_REDIS_URL, as redis://:password@host:6379/0.",
    "KEYS": "The Redis user of VOICECORE_REDIS_URL may not use the keys under VOICECORE_REDIS_PREFIX: widen its ACL as "
    "docs/operations.md shows.",
    "NOPERM": "The Redis user of VOICECORE_REDIS_URL may not do this ({detail}): widen its ACL as docs/operations.md shows.",
    "READONLY": "This Redis is a read-only replica: let VOICECORE_REDIS_URL name the primary.",
    "LOADING": "Redis is reading its data after a start: try again in a moment.",
    "BUSY": "Redis is busy with a script that does not end: see SCRIPT KILL, and try again.",
    "OOM": "Redis is full, nothing was written: raise its maxmemory or let finished jobs expire sooner.",
    "MISCONF": "Redis cannot write to its disk and takes nothing new: free space there, and see its log.",
    "MASTERDOWN": "This Redis is a replica that has lost its primary: let VOICECORE_REDIS_URL name the primary.",
    "NOREPLICAS": "Redis has too few replicas to take writes: see its min-replicas-to-write.",
    "MOVED": "This is a Redis Cluster, which voicecore does not use: let VOICECORE_REDIS_URL name a single Redis.",
    "CROSSSLOT": "This is a Redis Cluster, which voicecore does not use: let VOICECORE_REDIS_URL name a single Redis.",
    "WRONGTYPE": "Keys under VOICECORE_REDIS_PREFIX belong to some other program: choose another prefix.",
}
_CODE = re.compile(rf"(?:^|-|\s)({'|'.join(_CODES)})\s")
#: How Redis 6 and 7 refuse keys, outside and inside of a script.
_KEYS = re.compile(r"access one of the keys|can't access at least one of the keys")
#: redis-py says the code in the type and takes it out of the text. Subclasses come before what they are made from.
_TYPES: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.NoPermissionError, "NOPERM"),
    (exceptions.ReadOnlyError, "READONLY"),
    (exceptions.BusyLoadingError, "LOADING"),
    (exceptions.OutOfMemoryError, "OOM"),
    (exceptions.MasterDownError, "MASTERDOWN"),
    (exceptions.MovedError, "MOVED"),
)
_LATE_ANSWER = "Redis did not answer in time: see whether its host is overloaded or cut off, and try again in a moment."
_LATE_CONNECTION = (
    "The host and port of VOICECORE_REDIS_URL did not answer in time: see whether the host is up, to firewalls on the way, "
    "and that the URL begins with rediss:// only if that port speaks TLS."
)
#: Where a script stood, which helps nobody who reads the sentence.
_SCRIPT = re.compile(r"^Error running script \(call to [^)]*\): (?:@user_script:\s*\d+: )*|, on @user_script:\d+\.$")
#: A pipeline's error repeats the command, which may hold what a user said.
_REPEATED = re.compile(r"^Command # \d+ \(.*\) of pipeline caused error: ", re.DOTALL)


@contextmanager
def translated() -> Iterator[None]:
    """Raise `StorageUnavailable` for what redis-py, Redis and the network raise inside; `InvalidInput` for half characters."""
    try:
        yield
    except exceptions.RedisError as error:
        if _REPEATED.match(str(error)):
            raise StorageUnavailable(sentence(error)) from None
        raise StorageUnavailable(sentence(error)) from error
    except OSError as error:
        raise StorageUnavailable(_of_network(error)) from error
    except UnicodeEncodeError as error:
        raise InvalidInput(
            f"{error.object[:40]!a} is not text that can be stored (it holds half a character)."
        ) from error


def sentence(error: exceptions.RedisError) -> str:
    """What is wrong, and which setting to look at."""
    text = _SCRIPT.sub("", _REPEATED.sub("", str(error)))[:200]
    if code := _code(error, text):
        return _CODES[code].format(detail=text)
    if isinstance(error, exceptions.InvalidResponse):
        return "What answers at VOICECORE_REDIS_URL is not a Redis: see to its host and port."
    if isinstance(error, exceptions.TimeoutError):
        return _LATE_CONNECTION if "connecting" in text else _LATE_ANSWER
    if isinstance(error, exceptions.ConnectionError):
        return _of_connection(error, text)
    if "DB index" in text:
        return (
            "Redis has no database of this number: correct the one at the end of VOICECORE_REDIS_URL, or leave it out."
        )
    return f"Redis refused a command ({text}): see its log, and that it is version 6.2 or newer."


def _code(error: exceptions.RedisError, text: str) -> str | None:
    if isinstance(error, exceptions.ResponseError) and _KEYS.search(text):
        return "KEYS"
    for kind, code in _TYPES:
        if isinstance(error, kind):
            return code
    if isinstance(error, exceptions.AuthenticationError):
        return "NOAUTH" if "required" in text else "WRONGPASS"
    if isinstance(error, exceptions.ResponseError):
        if found := _CODE.search(text):
            return found[1]
        if "can't run this command" in text:  # how Redis 7 says NOPERM inside a script
            return "NOPERM"
    return None


def _of_connection(error: exceptions.ConnectionError, text: str) -> str:
    cause = error.__cause__ or error.__context__
    if isinstance(cause, OSError):
        return _of_network(cause)
    if "max number of clients" in text:
        return "Redis has too many connections: raise its maxclients."
    if "closed by server" in text.lower():
        return (
            "Redis closed the connection: it is being restarted, or it speaks TLS (then VOICECORE_REDIS_URL begins "
            "with rediss://)."
        )
    return f"Redis cannot be reached ({text}): see VOICECORE_REDIS_URL, and try again in a moment."


def _of_network(error: OSError) -> str:
    match error:
        case ConnectionRefusedError():
            return (
                "Nobody listens at the host and port of VOICECORE_REDIS_URL: start Redis there, or correct the address."
            )
        case socket.gaierror():
            return "The host in VOICECORE_REDIS_URL is not known: correct it, or see to the name service."
        case ssl.SSLCertVerificationError():
            return (
                f"The certificate of Redis is not trusted ({error.verify_message}): give its authority in "
                "VOICECORE_REDIS_URL as ?ssl_ca_certs=FILE."
            )
        case ssl.SSLError():
            return "TLS with Redis failed: VOICECORE_REDIS_URL begins with rediss:// only if that port speaks TLS."
        case TimeoutError():
            return _LATE_CONNECTION
        case _:
            return f"The connection to Redis broke ({error.strerror or error}): try again in a moment."
