"""Writes tallies: an hour when nothing of it can change any more, a day when it has its hours, and both anew after a late sale.

Safe twice and in parallel: who writes a company's tallies holds its ledger, and a count that was made earlier than the one
that stands is dropped. Late is never wrong: what no tally covers is counted when it is asked for.
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

_log = logging.getLogger("ringpost.tallies")
OWNER = ("campaign_pk", "publisher_pk", "buyer_pk")
NUMBERS = ("pings", "reserved", "claimed", "calls", "connected", "converted", "payout", "revenue")
Job = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class _Shelf:
    """One book of one company: where a span belongs."""

    company_pk: int
    book: str
    zone: ZoneInfo

    def spans(self, *, of_days: bool) -> list[Period]:
        rows = RollupPeriod.objects.filter(
            company_id=self.company_pk, book=self.book, is_day=of_days
        )
        return list(rows.values_list("starts_at", "ends_at"))


# --- what is to be done -----------------------------------------------------------------------------------
def rollup_jobs(*, now: datetime) -> Iterator[Job]:
    """All that is to be tallied at this moment, the oldest first; each job says whether it wrote something."""
    for company in Company.objects.unretired().order_by("pk"):
        yield from _jobs_of(company, now=now)


def _jobs_of(company: Company, *, now: datetime) -> Iterator[Job]:
    if all(counts.first_moment(book, company.pk) is None for book in RollupSource):
        return
    RollupWatermark.objects.bulk_create(
        [RollupWatermark(company=company, sales_seen_at=now)], ignore_conflicts=True
    )
    yield from _sales_jobs(company.pk, now=now)
    for book in RollupSource:
        shelf = _Shelf(company.pk, book, ZoneInfo(company.time_zone))
        yield from _jobs_on(shelf, now=now)


def _jobs_on(shelf: _Shelf, *, now: datetime) -> Iterator[Job]:
    """Hours day by day, and each day after its hours."""
    began = counts.first_moment(shelf.book, shelf.company_pk)
    done = shelf.spans(of_days=True)
    if began is None:
        return
    start = midnight(began.astimezone(shelf.zone).date(), shelf.zone)
    struck = now - GRACE
    for gap in uncovered((start, struck), done):
        for day in split_period(gap, days_of(shelf.zone)):
            yield from (
                partial(_tally_hour, shelf, hour, now=now)
                for hour in _missing_hours(shelf, day, struck)
            )
            if next_day(day[0], zone=shelf.zone) <= struck:
                yield partial(_sum_up_day, shelf, day, now=now)


def _missing_hours(shelf: _Shelf, day: Period, struck: datetime) -> Iterator[Period]:
    there = RollupPeriod.objects.filter(company_id=shelf.company_pk, book=shelf.book, is_day=False)
    there = there.filter(starts_at__lt=day[1], ends_at__gt=day[0])
    for gap in uncovered(day, there.values_list("starts_at", "ends_at")):
        for hour in split_period(gap, hours_of(shelf.zone)):
            if hour[1] < day[1] or hour[1] < struck:
                yield hour


# --- hours and days ---------------------------------------------------------------------------------------
def _tally_hour(shelf: _Shelf, hour: Period, *, now: datetime) -> bool:
    """Counts an hour that is final, and writes what it comes to."""
    if not counts.is_final(shelf.book, shelf.company_pk, hour, now=now):
        return False
    return write_rollup(
        shelf.company_pk,
        shelf.book,
        hour,
        counts.count_rows(shelf.book, shelf.company_pk, hour),
        now=now,
    )


def write_rollup(
    company_pk: int, book: str, hour: Period, lines: Iterable[MetricsRow], *, now: datetime
) -> bool:
    """Puts an hour's lines in the place of older ones, and sums its day up anew if there is one."""
    with transaction.atomic():
        ledger = RollupWatermark.objects.select_for_update().get(company_id=company_pk)
        spans = RollupPeriod.objects.filter(company_id=company_pk, book=book)
        near = list(spans.filter(is_day=False, starts_at__lt=hour[1], ends_at__gt=hour[0]))
        if ledger.sales_seen_at > now or any(
            (span.starts_at, span.ends_at) != hour or span.tallied_at >= now for span in near
        ):
            return False  # somebody has counted later than this, or cut the time by other clocks
        _replace(near[0] if near else _new(company_pk, book, hour, now), lines, now=now)
        for day in spans.filter(is_day=True, starts_at__lte=hour[0], ends_at__gte=hour[1]):
            _replace(day, _sum_of_hours(day), now=now)
    return True


def _new(
    company_pk: int, book: str, stretch: Period, now: datetime, *, is_day: bool = False
) -> RollupPeriod:
    start, end = stretch
    return RollupPeriod.objects.create(
        company_id=company_pk,
        book=book,
        is_day=is_day,
        starts_at=start,
        ends_at=end,
        tallied_at=now,
    )


def _replace(span: RollupPeriod, lines: Iterable[MetricsRow], *, now: datetime) -> None:
    Rollup.objects.filter(span=span).delete()
    Rollup.objects.bulk_create(_row(span, line) for line in lines if not line.figures.is_nothing())
    RollupPeriod.objects.filter(pk=span.pk).update(tallied_at=now)


def _row(span: RollupPeriod, line: MetricsRow) -> Rollup:
    owner = zip(OWNER, (line.owner.campaign, line.owner.publisher, line.owner.buyer), strict=True)
    numbers = {name: getattr(line.figures, name) for name in NUMBERS}
    return Rollup(span=span, reason=line.reason, **dict(owner), **numbers)


def _sum_up_day(shelf: _Shelf, day: Period, *, now: datetime) -> bool:
    """Makes a day of its hours, when all of them are there."""
    with transaction.atomic():
        RollupWatermark.objects.select_for_update().get(company_id=shelf.company_pk)
        spans = RollupPeriod.objects.filter(company_id=shelf.company_pk, book=shelf.book)
        its_hours = spans.filter(is_day=False, starts_at__gte=day[0], ends_at__lte=day[1])
        overlapping = spans.filter(is_day=True, starts_at__lt=day[1], ends_at__gt=day[0])
        if uncovered(day, its_hours.values_list("starts_at", "ends_at")) or overlapping.exists():
            return False
        made = _new(shelf.company_pk, shelf.book, day, now, is_day=True)
        _replace(made, _sum_of_hours(made), now=now)
    _log.info(
        "%s of company %s are tallied until %s", shelf.book, shelf.company_pk, day[1].isoformat()
    )
    return True


def _sum_of_hours(day: RollupPeriod) -> list[MetricsRow]:
    rows = Rollup.objects.filter(
        span__company_id=day.company_id,
        span__book=day.book,
        span__is_day=False,
        span__starts_at__gte=day.starts_at,
        span__ends_at__lte=day.ends_at,
    )
    sums = {f"{name}_sum": Sum(name) for name in NUMBERS}
    found = rows.order_by().values_list(*OWNER, "reason").annotate(**sums)
    return [
        MetricsRow(MetricsScope(campaign, publisher, buyer), Metrics(*map(int, numbers)), reason)
        for campaign, publisher, buyer, reason, *numbers in found
    ]


# --- late sales -------------------------------------------------------------------------------------------
def _sales_jobs(company_pk: int, *, now: datetime) -> Iterator[Job]:
    """The hours whose calls converted after they had been tallied, as far as all such sales are there to be seen by now."""
    seen = RollupWatermark.objects.values_list("sales_seen_at", flat=True).get(
        company_id=company_pk
    )
    sold = counts.converted_calls(company_pk, since=seen - GRACE, until=now - GRACE)
    for hour in stale_hours(company_pk, _in_tallied_time(company_pk, sold)):
        yield partial(_tally_anew, company_pk, hour, now=now)
    yield partial(_note_sales_seen, company_pk, now=now)


def _tally_anew(company_pk: int, hour: Period, *, now: datetime) -> bool:
    return write_rollup(
        company_pk,
        RollupSource.OUTCOMES,
        hour,
        counts.count_rows(RollupSource.OUTCOMES, company_pk, hour),
        now=now,
    )


def _note_sales_seen(company_pk: int, *, now: datetime) -> bool:
    return bool(
        RollupWatermark.objects.filter(company_id=company_pk, sales_seen_at__lt=now).update(
            sales_seen_at=now
        )
    )


def unseen_sales(company_pk: int) -> list[tuple[datetime, datetime]]:
    """What converted since somebody last looked for late sales: (when the call began, when it converted)."""
    seen = (
        RollupWatermark.objects.filter(company_id=company_pk)
        .values_list("sales_seen_at", flat=True)
        .first()
    )
    return (
        list(_in_tallied_time(company_pk, counts.converted_calls(company_pk, since=seen - GRACE)))
        if seen
        else []
    )


def _in_tallied_time(company_pk: int, sold: "QuerySet[Any, Any]") -> "QuerySet[Any, Any]":
    """Those of calls that began before tallies end: where no sweep has been for long, the others would be too many to read."""
    hours_there = RollupPeriod.objects.filter(
        company_id=company_pk, book=RollupSource.OUTCOMES, is_day=False
    )
    return sold.filter(
        started_at__lt=Subquery(hours_there.order_by("-starts_at").values("ends_at")[:1])
    )


def stale_hours(company_pk: int, sold: Iterable[tuple[datetime, datetime]]) -> list[Period]:
    """The tallied hours of calls that converted too late to have surely been counted."""
    by_start = sorted(sold)
    if not by_start:
        return []
    spans = RollupPeriod.objects.filter(
        company_id=company_pk, book=RollupSource.OUTCOMES, is_day=False
    )
    near = spans.filter(ends_at__gt=by_start[0][0], starts_at__lte=by_start[-1][0]).order_by(
        "starts_at"
    )
    found: dict[Period, None] = {}
    hours_there = list(near.values_list("starts_at", "ends_at", "tallied_at"))
    starts = [start for start, *_ in hours_there]
    for began, converted_at in by_start:
        place = bisect_right(starts, began) - 1
        if (
            place >= 0
            and began < hours_there[place][1]
            and hours_there[place][2] < converted_at + GRACE
        ):
            found[hours_there[place][:2]] = None
    return list(found)
