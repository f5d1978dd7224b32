"""Rates: how many requests a name may make, in this process or, with Redis, in all of them.

The generic cell rate algorithm: one moment a name, the one at which its next request is due. Redis that is
slow or away lets requests through: a rate protects the owner's machine, and must not be what stops it.
"""

import logging
import math
import threading
from datetime import datetime
from functools import lru_cache

import redis
from django.conf import settings

_log = logging.getLogger("ringpost.rates")
_due: dict[str, float] = {}
_lock = threading.Lock()
_MOST_NAMES = 100_000

_SCRIPT = """
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), tonumber(ARGV[1]))
local wait = due - tonumber(ARGV[3]) - tonumber(ARGV[1])
if wait > 0.000001 then return tostring(wait) end
redis.call('SET', KEYS[1], string.format('%.6f', due + tonumber(ARGV[2])), 'EX', math.ceil(due + tonumber(ARGV[2]) - tonumber(ARGV[1])) + 1)
return '0'
"""


def seconds_to_wait(name: str, *, per_second: float, burst: int, now: datetime) -> int:
    """0 when the request may pass (and is counted), else the whole seconds after which it may."""
    moment, step = now.timestamp(), 1 / per_second
    slack = step * (burst - 1)
    wait = _wait_shared(name, moment, step, slack) if settings.REDIS_URL else _wait_here(name, moment, step, slack)
    return math.ceil(wait)


def _wait_here(name: str, moment: float, step: float, slack: float) -> float:
    with _lock:
        due = max(_due.get(name, 0.0), moment)
        wait = due - slack - moment
        if wait > 0.000001:
            return wait
        if len(_due) >= _MOST_NAMES:
            _forget(moment)
        _due[name] = due + step
    return 0.0


def _forget(moment: float) -> None:
    """Drops the names that owe nothing, and all of them when everyone does."""
    for name in [name for name, due in _due.items() if due <= moment]:
        del _due[name]
    if len(_due) >= _MOST_NAMES:
        _due.clear()


@lru_cache(maxsize=1)
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=0.25, socket_connect_timeout=0.25)


def _wait_shared(name: str, moment: float, step: float, slack: float) -> float:
    try:
        answer = _client(settings.REDIS_URL).eval(_SCRIPT, 1, f"ringpost:rate:{name}", moment, step, slack)
    except redis.RedisError:
        _log.warning("rate limits are not counted: Redis does not answer")
        return 0.0
    return float(answer)


def reset() -> None:
    """Forgets every count of this process."""
    with _lock:
        _due.clear()
