"""Stretches of time: a company's hours and days by its clocks, and what of a stretch others leave uncovered."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

_QUARTER = timedelta(minutes=15)  # every time zone's hour begins on one
Period = tuple[datetime, datetime]
Next = Callable[[datetime], datetime]


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The moment at which a day begins; where clocks skip midnight, the one at which they do."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def next_day(moment: datetime, *, zone: ZoneInfo) -> datetime:
    return midnight(moment.astimezone(zone).date() + timedelta(days=1), zone)


def next_hour(moment: datetime, *, zone: ZoneInfo) -> datetime:
    """The next moment at which the clocks strike."""
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


def split_period(stretch: Period, following: Next) -> Iterator[Period]:
    """A stretch in pieces that end where an hour or a day does, the last one where the stretch does."""
    start, end = stretch
    while start < end:
        stop = min(following(start), end)
        yield start, stop
        start = stop


def uncovered(stretch: Period, covering: Iterable[Period]) -> list[Period]:
    """What of a stretch lies in none of these, which do not overlap."""
    left, (start, end) = [], stretch
    for since, until in sorted(covering):
        if start < since:
            left.append((start, min(since, end)))
        start = max(start, until)
        if start >= end:
            return left
    return [*left, (start, end)] if start < end else left


def within(piece: Period, stretches: Sequence[Period]) -> int | None:
    """The place of the stretch that holds the whole of a piece; None where none does. They are in order, and do not overlap."""
    place = bisect_right(stretches, piece[0], key=_start) - 1
    return place if place >= 0 and piece[1] <= stretches[place][1] else None


def _start(stretch: Period) -> datetime:
    return stretch[0]


def across(stretches: Iterable[Period], cuts: Sequence[Period]) -> Iterator[tuple[int, Period]]:
    """The stretches in pieces, each with the place of the one among `cuts` that it lies in."""
    for start, end in stretches:
        for place, (since, until) in enumerate(cuts):
            if start < until and since < end:
                yield place, (max(start, since), min(end, until))
