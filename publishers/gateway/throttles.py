"""Throttle classes: requests per second of a key, refused keys per minute of an address.

The counts are this process's or, with Redis, those of all processes. A key's rate is the generic
cell rate algorithm, which stores one moment for each name: when its next request is due.
"""

import logging
import math
import threading
from datetime import datetime
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

_log = logging.getLogger("ringpost.rates")
# By name: the moment at which the count is over or the next request is due, and the count.
_counts: dict[str, tuple[float, int]] = {}
_lock = threading.Lock()
_MAX_NAMES = 100_000
_TOLERANCE = 0.001  # seconds: a moment is a float, and a burst adds up its rounding
_REFUSED_KEYS_PER_MINUTE = 60

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
local count = redis.call('HINCRBY', KEYS[1], 'count', 1)
if count > tonumber(ARGV[3]) then return tostring(began + seconds - now) end
return '0'
"""


class KeyRateThrottle(BaseThrottle):
    """The key's requests per second, with its burst."""

    seconds: int = 0

    def allow_request(self, request: Request, view: Any) -> bool:
        key_request = view.key_request
        key = key_request.key
        if not key.requests_per_second:
            return True
        self.seconds = seconds_to_wait(
            f"key:{key.row}",
            per_second=key.requests_per_second,
            burst=key.burst or key.requests_per_second,
            now=key_request.now,
        )
        return not self.seconds

    def wait(self) -> int:
        return self.seconds


class RefusedKeyThrottle(BaseThrottle):
    """Refused keys of an address: slows down a client that guesses keys."""

    seconds: int = 0

    def allow_request(self, request: Request, view: Any) -> bool:
        self.seconds = count_request(
            f"refused:{view.key_request.address}",
            limit=_REFUSED_KEYS_PER_MINUTE,
            seconds=60,
            now=view.key_request.now,
        )
        return not self.seconds

    def wait(self) -> int:
        return self.seconds


def seconds_to_wait(name: str, *, per_second: float, burst: int, now: datetime) -> int:
    """Count a request and return 0, or return the whole seconds after which it may be sent."""
    moment, step = now.timestamp(), 1 / per_second
    slack = step * (burst - 1)
    shared = _eval_in_redis(_DUE, name, moment, step, slack, _TOLERANCE)
    if shared is not None:
        return math.ceil(shared)
    with _lock:
        due = max(_counts.get(name, (0.0, 0))[0], moment)
        wait = due - slack - moment
        if wait > _TOLERANCE:
            return math.ceil(wait)
        _store(name, due + step, 0, moment)
    return 0


def count_request(name: str, *, limit: int, seconds: int, now: datetime) -> int:
    """Count a request; return 0 for the first `limit` within `seconds`, else the seconds left."""
    moment = now.timestamp()
    shared = _eval_in_redis(_COUNT, name, moment, seconds, limit)
    if shared is not None:
        return math.ceil(shared)
    with _lock:
        ends, count = _counts.get(name, (0.0, 0))
        if ends <= moment:
            ends, count = moment + seconds, 0
        _store(name, ends, count + 1, moment)
    return math.ceil(ends - moment) if count + 1 > limit else 0


def _store(name: str, until: float, count: int, moment: float) -> None:
    """Store a count; where there are too many, first drop those that are over, else all of them."""
    if len(_counts) >= _MAX_NAMES and name not in _counts:
        for other in [other for other, (ends, _) in _counts.items() if ends <= moment]:
            del _counts[other]
        if len(_counts) >= _MAX_NAMES:
            _counts.clear()
    _counts[name] = (until, count)


@lru_cache(maxsize=1)
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=0.25, socket_connect_timeout=0.25)


def _eval_in_redis(script: str, name: str, *values: float) -> float | None:
    """Return the seconds to wait; None without Redis, 0.0 when it does not answer."""
    if not settings.REDIS_URL:
        return None
    try:
        return float(_client(settings.REDIS_URL).eval(script, 1, f"ringpost:rate:{name}", *values))
    except redis.RedisError:
        # A rate protects the owner's machine: Redis that is slow or away must not stop it.
        _log.warning("rate limits are not counted: Redis does not answer")
        return 0.0


def reset() -> None:
    """Drop every count of this process."""
    with _lock:
        _counts.clear()
