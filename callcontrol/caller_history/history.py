"""A caller's rows in one company: requests, reservations, calls, conversions, webhooks and tags."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from callcontrol.models import Call, Delivery
from campaigns.models import Company
from publishers.models import LogEntry, StoredTag
from reservations.models import Reservation

PAGE_SIZE = 30
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CURSOR = re.compile(r"(\d{1,18})_(\d{1,3})", re.ASCII)


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """A row of a caller's history. Types: delivery, conversion, request, tag, call, reservation."""

    at: datetime
    type: str
    record: Any


@dataclass(frozen=True, slots=True)
class CallerHistory:
    """The history of a number (E.164) in one company."""

    company: Company
    number: str

    def calls(self) -> QuerySet[Call]:
        return Call.objects.filter(company=self.company, caller_number=self.number)

    def requests(self) -> QuerySet[LogEntry]:
        """Return the requests that name the number."""
        return LogEntry.objects.filter(company_pk=self.company.pk, caller_number=self.number)

    def is_known(self) -> bool:
        return self.requests().exists() or self.calls().exists()

    def sources(self) -> list[tuple[str, QuerySet[Any], str]]:
        """Return each type of row with its queryset and the column that holds its time.

        Rows of one moment are shown in this order, so that an effect stands above its cause.
        """
        company, calls = self.company, self.calls()
        related = calls.select_related("campaign", "publisher", "buyer", "company")
        converted = related.alias(converted=_without_index("converted_at"))
        # The company is compared as a sum: otherwise a planner may walk its whole index.
        reservations = Reservation.objects.alias(company_sum=F("company_id") + 0).filter(
            company_sum=company.pk,
            pk__in=self.requests().exclude(reservation_uuid=None).values("reservation_uuid"),
        )
        without_number = LogEntry.objects.filter(caller_number=None)
        confirmations = without_number.filter(
            call_uuid=None, reservation_uuid__in=reservations.values("pk")
        )
        deliveries = Delivery.objects.filter(call__company=company, call__caller_number=self.number)
        tags = StoredTag.objects.filter(
            company=company, caller_number=self.number, expires_at__gt=timezone.now()
        )
        return [
            ("delivery", deliveries, "created_at"),
            ("conversion", converted.filter(converted__isnull=False), "converted_at"),
            ("request", without_number.filter(call_uuid__in=calls.values("pk")), "at"),
            ("request", confirmations, "at"),
            ("tag", tags.select_related("publisher"), "written_at"),
            ("call", related.prefetch_related("legs__buyer", "transfers"), "started_at"),
            ("reservation", reservations.exclude(buyer=None).select_related("buyer"), "created_at"),
            ("request", self.requests(), "at"),
        ]

    def page(self, cursor: str = "", *, limit: int = PAGE_SIZE) -> tuple[list[TimelineRow], str]:
        """Return the newest rows behind a cursor, and the cursor of the next page ("": none).

        A cursor is a moment and how many of its rows the pages before have shown. An unreadable
        cursor gives the newest page.
        """
        before, skip = read_cursor(cursor)
        rows: list[TimelineRow] = []
        for type, source, column in self.sources():
            if before:
                source = source.filter(**{f"{column}__lte": before})
            newest = source.order_by(_without_index(column).desc(), "-pk")[: skip + limit + 1]
            rows += [TimelineRow(getattr(record, column), type, record) for record in newest]
        rows.sort(key=lambda row: row.at, reverse=True)  # stable: keeps the order of the sources
        rows = rows[skip:]
        page = rows[:limit]
        if len(rows) <= limit:
            return page, ""
        last = page[-1].at
        skipped = sum(row.at == last for row in page) + (skip if last == before else 0)
        return page, f"{(last - _EPOCH) // _MICROSECOND}_{skipped}"


def _without_index(column: str) -> Coalesce:
    """Return the column as an expression, so that no index in the order of time is walked."""
    return Coalesce(F(column), F(column))


def read_cursor(text: str) -> tuple[datetime | None, int]:
    """Return a cursor's moment and the rows of it to skip; None for an unreadable cursor."""
    match = _CURSOR.fullmatch(text)
    try:
        return (_EPOCH + int(match[1]) * _MICROSECOND, int(match[2])) if match else (None, 0)
    except OverflowError:
        return None, 0
