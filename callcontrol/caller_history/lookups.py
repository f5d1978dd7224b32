"""What the rows of one page of a caller's time line speak of: keys, names, reservations and calls, each read once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from callcontrol.models import Call
from campaigns.models import Buyer, Campaign
from campaigns.routing.engine import buyers_in_trace
from publishers.models import Key, LogEntry, Publisher
from reservations.models import Reservation

from .timeline import (
    CallSource,
    ConversionSource,
    DeliverySource,
    FoundRow,
    KeyRequestSource,
    RequestSource,
    StoredTagSource,
)

HELD = "h"  # a reservation, which its ping brings along
# At one moment the later comes first.
_ORDER = [
    kind.letter
    for kind in (DeliverySource, ConversionSource, KeyRequestSource, StoredTagSource, CallSource)
] + [
    HELD,
    RequestSource.letter,
]
_Row = TypeVar("_Row", bound=Model)


@dataclass(frozen=True, slots=True)
class RelatedRows:
    """All rows of a page, newest first. `calls` are those that claimed a reservation, by its UUID; `campaigns` those that
    tags wait for, by what the tags call them.
    """

    found: list[FoundRow]
    keys: dict[int, Key]
    publishers: dict[int, Publisher]
    buyers: dict[int, str]
    campaigns: dict[str, Campaign]
    reservations: dict[UUID, Reservation]
    calls: dict[UUID, Call]

    def call_of(self, one: FoundRow) -> UUID | None:
        """The call that a row is about, or came to be about."""
        if one.kind in (CallSource.letter, ConversionSource.letter):
            return UUID(str(one.row.pk))
        if one.kind == DeliverySource.letter:
            return UUID(str(one.row.call_id))
        reservation = self.reservation_of(one)
        claimed = self.calls.get(reservation) if reservation else None
        return claimed.pk if claimed else getattr(one.row, "call_uuid", None)

    def reservation_of(self, one: FoundRow) -> UUID | None:
        if one.kind == HELD:
            return UUID(str(one.row.pk))
        if one.kind == CallSource.letter:
            return UUID(str(one.row.reservation_id)) if one.row.reservation_id else None
        return getattr(one.row, "reservation_uuid", None)

    def tie(self, one: FoundRow) -> str:
        """What belongs together has the same: its call's UUID, else its reservation's; blank for what stands alone.

        Tags that wait belong to the request that wrote them, at the same moment.
        """
        if one.kind == StoredTagSource.letter or getattr(one.row, "result", "") == "stored":
            return f"stored {one.at.isoformat()}"
        return str(self.call_of(one) or self.reservation_of(one) or "")


def related_rows(found: Sequence[FoundRow], *, company_pk: int) -> RelatedRows:
    """The page with the reservations that its pings made, and what was asked about these without naming the number."""
    requests = [
        one.row for one in found if one.kind in (RequestSource.letter, KeyRequestSource.letter)
    ]
    related = Reservation.objects.select_related("campaign", "publisher", "buyer")
    named = _by_key(related, (entry.reservation_uuid for entry in requests))
    reservations = {pk: row for pk, row in named.items() if row.company_id == company_pk}
    began = {
        (one.row.reservation_uuid, one.at): one for one in found if one.kind == RequestSource.letter
    }
    held = {
        row.pk: began[row.pk, row.created_at]
        for row in reservations.values()
        if (row.pk, row.created_at) in began
    }
    about = _about(held, limit=len(found))
    added = [FoundRow(row.at, KeyRequestSource.letter, found[0].place, row) for row in about]
    added += [
        FoundRow(reservations[pk].created_at, HELD, ping.place, reservations[pk])
        for pk, ping in held.items()
    ]
    requests += about
    return RelatedRows(
        found=sorted(
            [*found, *(one for one in added if one.kind != HELD or one.row.buyer_id)],
            key=_newest_first,
        ),
        keys=_by_key(
            Key.objects.select_related("campaign", "publisher"),
            (entry.key_pk for entry in requests),
        ),
        publishers=_by_key(Publisher.objects.all(), (entry.publisher_pk for entry in requests)),
        buyers=dict(Buyer.objects.filter(pk__in=_looked_at(requests)).values_list("pk", "name")),
        campaigns={f"campaign:{row.pk}": row for row in _waited_for(found, company_pk)},
        reservations=reservations,
        calls={
            row.reservation_id: row
            for row in Call.objects.filter(reservation__in=reservations)
            if row.reservation_id
        },
    )


def _newest_first(one: FoundRow) -> tuple[float, int]:
    return -one.at.timestamp(), _ORDER.index(one.kind)


def _by_key(rows: QuerySet[_Row], keys: Iterable[Any]) -> dict[Any, _Row]:
    return {row.pk: row for row in rows.filter(pk__in={key for key in keys if key is not None})}


def _about(held: Iterable[UUID], *, limit: int) -> list[LogEntry]:
    """What was asked about these reservations without a number: confirmations. They come within its short life."""
    rows = LogEntry.objects.filter(
        reservation_uuid__in=list(held), caller_number=None, call_uuid=None
    )
    return list(rows.order_by("-at")[:limit])


def _looked_at(requests: Iterable[LogEntry]) -> set[int]:
    return {row for entry in requests if entry.trace for row in buyers_in_trace(entry.trace)}


def _waited_for(found: Iterable[FoundRow], company_pk: int) -> QuerySet[Campaign]:
    rows = {
        one.row.scope.partition(":")[2]
        for one in found
        if one.kind == StoredTagSource.letter and one.row.scope
    }
    return Campaign.objects.filter(pk__in=rows, company=company_pk)
