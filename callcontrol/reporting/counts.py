"""Counts rows as they stand: what came in within a stretch of time, and what became of it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
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

# Longer than any request takes: after so long, all rows of a moment are there. A sale that was reported later than so
# long before a count is one that the count has seen.
GRACE = timedelta(minutes=10)
PINGS = Q(type__in=["rtb", "call_reservation"], method="POST")
# A reservation whose confirmation found no place any more ends as if there had been no buyer.
RESERVED = [Status.RESERVED, Status.CONFIRMED, Status.CLAIMED, Status.EXPIRED]


def count_rows(book: str, company_pk: int, stretch: Period) -> list[MetricsRow]:
    """What a stretch adds up to, a line for each owner and reason."""
    if book == RollupSource.PINGS:
        return _pings(company_pk, stretch)
    return _merged([*_reservations(company_pk, stretch), *_calls(company_pk, stretch)])


def _merged(lines: Iterable[MetricsRow]) -> list[MetricsRow]:
    """One line for each owner."""
    found: dict[MetricsScope, Metrics] = {}
    for line in lines:
        found.setdefault(line.owner, Metrics()).add(line.figures)
    return [MetricsRow(owner, figures) for owner, figures in found.items()]


# --- pings ------------------------------------------------------------------------------------------------
def _pings(company_pk: int, stretch: Period) -> list[MetricsRow]:
    campaigns = dict(Key.objects.filter(company_id=company_pk).values_list("pk", "campaign_id"))
    counted: Counter[tuple[MetricsScope, str]] = Counter()
    for key_pk, publisher_pk, result, status, refused, response, number in _outcomes(
        company_pk, stretch
    ):
        owner = MetricsScope(campaigns.get(key_pk) or 0, publisher_pk or 0)
        counted[owner, ""] += number
        for code in reasons.reason_codes(
            result=result, status=status, reasons=refused, response=response
        ):
            counted[owner, code] += number
    kept = _frequent(counted)
    return [
        MetricsRow(owner, Metrics(pings=number), reason) for (owner, reason), number in kept.items()
    ]


def _outcomes(company_pk: int, stretch: Period) -> Iterator[tuple[Any, ...]]:
    """Key, publisher, result, status, reasons, and of an error the answer, each combination with its number of pings.

    What went well is counted in the index alone.
    """
    names = ("key_pk", "publisher_pk", "result", "status", "reasons", "told")
    rows = LogEntry.objects.filter(
        PINGS, company_pk=company_pk, at__gte=stretch[0], at__lt=stretch[1]
    ).order_by()
    for some, told in (
        (rows.filter(status__lt=400), Value("")),
        (rows.filter(status__gte=400), F("response")),
    ):
        yield from (
            some.annotate(told=told).values_list(*names).annotate(number=Count("pk")).iterator()
        )


def _frequent(counted: Counter[tuple[MetricsScope, str]]) -> Counter[tuple[MetricsScope, str]]:
    """The same with a bounded number of error texts; of the rest only the status is told."""
    by_reason: Counter[str] = Counter()
    for (_, reason), number in counted.items():
        by_reason[reason] += number
    short = reasons.short_reasons(by_reason)
    kept: Counter[tuple[MetricsScope, str]] = Counter()
    for (owner, reason), number in counted.items():
        kept[owner, short.get(reason, reason)] += number
    return kept


# --- what became of them ----------------------------------------------------------------------------------
def _within(
    rows: "QuerySet[Any]", company_pk: int, column: str, stretch: Period
) -> "QuerySet[Any]":
    start, end = stretch
    return rows.filter(
        **{"company_id": company_pk, f"{column}__gte": start, f"{column}__lt": end}
    ).order_by()


def _lines(rows: "QuerySet[Any]", **numbers: Any) -> list[MetricsRow]:
    """One line for each owner among the rows."""
    found = rows.values_list("campaign_id", "publisher_id", "buyer_id").annotate(**numbers)
    return [
        MetricsRow(
            MetricsScope(campaign, publisher or 0, buyer or 0),
            Metrics(**dict(zip(numbers, values, strict=True))),
        )
        for campaign, publisher, buyer, *values in found
    ]


def _reservations(company_pk: int, stretch: Period) -> list[MetricsRow]:
    rows = _within(
        Reservation.objects.filter(status__in=RESERVED), company_pk, "created_at", stretch
    )
    return _lines(rows, reserved=Count("pk"), claimed=Count("pk", filter=Q(status=Status.CLAIMED)))


def _calls(company_pk: int, stretch: Period) -> list[MetricsRow]:
    return _lines(
        _within(Call.objects.all(), company_pk, "started_at", stretch),
        calls=Count("pk"),
        connected=Count("connected_at"),
        converted=Count("converted_at"),
        payout=_units("payout"),
        revenue=_units("revenue"),
    )


def _units(name: str) -> Coalesce:
    """A sum of money in ten-thousandths: SQLite adds amounts up as floats, but whole numbers as whole numbers."""
    each = Cast(Round(F(name) * Value(10_000)), BigIntegerField())
    return Coalesce(Cast(Sum(each), BigIntegerField()), Value(0))


# --- what may still change --------------------------------------------------------------------------------
def is_final(book: str, company_pk: int, stretch: Period, *, now: datetime) -> bool:
    """Whether nothing but a sale that is reported late will change what these rows add up to."""
    if stretch[1] + GRACE > now:
        return False
    if book == RollupSource.PINGS:
        return True
    reservations = _within(
        Reservation.objects.filter(status__in=LIVE), company_pk, "created_at", stretch
    )
    undecided = Call.objects.filter(Q(settled_at=None) | Q(converted_at__gt=now - GRACE))
    return (
        not reservations.exists()
        and not _within(undecided, company_pk, "started_at", stretch).exists()
    )


def first_moment(book: str, company_pk: int) -> datetime | None:
    """When the first of these rows began; None when there is none."""
    if book == RollupSource.PINGS:
        logged = LogEntry.objects.filter(company_pk=company_pk).order_by("at", "id")
        return logged.values_list("at", flat=True).first()
    made = (
        Reservation.objects.filter(company_id=company_pk)
        .order_by("created_at")
        .values_list("created_at", flat=True)
    )
    arrived = (
        Call.objects.filter(company_id=company_pk)
        .order_by("started_at")
        .values_list("started_at", flat=True)
    )
    return min((moment for moment in (made.first(), arrived.first()) if moment), default=None)


def converted_calls(
    company_pk: int, *, since: datetime, until: datetime | None = None
) -> "QuerySet[Any, Any]":
    """(when the call began, when it converted) of what converted after a moment, and not after the other."""
    rows = Call.objects.filter(company_id=company_pk, converted_at__gt=since)
    if until is not None:
        rows = rows.filter(converted_at__lte=until)
    return rows.order_by("converted_at").values_list("started_at", "converted_at")
