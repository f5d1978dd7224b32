"""Periods: hours and days in a time zone, and the gaps between periods."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from operator import itemgetter
from zoneinfo import ZoneInfo

_QUARTER = timedelta(minutes=15)  # in every time zone, hours begin at a quarter
Period = tuple[datetime, datetime]
Next = Callable[[datetime], datetime]


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the start of a day; where clocks skip midnight, the moment of the change."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def next_day(moment: datetime, *, zone: ZoneInfo) -> datetime:
    return midnight(moment.astimezone(zone).date() + timedelta(days=1), zone)


def next_hour(moment: datetime, *, zone: ZoneInfo) -> datetime:
    """Return the start of the next hour on local clocks."""
    local = moment.astimezone(zone)
    into = timedelta(
        minutes=local.minute % 15, seconds=local.second, microseconds=local.microsecond
    )
    quarter = moment.astimezone(UTC) - into + _QUARTER
    while quarter.astimezone(zone).minute >= 15:
        quarter += _QUARTER
    return quarter


def hours_of(zone: ZoneInfo) -> Next:
    return partial(next_hour, zone=zone)


def days_of(zone: ZoneInfo) -> Next:
    return partial(next_day, zone=zone)


def split_period(period: Period, following: Next) -> Iterator[Period]:
    """Split a period at the hours or days; the last piece ends with the period."""
    start, end = period
    while start < end:
        stop = min(following(start), end)
        yield start, stop
        start = stop


def uncovered(period: Period, covering: Iterable[Period]) -> list[Period]:
    """Return the parts of a period outside of these periods, which must not overlap."""
    left, (start, end) = [], period
    for since, until in sorted(covering):
        if start < since:
            left.append((start, min(since, end)))
        start = max(start, until)
        if start >= end:
            return left
    return [*left, (start, end)] if start < end else left


def within(piece: Period, periods: Sequence[Period]) -> int | None:
    """Return the index of the period that contains a piece, or None. Periods are sorted."""
    place = bisect_right(periods, piece[0], key=itemgetter(0)) - 1
    return place if place >= 0 and piece[1] <= periods[place][1] else None


def across(periods: Iterable[Period], cuts: Sequence[Period]) -> Iterator[tuple[int, Period]]:
    """Split periods at `cuts`; each piece comes with the index of its cut."""
    for start, end in periods:
        for place, (since, until) in enumerate(cuts):
            if start < until and since < end:
                yield place, (max(start, since), min(end, until))
