"""The plan of the week: who asks for what at which moment, drawn anew the same way whenever it is drawn."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Literal
from zoneinfo import ZoneInfo

from .callers import CallerPool, DemoCaller

SEED = "a week of the demo company"
DAYS = 7
Kind = Literal["bid", "reservation", "call", "form"]


@dataclass(frozen=True, slots=True)
class Stream:
    """What one publisher sends to a campaign: how many on a weekday and on a day of the weekend."""

    kind: Kind
    publisher: str
    campaign: str
    weekday: int
    weekend: int


STREAMS = (
    Stream("bid", "alpha", "roofing", 36, 11),
    Stream("bid", "beta", "roofing", 22, 11),
    Stream("bid", "alpha", "plumbing", 9, 4),
    Stream("bid", "beta", "plumbing", 9, 4),
    Stream("bid", "delta", "roofing", 7, 2),
    Stream("reservation", "gamma", "roofing", 12, 5),
    Stream("form", "alpha", "roofing", 5, 2),
    Stream("call", "alpha", "roofing", 1, 1),
    Stream("call", "beta", "roofing", 2, 1),
    Stream("call", "gamma", "roofing", 3, 1),
    Stream("call", "", "roofing", 1, 1),
    Stream("call", "", "plumbing", 2, 1),
)
# How busy each hour of the company's day is: mornings and afternoons, hardly anybody at night.
_HOURS = (2, 1, 1, 1, 1, 3, 9, 28, 60, 90, 100, 85, 55, 62, 92, 100, 88, 60, 34, 24, 17, 12, 7, 4)
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Lead:
    """One caller whom somebody asks for, or who calls; `dice` decides what becomes of it."""

    at: datetime
    stream: Stream
    caller: DemoCaller
    dice: Random


def leads(*, began: datetime, until: datetime, zone: ZoneInfo) -> list[Lead]:
    """Those from `began` to `until`, in their order."""
    dice = Random(SEED)  # noqa: S311 - a story, not a secret
    moments = sorted(_moments(began, until, zone), key=lambda pair: pair[0])
    crowd = CallerPool(dice)
    return [
        Lead(at, stream, crowd.next(), Random(f"{SEED} {place}"))  # noqa: S311
        for place, (at, stream) in enumerate(moments)
    ]


def plan_days(*, began: datetime, until: datetime, zone: ZoneInfo) -> Iterator[date]:
    """The days of the company's calendar that the time touches."""
    day = began.astimezone(zone).date()
    while day <= until.astimezone(zone).date():
        yield day
        day += timedelta(days=1)


def plan_moment(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """When the company's clock tells this time on this day."""
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def _moments(began: datetime, until: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, Stream]]:
    for day in plan_days(began=began, until=until, zone=zone):
        dice = Random(f"{SEED} {day}")  # noqa: S311 - as above
        for stream in STREAMS:
            for _ in range(stream.weekend if day.weekday() >= _SATURDAY else stream.weekday):
                at = _at(day, dice, zone)
                if began <= at < until:
                    yield at, stream


def _at(day: date, dice: Random, zone: ZoneInfo) -> datetime:
    hour = dice.choices(range(24), weights=_HOURS)[0]
    return plan_moment(
        day, time(hour, dice.randrange(60), dice.randrange(60), dice.randrange(1000) * 1000), zone
    )
