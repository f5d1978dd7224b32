"""Opening hours of a buyer, in its time zone.

An opening belongs to the day on which it begins: a closed date cancels the openings that begin on
it, and special hours replace them, but an opening of the evening before continues past midnight.
When daylight saving time repeats an hour, an opening begins at its first and ends at its second
occurrence; a skipped time is the moment of the skip.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

HORIZON = timedelta(days=60)
_DAY = timedelta(days=1)
_MIDNIGHT = time(0)
Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Opening:
    """An opening, weekly on `day` (0 is Monday) or once on `date`; it may end on the next day."""

    day: int | None
    date: date | None
    open: time
    close: time


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of a buyer: `closed` overrides `special`, which overrides `weekly`."""

    time_zone: str
    weekly: tuple[Opening, ...]
    closed: frozenset[date]
    special: tuple[Opening, ...]


@dataclass(frozen=True, slots=True)
class OpenState:
    """Whether the buyer is open, valid `until` a time; `opens` is the next opening in 60 days."""

    is_open: bool
    until: datetime
    opens: datetime | None


_ALL_DAY = (Opening(None, None, _MIDNIGHT, _MIDNIGHT),)


def is_open(hours: Hours, now: datetime) -> bool:
    return open_state(hours, now).is_open


def next_opening(hours: Hours, now: datetime) -> datetime | None:
    """Return the start (UTC) of the next opening after `now`; None without one within 60 days."""
    return next((start for start, _ in _spans(hours, now, now + HORIZON) if start > now), None)


def open_state(hours: Hours, now: datetime) -> OpenState:
    for start, end in _spans(hours, now, now + HORIZON):
        if start > now:
            return OpenState(False, start, start)
        if now < end:
            return OpenState(True, end, None)
    return OpenState(False, now + _DAY, None)


def _spans(hours: Hours, first: datetime, last: datetime) -> Iterator[Interval]:
    """Yield the merged openings from the day before `first` to the day of `last`."""
    zone = ZoneInfo(hours.time_zone)
    day, final = first.astimezone(zone).date() - _DAY, last.astimezone(zone).date()
    current: Interval | None = None
    while day <= final:
        spans: list[Interval] = []
        for opening in _openings(hours, day):
            last_day = day if opening.close > opening.open else day + _DAY
            opens = _moment(datetime.combine(day, opening.open), zone, is_close=False)
            closes = _moment(datetime.combine(last_day, opening.close), zone, is_close=True)
            spans.append((opens, closes))
        for start, end in sorted(spans):
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


@lru_cache(maxsize=8192)
def _moment(wall: datetime, zone: ZoneInfo, *, is_close: bool) -> datetime:
    """Return a local time in UTC; of a skipped time, the moment of the skip."""
    before = wall.replace(tzinfo=zone).astimezone(UTC)
    after = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if before <= after:
        return after if is_close else before
    # The zone's offset changes in between: find the moment by bisection.
    low, high = after, before
    offset = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)
