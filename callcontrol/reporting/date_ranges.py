"""The time that the dashboard speaks of, by the clocks of its company, and the time before that it is compared with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from .periods import Period, days_of, hours_of, midnight, split_period

MOST_DAYS = 366
TODAY = "today"
NAMED = {
    TODAY: "Today",
    "yesterday": "Yesterday",
    "7-days": "Last 7 days",
    "30-days": "Last 30 days",
    "month": "This month",
}
_DAYS_BACK = {"yesterday": (1, 1), "7-days": (6, 0), "30-days": (29, 0)}
_DAY = timedelta(days=1)
_EXAMPLE = "like 2026-05-31"


class InvalidDateRange(Exception):
    """What somebody asked for is no range; its text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class DateRange:
    """Whole days from `first` to `last`, the last one until `now` if it is today. `name` is blank for one's own dates."""

    name: str
    first: date
    last: date
    zone: ZoneInfo
    now: datetime

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def is_open(self) -> bool:
        """Whether it lasts until this moment."""
        return self.last == self.now.astimezone(self.zone).date()

    @property
    def by_hour(self) -> bool:
        return self.days == 1

    @property
    def until(self) -> datetime:
        """The end of this second: the lists of rows know no part of one."""
        return self.now.replace(microsecond=0) + timedelta(seconds=1)

    @property
    def now_part(self) -> Period:
        return midnight(self.first, self.zone), self.until if self.is_open else midnight(
            self.last + _DAY, self.zone
        )

    @property
    def before(self) -> Period:
        """As many days before, until the same time of day if this one lasts until now."""
        start = midnight(self.first - self.days * _DAY, self.zone)
        end = midnight(self.first, self.zone)
        if self.is_open:
            then = self.until.astimezone(self.zone).replace(tzinfo=None, fold=0) - self.days * _DAY
            end = then.replace(tzinfo=self.zone).astimezone(UTC)
        return start, end

    @property
    def slots(self) -> list[Period]:
        """Its hours, or its days, the last one until now."""
        return list(
            split_period(self.now_part, hours_of(self.zone) if self.by_hour else days_of(self.zone))
        )

    @property
    def label(self) -> str:
        return NAMED.get(self.name) or _span(self.first, self.last)

    @property
    def before_label(self) -> str:
        """What it is compared with, in words."""
        if self.name == TODAY:
            return f"yesterday until {self.now.astimezone(self.zone):%H:%M}"
        told = _span(self.first - self.days * _DAY, self.first - _DAY)
        return f"{told} until {self.now.astimezone(self.zone):%H:%M}" if self.is_open else told


def _span(first: date, last: date) -> str:
    if first == last:
        return f"{first:%b %-d, %Y}"
    return (
        f"{first:%b %-d} to {last:%b %-d, %Y}"
        if first.year == last.year
        else f"{first:%b %-d, %Y} to {last:%b %-d, %Y}"
    )


def parse_date_range(query: Mapping[str, str], *, zone: ZoneInfo, now: datetime) -> DateRange:
    """What an address asks for by `range`, or by `from` and `to`; today if it asks for nothing. Raises UnusableRange."""
    today = now.astimezone(zone).date()
    since, until, name = (
        query.get("from", "").strip(),
        query.get("to", "").strip(),
        query.get("range", "").strip(),
    )
    if since or until:
        return _existing(DateRange("", *_own_dates(since, until, today), zone=zone, now=now))
    return _named(name or TODAY, today, zone=zone, now=now)


def _named(name: str, today: date, *, zone: ZoneInfo, now: datetime) -> DateRange:
    if name not in NAMED:
        raise InvalidDateRange(
            "The address asked for a time that is not known here, so here is today."
        )
    back, until = _DAYS_BACK.get(name, (today.day - 1 if name == "month" else 0, 0))
    return DateRange(
        name, today - timedelta(days=back), today - timedelta(days=until), zone=zone, now=now
    )


def _own_dates(since: str, until: str, today: date) -> tuple[date, date]:
    """A missing end is today; what lies in the future is left out."""
    first = _day(since, "first") if since else None
    last = min(_day(until, "last"), today) if until else today
    first = last if first is None else first
    if first > today:
        raise InvalidDateRange(
            "The first day is still to come. Choose one until today; here is today."
        )
    if first > last:
        raise InvalidDateRange("The first day is after the last one. Swap them; here is today.")
    if (last - first).days >= MOST_DAYS:
        raise InvalidDateRange(f"At most {MOST_DAYS} days at once. Choose fewer; here is today.")
    return first, last


def _existing(range: DateRange) -> DateRange:
    """Clocks that were moved over the date line have left out a whole day."""
    start, end = range.now_part
    if start == end:
        raise InvalidDateRange(
            "The clocks of the company left that day out. Choose another one; here is today."
        )
    return range


def _day(text: str, which: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or not 2000 <= found.year <= 9000:
        raise InvalidDateRange(f"The {which} day is no date. Write it {_EXAMPLE}; here is today.")
    return found
