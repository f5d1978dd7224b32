"""What else happens in a week: machines that ask too fast, strangers who guess, desks and offices that look at the calls."""

from collections.abc import Callable, Iterator
from datetime import datetime, time
from random import Random
from uuid import UUID

from .callers import random_caller
from .leads import ping_key
from .plan import SEED, plan_days, plan_moment
from .scheduler import Story, seconds
from .world import DemoWorld

_WEEKDAYS, _EVERY_DAY = range(5), range(7)


def incidents(world: DemoWorld, *, began: datetime) -> Iterator[tuple[datetime, Story]]:
    """Each with the moment at which it begins."""
    for day in plan_days(began=began, until=world.now, zone=world.zone):
        for weekdays, clock, story in _DIARY:
            at = plan_moment(day, clock, world.zone)
            if day.weekday() in weekdays and began <= at < world.now:
                yield at, story(world, at, Random(f"{SEED} {day} {clock}"))  # noqa: S311 - a story, not a secret


def _burst(world: DemoWorld, at: datetime, dice: Random) -> Story:
    """Four pings in a moment, where a key may send one a second."""
    query = {"key": ping_key(world, "roofing", "beta")}
    for _ in range(4):
        body = {
            "publisher_id": "beta",
            "caller_number": random_caller(dice),
            "keyword": "hail damage",
        }
        world.ask("POST", "/rtbs.json", at=at, by="beta", query=query, body=body)
        at += seconds(0.1)
        yield at
    yield at + seconds(40)
    world.sweep(at=at + seconds(40))


def _repeated(world: DemoWorld, at: datetime, dice: Random) -> Story:
    """A request that its sender took for lost, sent again with the same Idempotency-Key."""
    query = {
        "key": ping_key(world, "plumbing", "alpha"),
        "publisher_id": "alpha",
        "caller_number": random_caller(dice),
    }
    name = str(UUID(int=dice.getrandbits(128), version=4))
    for _ in range(2):
        world.ask("POST", "/rtbs.json", at=at, by="alpha", query=query, idempotency_key=name)
        at += seconds(9)
        yield at
    yield at + seconds(40)
    world.sweep(at=at + seconds(40))


def _guessing(world: DemoWorld, at: datetime, dice: Random) -> Story:
    for _ in range(3):
        query = {
            "key": str(UUID(int=dice.getrandbits(128), version=4)),
            "caller_number": random_caller(dice),
        }
        world.ask("POST", "/rtbs.json", at=at, by="stranger", query=query)
        at += seconds(1)
        yield at


def _report(world: DemoWorld, at: datetime, dice: Random) -> Story:
    """The office reads yesterday's calls."""
    query = {
        "api_key": world.key(world.company.company_id, "account"),
        "company_id": world.company.company_id,
    }
    world.ask("GET", "/calls.json", at=at, query=query)
    yield from ()


def _desk(world: DemoWorld, at: datetime, dice: Random) -> Story:
    query = {"api_key": world.key("summit", "call_control")}
    world.ask("GET", "/call_control/v1/active_calls.json", at=at, by="summit", query=query)
    yield from ()


def _supervisors(world: DemoWorld, at: datetime, dice: Random) -> Story:
    query = {"api_key": world.key("east", "call_control")}
    world.ask("GET", "/call_control/v1/active_calls.json", at=at, by="east", query=query)
    yield from ()


def _late_note(world: DemoWorld, at: datetime, dice: Random) -> Story:
    """About a call that nobody knows."""
    named = str(UUID(int=dice.getrandbits(128), version=4))
    query = {
        "key": world.key("alpha", "call_data_writing"),
        "call_uuid": named,
        "appointment": "booked",
    }
    world.ask("GET", "/data_writing.json", at=at, by="alpha", query=query)
    yield from ()


_Begins = Callable[[DemoWorld, datetime, Random], Story]
_DIARY: tuple[tuple[range, time, _Begins], ...] = (
    (range(0, 7, 3), time(3, 12, 40), _guessing),
    (_EVERY_DAY, time(7, 5, 1), _report),
    (_WEEKDAYS, time(9, 30, 12), _desk),
    (_WEEKDAYS, time(10, 14, 7), _burst),
    (_WEEKDAYS, time(11, 2, 33), _repeated),
    (_WEEKDAYS, time(14, 5, 48), _desk),
    (range(1, 5, 2), time(15, 41, 19), _late_note),
    (_WEEKDAYS, time(16, 20, 5), _supervisors),
)
