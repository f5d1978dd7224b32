"""Rollup jobs: count each hour once it is final, add up each day, recount hours with late sales.

Jobs are safe to run twice and in parallel: a job locks the watermark of its company before it
writes, and drops its counts if newer ones are stored. Missing rollups are never wrong: the
dashboard counts the rows of hours without a rollup.
"""

import logging
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet, Subquery, Sum

from campaigns.models import Company

from . import counts
from .counts import GRACE
from .metrics import Metrics, MetricsRow, MetricsScope
from .models import Rollup, RollupPeriod, RollupSource, RollupWatermark
from .periods import Period, days_of, hours_of, midnight, next_day, split_period, uncovered

_log = logging.getLogger("ringpost.rollups")
SCOPE_FIELDS = ("campaign_pk", "publisher_pk", "buyer_pk")
METRICS = ("pings", "reserved", "claimed", "calls", "connected", "converted", "payout", "revenue")
Job = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class _RollupSeries:
    """The rollups of one source of one company."""

    company_pk: int
    source: str
    zone: ZoneInfo

    def periods(self) -> "QuerySet[RollupPeriod]":
        return RollupPeriod.objects.filter(company_id=self.company_pk, source=self.source)

    def jobs(self, *, now: datetime) -> Iterator[Job]:
        """Yield the hours of each day, then the day."""
        began = counts.first_moment(self.source, self.company_pk)
        if began is None:
            return
        days = self.periods().filter(is_day=True).values_list("starts_at", "ends_at")
        start = midnight(began.astimezone(self.zone).date(), self.zone)
        cutoff = now - GRACE
        for gap in uncovered((start, cutoff), days):
            for day in split_period(gap, days_of(self.zone)):
                hours = self.periods().filter(
                    is_day=False, starts_at__lt=day[1], ends_at__gt=day[0]
                )
                for missing in uncovered(day, hours.values_list("starts_at", "ends_at")):
                    for hour in split_period(missing, hours_of(self.zone)):
                        # The gap can end at the cutoff, amid an hour.
                        if hour[1] < day[1] or hour[1] < cutoff:
                            yield partial(self.count_hour, hour, now=now)
                if next_day(day[0], zone=self.zone) <= cutoff:
                    yield partial(self.sum_day, day, now=now)

    def count_hour(self, hour: Period, *, now: datetime) -> bool:
        if not counts.is_final(self.source, self.company_pk, hour, now=now):
            return False
        rows = counts.count_rows(self.source, self.company_pk, hour)
        return write_rollup(self.company_pk, self.source, hour, rows, now=now)

    def sum_day(self, day: Period, *, now: datetime) -> bool:
        """Add up a day if all of its hours have rollups."""
        with transaction.atomic():
            RollupWatermark.objects.select_for_update().get(company_id=self.company_pk)
            hours = self.periods().filter(is_day=False, starts_at__gte=day[0], ends_at__lte=day[1])
            days = self.periods().filter(is_day=True, starts_at__lt=day[1], ends_at__gt=day[0])
            if uncovered(day, hours.values_list("starts_at", "ends_at")) or days.exists():
                return False
            period = _create(self.company_pk, self.source, day, now, is_day=True)
            _replace(period, _sum_of_hours(period), now=now)
        _log.info(
            "rollups of %s of company %s reach %s", self.source, self.company_pk, day[1].isoformat()
        )
        return True


# --- jobs ----------------------------------------------------------------------------------------
def rollup_jobs(*, now: datetime) -> Iterator[Job]:
    """Yield the jobs that are due, oldest first; a job returns whether it wrote rollups."""
    for company in Company.objects.unretired().order_by("pk"):
        if all(counts.first_moment(source, company.pk) is None for source in RollupSource):
            continue
        RollupWatermark.objects.bulk_create(
            [RollupWatermark(company=company, sales_seen_at=now)], ignore_conflicts=True
        )
        sales_seen_at = RollupWatermark.objects.values_list("sales_seen_at", flat=True).get(
            company=company
        )
        # Sales within the grace time may not be committed yet.
        sales = counts.converted_calls(company.pk, since=sales_seen_at - GRACE, until=now - GRACE)
        for hour in stale_hours(company.pk, _in_counted_hours(company.pk, sales)):
            yield partial(_recount_hour, company.pk, hour, now=now)
        yield partial(_move_watermark, company.pk, now=now)
        for source in RollupSource:
            series = _RollupSeries(company.pk, source, ZoneInfo(company.time_zone))
            yield from series.jobs(now=now)


# --- hours and days ------------------------------------------------------------------------------
def write_rollup(
    company_pk: int, source: str, hour: Period, rows: Iterable[MetricsRow], *, now: datetime
) -> bool:
    """Replace the rollups of an hour, and add up its day again if the day has rollups."""
    with transaction.atomic():
        watermark = RollupWatermark.objects.select_for_update().get(company_id=company_pk)
        periods = RollupPeriod.objects.filter(company_id=company_pk, source=source)
        overlapping = list(periods.filter(is_day=False, starts_at__lt=hour[1], ends_at__gt=hour[0]))
        # Another job counted later, or the company's time zone changed and hours begin elsewhere.
        if watermark.sales_seen_at > now or any(
            (period.starts_at, period.ends_at) != hour or period.counted_at >= now
            for period in overlapping
        ):
            return False
        period = overlapping[0] if overlapping else _create(company_pk, source, hour, now)
        _replace(period, rows, now=now)
        for day in periods.filter(is_day=True, starts_at__lte=hour[0], ends_at__gte=hour[1]):
            _replace(day, _sum_of_hours(day), now=now)
    return True


def _create(
    company_pk: int, source: str, period: Period, now: datetime, *, is_day: bool = False
) -> RollupPeriod:
    start, end = period
    return RollupPeriod.objects.create(
        company_id=company_pk,
        source=source,
        is_day=is_day,
        starts_at=start,
        ends_at=end,
        counted_at=now,
    )


def _replace(period: RollupPeriod, rows: Iterable[MetricsRow], *, now: datetime) -> None:
    Rollup.objects.filter(period=period).delete()
    Rollup.objects.bulk_create(
        Rollup(
            period=period,
            reason=row.reason,
            campaign_pk=row.scope.campaign,
            publisher_pk=row.scope.publisher,
            buyer_pk=row.scope.buyer,
            **{name: getattr(row.metrics, name) for name in METRICS},
        )
        for row in rows
        if not row.metrics.is_nothing()
    )
    RollupPeriod.objects.filter(pk=period.pk).update(counted_at=now)


def _sum_of_hours(day: RollupPeriod) -> list[MetricsRow]:
    rows = Rollup.objects.filter(
        period__company_id=day.company_id,
        period__source=day.source,
        period__is_day=False,
        period__starts_at__gte=day.starts_at,
        period__ends_at__lte=day.ends_at,
    )
    sums = {f"{name}_sum": Sum(name) for name in METRICS}
    found = rows.order_by().values_list(*SCOPE_FIELDS, "reason").annotate(**sums)
    return [
        MetricsRow(MetricsScope(campaign, publisher, buyer), Metrics(*map(int, numbers)), reason)
        for campaign, publisher, buyer, reason, *numbers in found
    ]


# --- late sales ----------------------------------------------------------------------------------
def _recount_hour(company_pk: int, hour: Period, *, now: datetime) -> bool:
    rows = counts.count_rows(RollupSource.OUTCOMES, company_pk, hour)
    return write_rollup(company_pk, RollupSource.OUTCOMES, hour, rows, now=now)


def _move_watermark(company_pk: int, *, now: datetime) -> bool:
    behind = RollupWatermark.objects.filter(company_id=company_pk, sales_seen_at__lt=now)
    return bool(behind.update(sales_seen_at=now))


def unseen_sales(company_pk: int) -> list[tuple[datetime, datetime]]:
    """Return (start of the call, conversion) of the sales since the watermark."""
    watermark = RollupWatermark.objects.filter(company_id=company_pk).first()
    if watermark is None:
        return []
    sales = counts.converted_calls(company_pk, since=watermark.sales_seen_at - GRACE)
    return list(_in_counted_hours(company_pk, sales))


def _in_counted_hours(company_pk: int, sales: "QuerySet[Any, Any]") -> "QuerySet[Any, Any]":
    """Return the sales of calls that began before the newest counted hour ended.

    After a long pause of the sweep, the sales behind that hour would be too many to read.
    """
    hours = RollupPeriod.objects.filter(
        company_id=company_pk, source=RollupSource.OUTCOMES, is_day=False
    )
    return sales.filter(started_at__lt=Subquery(hours.order_by("-starts_at").values("ends_at")[:1]))


def stale_hours(company_pk: int, sales: Iterable[tuple[datetime, datetime]]) -> list[Period]:
    """Return the counted hours with a count that may miss one of these sales."""
    by_start = sorted(sales)
    if not by_start:
        return []
    periods = RollupPeriod.objects.filter(
        company_id=company_pk, source=RollupSource.OUTCOMES, is_day=False
    )
    near = periods.filter(ends_at__gt=by_start[0][0], starts_at__lte=by_start[-1][0])
    hours = list(near.order_by("starts_at").values_list("starts_at", "ends_at", "counted_at"))
    starts = [start for start, *_ in hours]
    stale: dict[Period, None] = {}
    for began, converted_at in by_start:
        index = bisect_right(starts, began) - 1
        if index < 0:
            continue
        start, end, counted_at = hours[index]
        if began < end and counted_at < converted_at + GRACE:
            stale[start, end] = None
    return list(stale)
