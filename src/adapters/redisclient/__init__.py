"""The one way to a Redis: how a client is made, what its errors mean, and what of a server is not fit for jobs.

Stores, relays and queues that live in Redis build on this; it is no port's adapter itself. Importing it without the package
`redis` raises `MissingDependency`.
"""

from voicecore.errors import MissingDependency

try:
    import redis as _redis  # noqa: F401 - asked for here, so that one sentence answers for all that need it
except ImportError as error:
    raise MissingDependency(
        "VOICECORE_REDIS_URL needs the Python package redis: pip install 'voicecore[redis]'."
    ) from error

from adapters.redisclient.asking import Lua, ask
from adapters.redisclient.connecting import connect, with_checked_host_name
from adapters.redisclient.failures import translated
from adapters.redisclient.server_checks import Problem, persistence, problems

__all__ = ["Lua", "Problem", "ask", "connect", "persistence", "problems", "translated", "with_checked_host_name"]
