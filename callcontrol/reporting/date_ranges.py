"""Date ranges of the dashboard in the company's time zone, and the ranges before them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .periods import Period, days_of, hours_of, midnight, split_period

MAX_DAYS = 366
_DAY = timedelta(days=1)


class Preset(models.TextChoices):
    """A range with a name."""

    TODAY = "today", gettext_lazy("Today")
    YESTERDAY = "yesterday", gettext_lazy("Yesterday")
    WEEK = "7-days", gettext_lazy("Last 7 days")
    DAYS_30 = "30-days", gettext_lazy("Last 30 days")
    MONTH = "month", gettext_lazy("This month")

    def days(self, today: date) -> tuple[date, date]:
        """Return the first and the last day."""
        if self is Preset.YESTERDAY:
            return today - _DAY, today - _DAY
        back = {Preset.WEEK: 6, Preset.DAYS_30: 29, Preset.MONTH: today.day - 1}.get(self, 0)
        return today - back * _DAY, today


class InvalidDateRange(Exception):
    """The query is not a usable range; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class DateRange:
    """Whole days from `first` to `last`; today ends `now`. `name` is a preset, or ""."""

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
        """Whether the range includes today."""
        return self.last == self.now.astimezone(self.zone).date()

    @property
    def by_hour(self) -> bool:
        return self.days == 1

    @property
    def until(self) -> datetime:
        """The end of the current second, because the lists filter by whole seconds."""
        return self.now.replace(microsecond=0) + timedelta(seconds=1)

    @property
    def period(self) -> Period:
        end = self.until if self.is_open else midnight(self.last + _DAY, self.zone)
        return midnight(self.first, self.zone), end

    @property
    def before(self) -> Period:
        """The same number of days before; until the same time of day if the range is open."""
        start = midnight(self.first - self.days * _DAY, self.zone)
        end = midnight(self.first, self.zone)
        if self.is_open:
            local = self.until.astimezone(self.zone).replace(tzinfo=None, fold=0) - self.days * _DAY
            end = local.replace(tzinfo=self.zone).astimezone(UTC)
        return start, end

    @property
    def slots(self) -> list[Period]:
        """The hours or days of the range, the last one until now."""
        following = hours_of(self.zone) if self.by_hour else days_of(self.zone)
        return list(split_period(self.period, following))

    @property
    def label(self) -> str:
        return str(Preset(self.name).label) if self.name else _dates(self.first, self.last)

    @property
    def before_label(self) -> str:
        time = f"{self.now.astimezone(self.zone):%H:%M}"
        if self.name == Preset.TODAY:
            return _("yesterday until %(time)s") % {"time": time}
        dates = _dates(self.first - self.days * _DAY, self.first - _DAY)
        if self.is_open:
            return _("%(dates)s until %(time)s") % {"dates": dates, "time": time}
        return dates


def _dates(first: date, last: date) -> str:
    """Return `May 1 to May 5, 2026`."""
    if first == last:
        return f"{first:%b %-d, %Y}"
    start = f"{first:%b %-d}" if first.year == last.year else f"{first:%b %-d, %Y}"
    return _("%(first)s to %(last)s") % {"first": start, "last": f"{last:%b %-d, %Y}"}


def parse_date_range(query: Mapping[str, str], *, zone: ZoneInfo, now: datetime) -> DateRange:
    """Return the range of `range`, or of `from` and `to`; today without them.

    Raises InvalidDateRange.
    """
    today = now.astimezone(zone).date()
    since, until, name = (query.get(key, "").strip() for key in ("from", "to", "range"))
    if since or until:
        # A missing end and future days become today.
        last = min(_parse_date(until), today) if until else today
        first = _parse_date(since) if since else last
        if first > today:
            raise InvalidDateRange(_("The first day is in the future. Showing today."))
        if first > last:
            raise InvalidDateRange(_("The first day is after the last day. Showing today."))
        if (last - first).days >= MAX_DAYS:
            text = _("Choose at most %(days)s days. Showing today.")
            raise InvalidDateRange(text % {"days": MAX_DAYS})
        chosen = DateRange("", first, last, zone=zone, now=now)
        start, end = chosen.period
        if start == end:  # clocks that moved over the date line skipped the day
            raise InvalidDateRange(
                _("That day does not exist in the company’s time zone. Showing today.")
            )
        return chosen
    name = name or Preset.TODAY
    if name not in Preset.values:
        raise InvalidDateRange(_("The link names an unknown range. Showing today."))
    first, last = Preset(name).days(today)
    return DateRange(name, first, last, zone=zone, now=now)


def _parse_date(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or not 2000 <= found.year <= 9000:
        raise InvalidDateRange(_("Not a date. Use a format like 2026-05-31. Showing today."))
    return found
