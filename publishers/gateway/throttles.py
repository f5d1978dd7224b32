"""Rates: how many requests a name may make, in this process or, with Redis, in all of them.

A key's rate is the generic cell rate algorithm: one moment a name, the one at which its next request is due. Redis that
is slow or away lets requests through: a rate protects the owner's machine, and must not be what stops it.
"""

import logging
import math
import threading
from datetime import datetime
from functools import lru_cache

import redis
from django.conf import settings

_log = logging.getLogger("ringpost.rates")
_held: dict[str, tuple[float, int]] = {}  # when the name owes nothing more, and how often it came
_lock = threading.Lock()
_MOST_NAMES = 100_000
_TOLERANCE = 0.001  # seconds: a moment is a float, and a burst adds up its rounding

_DUE = """
local now, step, slack = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local wait = due - slack - now
if wait > tonumber(ARGV[4]) then return tostring(wait) end
redis.call('SET', KEYS[1], string.format('%.9f', due + step), 'EX', math.ceil(due + step - now) + 1)
return '0'
"""
_COUNT = """
local now, seconds = tonumber(ARGV[1]), tonumber(ARGV[2])
local began = tonumber(redis.call('HGET', KEYS[1], 'began') or -seconds)
if now >= began + seconds then
  began = now
  redis.call('HSET', KEYS[1], 'began', ARGV[1], 'count', 0)
  redis.call('EXPIRE', KEYS[1], seconds + 1)
end
if redis.call('HINCRBY', KEYS[1], 'count', 1) > tonumber(ARGV[3]) then return tostring(began + seconds - now) end
return '0'
"""


def seconds_to_wait(name: str, *, per_second: float, burst: int, now: datetime) -> int:
    """0 when the request may pass (and is counted), else the whole seconds after which it may."""
    moment, step = now.timestamp(), 1 / per_second
    slack = step * (burst - 1)
    shared = _wait_shared(_DUE, name, moment, step, slack, _TOLERANCE)
    return math.ceil(_wait_here(name, moment, step, slack) if shared is None else shared)


def count_request(name: str, *, limit: int, seconds: int, now: datetime) -> int:
    """Counts, and is 0 until `name` came more than `most` times in the `seconds` since it first came; else how many are left."""
    moment = now.timestamp()
    shared = _wait_shared(_COUNT, name, moment, seconds, limit)
    return math.ceil(_count_here(name, moment, seconds, limit) if shared is None else shared)


def _wait_here(name: str, moment: float, step: float, slack: float) -> float:
    with _lock:
        due = max(_held.get(name, (0.0, 0))[0], moment)
        wait = due - slack - moment
        if wait > _TOLERANCE:
            return wait
        _hold(name, due + step, 0, moment)
    return 0.0


def _count_here(name: str, moment: float, seconds: int, limit: int) -> float:
    with _lock:
        ends, count = _held.get(name, (0.0, 0))
        if ends <= moment:
            ends, count = moment + seconds, 0
        _hold(name, ends, count + 1, moment)
    return ends - moment if count + 1 > limit else 0.0


def _hold(name: str, until: float, count: int, moment: float) -> None:
    """Keeps it; where too many are kept, drops the names that owe nothing, and all of them when everyone does."""
    if len(_held) >= _MOST_NAMES and name not in _held:
        for other in [other for other, (ends, _) in _held.items() if ends <= moment]:
            del _held[other]
        if len(_held) >= _MOST_NAMES:
            _held.clear()
    _held[name] = (until, count)


@lru_cache(maxsize=1)
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=0.25, socket_connect_timeout=0.25)


def _wait_shared(script: str, name: str, *values: float) -> float | None:
    """What Redis says; None without one, and 0.0 when it does not answer."""
    if not settings.REDIS_URL:
        return None
    try:
        return float(_client(settings.REDIS_URL).eval(script, 1, f"ringpost:rate:{name}", *values))
    except redis.RedisError:
        _log.warning("rate limits are not counted: Redis does not answer")
        return 0.0


def reset() -> None:
    """Forgets every count of this process."""
    with _lock:
        _held.clear()
