"""Counts of rows: what came in within a period, and its outcome."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from django.db.models import BigIntegerField, Count, F, Q, QuerySet, Sum, Value
from django.db.models.functions import Cast, Coalesce, Round

from callcontrol.models import Call
from publishers.models import Key, LogEntry
from reservations.models import LIVE, Reservation, Status

from . import reasons
from .metrics import Metrics, MetricsRow, MetricsScope
from .models import RollupSource
from .periods import Period

# Longer than any request takes: after it, all rows of a moment are committed.
GRACE = timedelta(minutes=10)
PINGS = Q(type__in=["rtb", "call_reservation"], method="POST")
# A reservation that lost its place at the confirmation ends as no-target, like one without a buyer.
RESERVED = [Status.RESERVED, Status.CONFIRMED, Status.CLAIMED, Status.EXPIRED]


def count_rows(source: str, company_pk: int, period: Period) -> list[MetricsRow]:
    """Return the metrics of a period, one row for each scope and reason."""
    if source == RollupSource.PINGS:
        return _ping_counts(company_pk, period)
    reservations = _by_scope(
        _within(Reservation.objects.filter(status__in=RESERVED), company_pk, "created_at", period),
        reserved=Count("pk"),
        claimed=Count("pk", filter=Q(status=Status.CLAIMED)),
    )
    calls = _by_scope(
        _within(Call.objects.all(), company_pk, "started_at", period),
        calls=Count("pk"),
        connected=Count("connected_at"),
        converted=Count("converted_at"),
        payout=_units("payout"),
        revenue=_units("revenue"),
    )
    merged: dict[MetricsScope, Metrics] = {}
    for row in (*reservations, *calls):
        merged.setdefault(row.scope, Metrics()).add(row.metrics)
    return [MetricsRow(scope, metrics) for scope, metrics in merged.items()]


# --- pings ---------------------------------------------------------------------------------------
def _ping_counts(company_pk: int, period: Period) -> list[MetricsRow]:
    names = ("key_pk", "publisher_pk", "result", "status", "reasons", "error")
    rows = LogEntry.objects.filter(
        PINGS, company_pk=company_pk, at__gte=period[0], at__lt=period[1]
    ).order_by()
    # Requests without an error are counted in the index alone: their responses are not read.
    succeeded = rows.filter(status__lt=400).annotate(error=Value(""))
    failed = rows.filter(status__gte=400).annotate(error=F("response"))
    campaigns = dict(Key.objects.filter(company_id=company_pk).values_list("pk", "campaign_id"))
    counted: Counter[tuple[MetricsScope, str]] = Counter()
    by_reason: Counter[str] = Counter()
    results = (
        group.values_list(*names).annotate(number=Count("pk")).iterator()
        for group in (succeeded, failed)
    )
    for key_pk, publisher_pk, result, status, refused, response, number in chain(*results):
        scope = MetricsScope(campaigns.get(key_pk) or 0, publisher_pk or 0)
        codes = reasons.reason_codes(
            result=result, status=status, reasons=refused, response=response
        )
        for code in ("", *codes):
            counted[scope, code] += number
            by_reason[code] += number
    short = reasons.short_reasons(by_reason)  # bounds the number of error texts
    shortened: Counter[tuple[MetricsScope, str]] = Counter()
    for (scope, code), number in counted.items():
        shortened[scope, short.get(code, code)] += number
    return [
        MetricsRow(scope, Metrics(pings=number), code)
        for (scope, code), number in shortened.items()
    ]


# --- reservations and calls ----------------------------------------------------------------------
def _within(rows: "QuerySet[Any]", company_pk: int, column: str, period: Period) -> "QuerySet[Any]":
    start, end = period
    bounds = {f"{column}__gte": start, f"{column}__lt": end}
    return rows.filter(company_id=company_pk, **bounds).order_by()


def _by_scope(rows: "QuerySet[Any]", **numbers: Any) -> list[MetricsRow]:
    found = rows.values_list("campaign_id", "publisher_id", "buyer_id").annotate(**numbers)
    return [
        MetricsRow(
            MetricsScope(campaign, publisher or 0, buyer or 0),
            Metrics(**dict(zip(numbers, values, strict=True))),
        )
        for campaign, publisher, buyer, *values in found
    ]


def _units(name: str) -> Coalesce:
    """Return a sum of money in ten-thousandths: SQLite sums decimals as floats, not exactly."""
    each = Cast(Round(F(name) * Value(10_000)), BigIntegerField())
    return Coalesce(Cast(Sum(each), BigIntegerField()), Value(0))


# --- changes to come -----------------------------------------------------------------------------
def is_final(source: str, company_pk: int, period: Period, *, now: datetime) -> bool:
    """Return whether only a late sale can still change the metrics of a period."""
    if period[1] + GRACE > now:
        return False
    if source == RollupSource.PINGS:
        return True
    live = Reservation.objects.filter(status__in=LIVE)
    undecided = Call.objects.filter(Q(settled_at=None) | Q(converted_at__gt=now - GRACE))
    return (
        not _within(live, company_pk, "created_at", period).exists()
        and not _within(undecided, company_pk, "started_at", period).exists()
    )


def first_moment(source: str, company_pk: int) -> datetime | None:
    """Return the time of the company's first row, None without rows."""
    if source == RollupSource.PINGS:
        requests = LogEntry.objects.filter(company_pk=company_pk).order_by("at", "id")
        return requests.values_list("at", flat=True).first()
    reservations = Reservation.objects.filter(company_id=company_pk).order_by("created_at")
    calls = Call.objects.filter(company_id=company_pk).order_by("started_at")
    moments = (
        reservations.values_list("created_at", flat=True).first(),
        calls.values_list("started_at", flat=True).first(),
    )
    return min((moment for moment in moments if moment), default=None)


def converted_calls(
    company_pk: int, *, since: datetime, until: datetime | None = None
) -> "QuerySet[Any, Any]":
    """Return (start of the call, conversion) of calls that converted after `since`."""
    rows = Call.objects.filter(company_id=company_pk, converted_at__gt=since)
    if until is not None:
        rows = rows.filter(converted_at__lte=until)
    return rows.order_by("converted_at").values_list("started_at", "converted_at")
