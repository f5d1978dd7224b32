"""Who a caller is: what is known of the number, how often and with what success it called, and what it waits for now."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Min, Q, Sum
from django.db.models.expressions import RawSQL

from callcontrol.models import Call, CallTag, LateTag
from campaigns import phone
from campaigns.models import Campaign, ConvertedCaller
from publishers.models import StoredTag
from reservations.models import Reservation

from .timeline import CallerHistory

PINGS = ("rtb", "call_reservation")
_MOST_TAGS = 100
_MOST_LIVE = 10
# The status word for word as in the index, for SQLite sees it in no parameters; and the company so that no index of its
# reservations is walked through for it.
_OPEN = (
    "SELECT uuid FROM reservations_reservation"
    " WHERE company_id + 0 = %s AND caller_number = %s AND status IN ('reserved', 'confirmed')"
)


@dataclass(frozen=True, slots=True)
class DuplicateStatus:
    """When the caller last converted on a campaign, and until when another conversion there is a repeat."""

    campaign: Campaign
    converted_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class KnownTag:
    """A tag, who wrote it and where it stands: `rows` it came from are the first of "wait", "live", "held" or "call"."""

    name: str
    value: str
    publisher: Any
    where: str
    at: datetime
    until: datetime | None = None
    call: Call | None = None
    reservation: Reservation | None = None


@dataclass(frozen=True, slots=True)
class CallerProfile:
    """Money in the company's currency. `last_ping` is the log row of the newest ping that buyers were looked for by."""

    place: dict[str, str]
    first_seen: datetime | None
    last_seen: datetime | None
    pings: int
    calls: int
    connected: int
    conversions: int
    paid: Decimal
    earned: Decimal
    live_calls: list[Call]
    held: list[Reservation]
    tags: list[KnownTag]
    repeats: list[DuplicateStatus]
    last_ping: int | None


def caller_profile(caller: CallerHistory, *, now: datetime) -> CallerProfile:
    told = caller.requests().aggregate(
        pings=Count("pk", filter=Q(type__in=PINGS, method="POST")), first=Min("at"), last=Max("at")
    )
    called = caller.calls().aggregate(
        calls=Count("pk"),
        connected=Count("connected_at"),
        conversions=Count("converted_at"),
        paid=Sum("payout"),
        earned=Sum("revenue"),
        first=Min("started_at"),
        last=Max("started_at"),
    )
    seen = [at for each in (told, called) for at in (each["first"], each["last"]) if at]
    live, held = _live_calls(caller), _held(caller, now)
    return CallerProfile(
        place=phone.place(caller.number),
        first_seen=min(seen, default=None),
        last_seen=max(seen, default=None),
        pings=told["pings"],
        calls=called["calls"],
        connected=called["connected"],
        conversions=called["conversions"],
        paid=called["paid"] or Decimal(0),
        earned=called["earned"] or Decimal(0),
        live_calls=live,
        held=held,
        tags=_tags(caller, live, held, now),
        repeats=_repeats(caller),
        last_ping=caller.requests()
        .exclude(trace=None)
        .order_by("-pk")
        .values_list("pk", flat=True)
        .first(),
    )


def _live_calls(caller: CallerHistory) -> list[Call]:
    live = caller.calls().filter(ended_at=None).select_related("campaign", "buyer")
    return list(live.order_by("-started_at")[:_MOST_LIVE])


def _held(caller: CallerHistory, now: datetime) -> list[Reservation]:
    """The reservations that live."""
    open_rows = RawSQL(_OPEN, [caller.company.pk, caller.number])  # noqa: S611 - a text of this file, and parameters
    rows = Reservation.objects.filter(pk__in=open_rows, expires_at__gt=now)
    return list(rows.select_related("campaign", "buyer", "publisher")[:_MOST_LIVE])


# --- tags -------------------------------------------------------------------------------------------------
def _tags(
    caller: CallerHistory, live: list[Call], held: list[Reservation], now: datetime
) -> list[KnownTag]:
    """What would be known of the caller's next call or is of this one; of each name what was written last."""
    known: dict[str, KnownTag] = {}
    for one in sorted(_written(caller, live, held, now), key=lambda one: one.at):
        known[one.name] = one
    return sorted(known.values(), key=lambda one: one.name.casefold())[:_MOST_TAGS]


def _written(
    caller: CallerHistory, live: list[Call], held: list[Reservation], now: datetime
) -> Iterator[KnownTag]:
    waiting = StoredTag.objects.filter(
        company=caller.company, caller_number=caller.number, expires_at__gt=now
    )
    for row in waiting.select_related("publisher")[:_MOST_TAGS]:
        yield KnownTag(
            row.name, row.value, row.publisher, "wait", row.written_at, until=row.expires_at
        )
    for reservation in held:
        for name, value in reservation.tags.items():
            at = reservation.created_at
            yield KnownTag(
                name,
                value,
                reservation.publisher,
                "held",
                at,
                until=reservation.expires_at,
                reservation=reservation,
            )
    newest = live[0] if live else caller.calls().order_by("-started_at").first()
    yield from _on_call(newest) if newest else ()


def _on_call(call: Call) -> Iterator[KnownTag]:
    where = "live" if call.is_live else "call"
    for model in (CallTag, LateTag):
        for row in (
            model.objects.filter(call=call).select_related("publisher").order_by("pk")[:_MOST_TAGS]
        ):
            yield KnownTag(row.name, row.value, row.publisher, where, row.written_at, call=call)


# --- conversions ------------------------------------------------------------------------------------------
def _repeats(caller: CallerHistory) -> list[DuplicateStatus]:
    """For each campaign that the caller has converted on, until when that counts."""
    campaigns = {row.pk: row for row in Campaign.objects.filter(company=caller.company)}
    rows = ConvertedCaller.objects.filter(
        campaign__in=campaigns, caller_number=caller.number, paid=True
    )
    last = rows.values_list("campaign_id").annotate(at=Max("converted_at")).order_by("-at")
    return [
        DuplicateStatus(campaigns[row], at, at + timedelta(seconds=campaigns[row].dedupe_seconds))
        for row, at in last
    ]
