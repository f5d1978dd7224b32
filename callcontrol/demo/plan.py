"""The plan of the week: which caller each publisher sends at which moment; equal for equal days."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Literal
from zoneinfo import ZoneInfo

SEED = "a week of the demo company"
LeadType = Literal["bid", "reservation", "call", "form"]

# How busy each hour of the company's day is.
_HOURS = (2, 1, 1, 1, 1, 3, 9, 28, 60, 90, 100, 85, 55, 62, 92, 100, 88, 60, 34, 24, 17, 12, 7, 4)
_SATURDAY = 5
_RETURNING = 0.08  # the share of callers that called before
# Area codes, zip codes, and how often callers live there. The numbers are fictional (555-01xx).
_AREAS = (
    ("212", ("10001", "10011", "10025"), 8),
    ("718", ("11201", "11215"), 6),
    ("703", ("22201", "22301"), 5),
    ("301", ("20850", "20814"), 4),
    ("215", ("19103", "19130"), 6),
    ("305", ("33130", "33145"), 6),
    ("407", ("32801",), 5),
    ("404", ("30303", "30318"), 6),
    ("704", ("28202",), 4),
    ("713", ("77002", "77019"), 5),
    ("214", ("75201", "75204"), 5),
    ("512", ("78701",), 4),
    ("312", ("60601", "60614"), 4),
    ("617", ("02108", "02116"), 2),
    ("415", ("94103",), 2),
    ("303", ("80202",), 2),
)


@dataclass(frozen=True, slots=True)
class Stream:
    """What one publisher sends to a campaign: leads on a weekday and on a day of the weekend."""

    type: LeadType
    publisher: str
    campaign: str
    weekday: int
    weekend: int


STREAMS = (
    Stream("bid", "alpha", "roofing", 18, 6),
    Stream("bid", "beta", "roofing", 11, 5),
    Stream("bid", "alpha", "plumbing", 5, 2),
    Stream("bid", "beta", "plumbing", 5, 2),
    Stream("bid", "delta", "roofing", 3, 1),
    Stream("reservation", "gamma", "roofing", 6, 2),
    Stream("form", "alpha", "roofing", 3, 1),
    Stream("call", "alpha", "roofing", 1, 0),
    Stream("call", "beta", "roofing", 1, 1),
    Stream("call", "gamma", "roofing", 2, 1),
    Stream("call", "", "roofing", 1, 1),
    Stream("call", "", "plumbing", 2, 1),
)


@dataclass(frozen=True, slots=True)
class DemoCaller:
    number: str
    zip: str


@dataclass(frozen=True, slots=True)
class Lead:
    at: datetime
    stream: Stream
    caller: DemoCaller


def plan_leads(*, since: datetime, until: datetime, zone: ZoneInfo) -> Iterator[Lead]:
    """Yield the leads between two moments, day by day. A day's leads depend on its date alone."""
    for day in plan_days(since=since, until=until, zone=zone):
        dice = Random(f"{SEED} {day}")  # noqa: S311 - not a secret
        callers: list[DemoCaller] = []
        for stream in STREAMS:
            for _ in range(stream.weekend if day.weekday() >= _SATURDAY else stream.weekday):
                if not callers or dice.random() >= _RETURNING:
                    callers.append(random_caller(dice))
                (hour,) = dice.choices(range(24), weights=_HOURS)
                clock = time(
                    hour, dice.randrange(60), dice.randrange(60), dice.randrange(1000) * 1000
                )
                lead = Lead(plan_moment(day, clock, zone), stream, dice.choice(callers[-3:]))
                if since <= lead.at < until:
                    yield lead


def random_caller(dice: Random) -> DemoCaller:
    """Return a caller; the last ten numbers of an area are left to the present."""
    ((area, zips, _),) = dice.choices(_AREAS, weights=[share for _, _, share in _AREAS])
    return DemoCaller(f"+1{area}55501{dice.randrange(90):02}", dice.choice(zips))


def plan_days(*, since: datetime, until: datetime, zone: ZoneInfo) -> Iterator[date]:
    """Yield the days of the company's calendar between two moments."""
    day = since.astimezone(zone).date()
    while day <= until.astimezone(zone).date():
        yield day
        day += timedelta(days=1)


def plan_moment(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Return a wall-clock time of the company's day in UTC."""
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)
