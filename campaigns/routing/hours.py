"""When a buyer is open, on the clock of its own time zone.

An opening belongs to the day on which it begins: a closed date takes away what begins on it, and special hours replace
it, but what began the evening before still runs past midnight. Of an hour that the clock tells twice, an opening begins
at the first and ends at the second; a time that the clock leaps over is the moment of the leap.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

HORIZON = timedelta(days=60)
_DAY = timedelta(days=1)
_MIDNIGHT = time(0)
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Opening:
    """From `open` to `close`, weekly on `day` (0 is Monday) or once on `date`. `close` at or before `open` is the next day."""

    day: int | None
    date: date | None
    open: time
    close: time


@dataclass(frozen=True, slots=True)
class Hours:
    """`closed` beats `special` beats `weekly`; without weekly openings every other day is open from end to end."""

    time_zone: str
    weekly: tuple[Opening, ...]
    closed: frozenset[date]
    special: tuple[Opening, ...]


@dataclass(frozen=True, slots=True)
class OpenState:
    """Open or not, and the moment until which that surely stands; `opens` when closed: the next opening within 60 days."""

    is_open: bool
    until: datetime
    opens: datetime | None


_ALL_DAY = (Opening(None, None, _MIDNIGHT, _MIDNIGHT),)


def is_open(hours: Hours, now: datetime) -> bool:
    return open_state(hours, now).is_open


def next_opening(hours: Hours, now: datetime) -> datetime | None:
    """The moment (UTC) at which the next opening begins after `now`; None when there is none within 60 days."""
    return next((start for start, _ in _spans(hours, now, now + HORIZON) if start > now), None)


def open_state(hours: Hours, now: datetime) -> OpenState:
    for start, end in _spans(hours, now, now + HORIZON):
        if start > now:
            return OpenState(False, start, start)
        if now < end:
            return OpenState(True, end, None)
    return OpenState(False, now + _DAY, None)


def _spans(hours: Hours, first: datetime, last: datetime) -> Iterator[Span]:
    """The openings from the day before `first` to the day of `last`, in their order, those that touch as one."""
    zone = ZoneInfo(hours.time_zone)
    day, final = first.astimezone(zone).date() - _DAY, last.astimezone(zone).date()
    current: Span | None = None
    while day <= final:
        for start, end in sorted(_span(opening, day, zone) for opening in _openings(hours, day)):
            if current and start <= current[1]:
                current = current[0], max(current[1], end)
            elif start < end:
                if current:
                    yield current
                current = start, end
        day += _DAY
    if current:
        yield current


def _openings(hours: Hours, day: date) -> tuple[Opening, ...]:
    if day in hours.closed:
        return ()
    special = tuple(opening for opening in hours.special if opening.date == day)
    if special or not hours.weekly:
        return special or _ALL_DAY
    return tuple(opening for opening in hours.weekly if opening.day == day.weekday())


def _span(opening: Opening, day: date, zone: ZoneInfo) -> Span:
    last = day if opening.close > opening.open else day + _DAY
    start = _moment(datetime.combine(day, opening.open), zone, is_close=False)
    return start, _moment(datetime.combine(last, opening.close), zone, is_close=True)


@lru_cache(maxsize=8192)
def _moment(wall: datetime, zone: ZoneInfo, *, is_close: bool) -> datetime:
    """When the clock on the wall tells this time, in UTC."""
    before = wall.replace(tzinfo=zone).astimezone(UTC)
    after = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if before <= after:
        return after if is_close else before
    return _leap(after, before, zone)


def _leap(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The moment after `low` and not after `high` at which the zone's clock leaps, by halving."""
    offset = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)
